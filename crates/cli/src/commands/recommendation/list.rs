//! `fondaco recommendation list`.

use fondaco_app::recommendations::{ALARM, Distribution, RecommendationQuery};
use fondaco_domain::Symbol;
use jiff::civil::Date;
use serde::Serialize;

use super::Listing;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Which.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco recommendation list --date 2025-03-04\n  fondaco recommendation list --distribution --last 200"
)]
pub(crate) struct Args {
    /// Of this day.
    #[arg(long, value_name = "DATE")]
    date: Option<Date>,
    /// Of this instrument.
    #[arg(long, value_name = "TICKER")]
    ticker: Option<Symbol>,
    /// How many at most.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,
    /// How many to leave out at the beginning.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    offset: usize,
    /// How the ratings of the last analyses are spread, by model.
    #[arg(long, conflicts_with_all = ["date", "ticker", "limit", "offset"])]
    distribution: bool,
    /// Of how many analyses.
    #[arg(
        long,
        value_name = "COUNT",
        default_value_t = 100,
        requires = "distribution"
    )]
    last: usize,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Spread {
    distribution: Vec<Distribution>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let recommendations = client.recommendations();
    if args.distribution {
        let distribution = recommendations.distribution(args.last)?;
        return Ok(context.output.print(&Spread { distribution })?);
    }
    let page = recommendations.list(&RecommendationQuery {
        date: args.date,
        ticker: args.ticker.clone(),
        offset: args.offset,
        limit: Some(args.limit),
    })?;
    let none = "nothing was decided: ask with `fondaco analyze TICKER --date DATE`\n";
    Ok(context
        .output
        .print(&Listing::of("recommendations", page, none))?)
}

impl View for Spread {
    fn text(&self, style: Style) -> String {
        if self.distribution.is_empty() {
            return "nothing was decided yet\n".to_owned();
        }
        let mut table = Table::new([
            ("Ratings of", Align::Left),
            ("Analyses", Align::Right),
            ("SELL", Align::Right),
            ("UNDERWEIGHT", Align::Right),
            ("HOLD", Align::Right),
            ("OVERWEIGHT", Align::Right),
            ("BUY", Align::Right),
        ]);
        let mut warnings = String::new();
        for one in &self.distribution {
            let of = one.model.clone().unwrap_or_else(|| "both lanes".to_owned());
            let mut cells: Vec<Cell> = vec![of.clone().into(), one.analyses.to_string().into()];
            for share in &one.shares {
                let text = format!("{:.0} %", share.share * 100.0);
                let is_warned = one.warning == Some(share.rating);
                cells.push(if is_warned {
                    Cell::bad(text)
                } else {
                    text.into()
                });
            }
            table.row(cells);
            if let Some(rating) = one.warning {
                warnings += &style.bad(&format!(
                    "warning: {of} says {} in more than {:.0} % of its analyses\n",
                    rating.as_str(),
                    ALARM * 100.0
                ));
            }
        }
        table.render(style) + &warnings
    }
}
