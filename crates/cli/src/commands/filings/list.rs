//! `fondaco filings list`.

use std::collections::BTreeMap;

use fondaco_app::ports::research::{ResearchIndex as _, Shelf};
use serde::Serialize;

use crate::commands::data::options::grouped;
use crate::commands::news::{HorizonArgs, open};
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::table::{Align, Table};

/// Options of `fondaco filings list`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco filings list\n  fondaco filings list --at 2025-03-05 --output json"
)]
pub(crate) struct Args {
    #[command(flatten)]
    horizon: HorizonArgs,
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (store, horizon) = (open(context)?, args.horizon.horizon()?);
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for held in store.held(Shelf::Filings, horizon)? {
        let Some(symbol) = held.symbol else { continue };
        let line = lines.entry(symbol.to_string()).or_default();
        line.filings = held.count;
        line.first = Some(held.first.timestamp().to_string());
        line.last = Some(held.last.timestamp().to_string());
    }
    for held in store.held(Shelf::Actions, horizon)? {
        let Some(symbol) = held.symbol else { continue };
        lines.entry(symbol.to_string()).or_default().actions = held.count;
    }
    let named = |(symbol, line)| Line { symbol, ..line };
    let companies = lines.into_iter().map(named).collect();
    Ok(context.output.print(&Listed { companies })?)
}

#[derive(Debug, Serialize)]
struct Listed {
    companies: Vec<Line>,
}

#[derive(Debug, Default, Serialize)]
struct Line {
    symbol: String,
    filings: u64,
    /// When the first filing became known.
    first: Option<String>,
    /// When the last one did.
    last: Option<String>,
    /// Dividends and splits.
    actions: u64,
}

impl View for Listed {
    fn text(&self, style: Style) -> String {
        if self.companies.is_empty() {
            return "no filings: import some with `fondaco filings import`\n".to_owned();
        }
        let mut table = Table::new([
            ("Symbol", Align::Left),
            ("Filings", Align::Right),
            ("First", Align::Left),
            ("Last", Align::Left),
            ("Dividends, splits", Align::Right),
        ]);
        for line in &self.companies {
            table.row([
                line.symbol.as_str().into(),
                grouped(line.filings).into(),
                line.first.as_deref().unwrap_or_default().into(),
                line.last.as_deref().unwrap_or_default().into(),
                grouped(line.actions).into(),
            ]);
        }
        table.render(style)
    }
}
