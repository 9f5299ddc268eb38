//! `fondaco position list`.

use fondaco_app::portfolio::{Totals, Valued, totals};
use serde::Serialize;

use super::PositionShown;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco position list --account default")]
pub(crate) struct Args {
    /// Of this account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Listing {
    positions: Vec<Shown>,
    totals: Totals,
}

#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    position: PositionShown,
    current_price: Option<f64>,
    price_at: Option<String>,
    value: Option<f64>,
    pnl: Option<f64>,
    pnl_pct: Option<f64>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let valued = super::valued(&client, args.account.as_deref(), context)?;
    Ok(context.output.print(&Listing {
        totals: totals(&valued),
        positions: valued.into_iter().map(shown).collect(),
    })?)
}

fn shown(one: Valued) -> Shown {
    Shown {
        position: PositionShown::of(one.position),
        current_price: one.current_price,
        price_at: one.price_at.map(|at| at.timestamp().to_string()),
        value: one.value,
        pnl: one.pnl,
        pnl_pct: one.pnl_pct,
    }
}

impl View for Listing {
    fn text(&self, style: Style) -> String {
        if self.positions.is_empty() {
            return "no positions: note one with `fondaco position add TICKER`\n".to_owned();
        }
        let mut table = Table::new([
            ("Position", Align::Left),
            ("Account", Align::Left),
            ("Ticker", Align::Left),
            ("Shares", Align::Right),
            ("Cost", Align::Right),
            ("Price", Align::Right),
            ("As of", Align::Left),
            ("P&L", Align::Right),
            ("%", Align::Right),
        ]);
        let signed = |value: Option<f64>| match value {
            Some(value) => Cell::signed(format!("{value:+.2}"), value),
            None => Cell::dim("-"),
        };
        for one in &self.positions {
            let position = &one.position;
            let day = one
                .price_at
                .as_ref()
                .map(|at| at.chars().take(10).collect());
            table.row([
                position.position_id.clone().into(),
                position.account.clone().into(),
                position.ticker.clone().into(),
                position.shares.to_string().into(),
                position.cost_price.to_string().into(),
                one.current_price
                    .map_or_else(|| Cell::dim("-"), |price| price.to_string().into()),
                Cell::dim(day.unwrap_or_else(|| "no price".to_owned())),
                signed(one.pnl),
                signed(one.pnl_pct),
            ]);
        }
        let sum = &self.totals;
        let priced = if sum.priced == 0 {
            "no candles tell what they are worth: `fondaco data import` reads some\n".to_owned()
        } else {
            format!(
                "with a price {} of {}: worth {:.2}, {:+.2} on {:.2}\n",
                sum.priced, sum.positions, sum.value, sum.pnl, sum.cost
            )
        };
        table.render(style) + &style.dim(&priced)
    }
}
