//! `fondaco watchlist remove`.

use super::{Changed, WatchedShown};
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco watchlist remove AAPL")]
pub(crate) struct Args {
    /// The instrument.
    #[arg(value_name = "TICKER")]
    ticker: String,
    #[command(flatten)]
    store: StoreArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let watched = client.portfolio().unwatch(&args.ticker)?;
    Ok(context.output.print(&Changed {
        watched: WatchedShown::of(watched),
        done: "is watched no more",
    })?)
}
