//! `fondaco watchlist add`.

use super::{Changed, WatchedShown};
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};

/// Which, and what people call it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco watchlist add AAPL --name Apple")]
pub(crate) struct Args {
    /// The instrument.
    #[arg(value_name = "TICKER")]
    ticker: String,
    /// What people call it [default: the ticker].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let watched = client
        .portfolio()
        .watch(&args.ticker, args.name.as_deref())?;
    Ok(context.output.print(&Changed {
        watched: WatchedShown::of(watched),
        done: "is watched",
    })?)
}
