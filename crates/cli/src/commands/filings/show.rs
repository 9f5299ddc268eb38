//! `fondaco filings show`.

use fondaco_app::ports::research::{ActionKind, CompanyAction, Figure, Filing, ResearchStore as _};
use fondaco_domain::{ErrorKind, Hint, Symbol};
use serde::Serialize;
use std::collections::BTreeMap;
use thiserror::Error;

use crate::commands::data::options::grouped;
use crate::commands::news::{HorizonArgs, open};
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::table::{Align, Table};

/// Options of `fondaco filings show`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The newest known first; of several for one period the newest is what counts. All figures are in the \
                  JSON document.\n\nExamples:\n  \
                  fondaco filings show AAPL\n  \
                  fondaco filings show AAPL --at 2025-03-05 --limit 4 --output json"
)]
pub(crate) struct Args {
    /// The company, by its instrument.
    symbol: Symbol,
    /// How many filings at most, and how many dividends and splits.
    #[arg(long, default_value_t = 8, value_name = "NUMBER")]
    limit: usize,
    #[command(flatten)]
    horizon: HorizonArgs,
}

/// Nothing is known of it.
#[derive(Debug, Error)]
#[error("there are no filings, dividends or splits of {0}")]
struct Nothing(Symbol);

impl Hint for Nothing {
    fn kind(&self) -> ErrorKind {
        ErrorKind::NotFound
    }

    fn hint(&self) -> Option<String> {
        Some("see what there is with `fondaco filings list`".to_owned())
    }
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (store, horizon) = (open(context)?, args.horizon.horizon()?);
    let filings = store.filings(&args.symbol, horizon, args.limit)?;
    let mut actions = store.actions(&args.symbol, horizon)?;
    actions.truncate(args.limit);
    if filings.is_empty() && actions.is_empty() {
        return Err(Nothing(args.symbol.clone()).into());
    }
    Ok(context.output.print(&Company {
        symbol: args.symbol.to_string(),
        filings: filings.into_iter().map(Filed::from).collect(),
        actions: actions.into_iter().map(Acted::from).collect(),
    })?)
}

#[derive(Debug, Serialize)]
struct Company {
    symbol: String,
    filings: Vec<Filed>,
    actions: Vec<Acted>,
}

#[derive(Debug, Serialize)]
struct Filed {
    known_at: String,
    fiscal_year: String,
    fiscal_period: String,
    period_start: Option<String>,
    period_end: String,
    figures: BTreeMap<String, Figure>,
}

impl From<Filing> for Filed {
    fn from(filing: Filing) -> Self {
        Self {
            known_at: filing.known_at.timestamp().to_string(),
            fiscal_year: filing.fiscal_year,
            fiscal_period: filing.fiscal_period,
            period_start: filing.period_start.map(|day| day.to_string()),
            period_end: filing.period_end.to_string(),
            figures: filing.figures,
        }
    }
}

impl Filed {
    fn figure(&self, name: &str) -> Option<f64> {
        let name = format!("income_statement.{name}");
        self.figures.get(&name).map(|figure| figure.value)
    }
}

#[derive(Debug, Serialize)]
struct Acted {
    known_at: String,
    effective: String,
    #[serde(flatten)]
    what: ActionKind,
}

impl From<CompanyAction> for Acted {
    fn from(action: CompanyAction) -> Self {
        Self {
            known_at: action.known_at.timestamp().to_string(),
            effective: action.effective.to_string(),
            what: action.what,
        }
    }
}

impl View for Company {
    fn text(&self, style: Style) -> String {
        let mut text = String::new();
        if !self.filings.is_empty() {
            text.push_str(&self.filed(style));
        }
        if !self.actions.is_empty() {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&self.acted(style));
        }
        text
    }
}

impl Company {
    fn filed(&self, style: Style) -> String {
        let mut table = Table::new([
            ("Known", Align::Left),
            ("Period", Align::Left),
            ("Ended", Align::Left),
            ("Revenues, m", Align::Right),
            ("Net income, m", Align::Right),
            ("Per share", Align::Right),
        ]);
        let millions = |value: Option<f64>| value.map_or(String::new(), in_millions);
        for filing in &self.filings {
            let per_share = filing
                .figure("diluted_earnings_per_share")
                .or_else(|| filing.figure("basic_earnings_per_share"));
            let period = format!("{} {}", filing.fiscal_year, filing.fiscal_period);
            table.row([
                filing.known_at.as_str().into(),
                period.trim().into(),
                filing.period_end.as_str().into(),
                millions(filing.figure("revenues")).into(),
                millions(filing.figure("net_income_loss")).into(),
                per_share
                    .map_or(String::new(), |value| format!("{value:.2}"))
                    .into(),
            ]);
        }
        table.render(style)
    }

    fn acted(&self, style: Style) -> String {
        let mut table = Table::new([
            ("Takes effect", Align::Left),
            ("Known", Align::Left),
            ("What", Align::Left),
        ]);
        for action in &self.actions {
            let what = match action.what {
                ActionKind::Dividend { amount } => format!("dividend of {amount}"),
                ActionKind::Split { from, to } => format!("{to} shares for {from}"),
            };
            table.row([
                action.effective.as_str().into(),
                action.known_at.as_str().into(),
                what.into(),
            ]);
        }
        table.render(style)
    }
}

/// `-12,345`, of millions.
fn in_millions(value: f64) -> String {
    let whole = (value.abs() / 1e6).round();
    let sign = if value < 0.0 && whole > 0.0 { "-" } else { "" };
    format!("{sign}{}", grouped(whole as u64))
}
