//! `fondaco position add`.

use fondaco_app::portfolio::NewPosition;
use jiff::civil::Date;
use serde::Serialize;

use super::PositionShown;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// What is held, and what it cost.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fondaco position add AAPL --shares 12 --cost 180.50 --bought 2024-11-05"
)]
pub(crate) struct Args {
    /// The instrument.
    #[arg(value_name = "TICKER")]
    ticker: String,
    /// Units held, above 0.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    shares: f64,
    /// Price paid for a unit, from 0 on.
    #[arg(long, value_name = "PRICE", allow_negative_numbers = true)]
    cost: f64,
    /// The day it was bought.
    #[arg(long, value_name = "DATE")]
    bought: Option<Date>,
    /// For people.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    notes: String,
    /// The account it is noted under [default: `default`].
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Added {
    #[serde(flatten)]
    position: PositionShown,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let added = client.portfolio().add_position(NewPosition {
        ticker: args.ticker.clone(),
        shares: args.shares,
        cost_price: args.cost,
        purchase_date: args.bought,
        notes: args.notes.clone(),
        account: args.account.clone(),
    })?;
    Ok(context.output.print(&Added {
        position: PositionShown::of(added),
    })?)
}

impl View for Added {
    fn text(&self, style: Style) -> String {
        let position = &self.position;
        format!(
            "{} {}\n",
            style.bold(&position.position_id),
            position.line()
        )
    }
}
