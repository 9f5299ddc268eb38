//! `fondaco backtest list`.

use fondaco_contract::v1alpha1::BacktestListing;
use serde::Serialize;

use super::format::{percent, ratio, share, stamp};
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Which results.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco backtest list --strategy sma-cross")]
pub(crate) struct Args {
    /// Only those of a strategy.
    #[arg(long, short, value_name = "NAME")]
    strategy: Option<String>,
    /// At most so many, the newest.
    #[arg(long, short = 'n', default_value_t = 50)]
    limit: usize,
}

#[derive(Debug, Serialize)]
struct Listed {
    backtests: Vec<BacktestListing>,
    /// What all of them are of, where that was asked for and there are others.
    #[serde(skip)]
    of: Option<String>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let mut backtests = super::results(context).list()?;
    let of = args.strategy.clone().filter(|_| !backtests.is_empty());
    if let Some(strategy) = &args.strategy {
        backtests.retain(|listing| listing.strategy == *strategy);
    }
    backtests.truncate(args.limit);
    context.output.print(&Listed { backtests, of })?;
    Ok(())
}

impl View for Listed {
    fn text(&self, style: Style) -> String {
        match &self.of {
            _ if !self.backtests.is_empty() => {}
            Some(strategy) => return format!("no result of the strategy `{strategy}`\n"),
            None => return "no results: run `fondaco backtest run`\n".to_owned(),
        }
        let mut table = Table::new([
            ("Id", Align::Left),
            ("Kept", Align::Left),
            ("Length", Align::Left),
            ("From", Align::Left),
            ("To", Align::Left),
            ("Pairs", Align::Right),
            ("Trades", Align::Right),
            ("Return", Align::Right),
            ("Drawdown", Align::Right),
            ("Sharpe", Align::Right),
        ]);
        for listing in &self.backtests {
            table.row([
                listing.id.clone().into(),
                Cell::dim(stamp(listing.created_at_ms / 1000 * 1000)),
                listing.timeframe.clone().into(),
                stamp(listing.start_ms).into(),
                stamp(listing.end_ms).into(),
                listing.pairs.to_string().into(),
                listing.trades.to_string().into(),
                Cell::signed(percent(listing.total_return), listing.total_return),
                share(listing.max_drawdown).into(),
                ratio(listing.sharpe).into(),
            ]);
        }
        table.render(style)
    }
}
