//! `fondaco position remove`.

use fondaco_app::portfolio::Which;
use serde::Serialize;

use super::PositionShown;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// Which: of several that are meant none is removed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco position remove AAPL\n  fondaco position remove AAPL --account retirement\n  fondaco position remove --id vp4fd3ll66a23wua"
)]
pub(crate) struct Args {
    /// In this instrument.
    #[arg(value_name = "TICKER", required_unless_present = "id")]
    ticker: Option<String>,
    /// Of this name.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Of this account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Removed {
    removed: PositionShown,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let removed = client.portfolio().remove_position(&Which {
        ticker: args.ticker.clone(),
        position_id: args.id.clone(),
        account: args.account.clone(),
    })?;
    Ok(context.output.print(&Removed {
        removed: PositionShown::of(removed),
    })?)
}

impl View for Removed {
    fn text(&self, style: Style) -> String {
        format!("{} {}\n", style.dim("removed"), self.removed.line())
    }
}
