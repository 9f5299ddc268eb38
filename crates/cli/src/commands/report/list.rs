//! `fondaco report list`.

use fondaco_app::recommendations::{RecommendationPage, RecommendationQuery};
use fondaco_domain::Symbol;
use jiff::civil::Date;

use crate::commands::recommendation::Listing;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco report list --ticker AAPL")]
pub(crate) struct Args {
    /// Of this instrument.
    #[arg(long, value_name = "TICKER")]
    ticker: Option<Symbol>,
    /// Of this day.
    #[arg(long, value_name = "DATE")]
    date: Option<Date>,
    /// How many at most.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,
    /// How many to leave out at the beginning.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    offset: usize,
    #[command(flatten)]
    store: StoreArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    // Whatever was decided can be told.
    let page: RecommendationPage = client.recommendations().list(&RecommendationQuery {
        date: args.date,
        ticker: args.ticker.clone(),
        offset: args.offset,
        limit: Some(args.limit),
    })?;
    let none = "no reports: make one with `fondaco analyze TICKER --date DATE`\n";
    Ok(context.output.print(&Listing::of("reports", page, none))?)
}
