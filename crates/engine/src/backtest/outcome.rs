//! The trades of a run in the words of the domain.

use fondaco_domain::Symbol;
use fondaco_domain::trade::{Equity, Lock, Order, Trade};

use super::decimal::round_decimals;
use super::order::OrderTag;
use super::pair::Pair;
use super::position::Position;
use super::realistic::Charges;
use super::settings::Settings;
use super::simulate::{Close, Done};

/// Result of a backtest. Money is in the stake currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Closed trades in order of closing.
    pub trades: Vec<Trade>,
    /// Trades whose forced exit at the end did not fill, marked at the open
    /// of their last candle; not part of `final_balance` in spot.
    pub left_open: Vec<Trade>,
    /// Entry signals that found no free slot.
    pub rejected_entries: u64,
    /// Entry orders withdrawn after the time-out.
    pub withdrawn_entries: u64,
    /// Exit orders withdrawn after the time-out.
    pub withdrawn_exits: u64,
    /// Locks of the protections, oldest first.
    pub locks: Vec<Lock>,
    /// Money at the start.
    pub starting_balance: f64,
    /// Money at the end, without the stakes of spot trades left open.
    pub final_balance: f64,
    /// What only the realistic profile knows.
    pub realism: Option<Realism>,
}

/// The account of the realistic profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Realism {
    /// The account at the close of every candle of any pair: cash, margins and
    /// unrealised gains.
    pub equity: Equity,
    /// What was paid and received beside gains.
    pub charges: Charges,
}

impl Outcome {
    pub(super) fn new(
        done: Done,
        pairs: &[Pair<'_>],
        names: &[&Symbol],
        settings: &Settings,
    ) -> Self {
        let closed = |close: Close| {
            let Close { position, at, rate } = close;
            trade(position, pairs, names, settings, Some((at, rate)))
        };
        let open = |position| trade(position, pairs, names, settings, None);
        Self {
            trades: done.closed.into_iter().map(closed).collect(),
            left_open: done.left_open.into_iter().map(open).collect(),
            rejected_entries: done.rejected_entries,
            withdrawn_entries: done.withdrawn_entries,
            withdrawn_exits: done.withdrawn_exits,
            locks: done.locks,
            starting_balance: settings.starting_balance,
            final_balance: done.final_balance,
            realism: None,
        }
    }
}

fn trade(
    position: Position,
    pairs: &[Pair<'_>],
    names: &[&Symbol],
    settings: &Settings,
    close: Option<(fondaco_domain::UnixMillis, f64)>,
) -> Trade {
    let pair = &pairs[position.pair];
    let text = |tag| pair.signals.tags.text(tag).map(str::to_owned);
    let last = pair.bars.bar(pair.bars.len() - 1);
    let (close_time, close_rate) = close.unwrap_or((last.time, last.open));
    let orders = position
        .fills
        .iter()
        .map(|fill| Order {
            time: fill.time,
            is_entry: fill.is_entry,
            price: fill.price,
            amount: fill.amount,
            tag: match &fill.tag {
                OrderTag::Entry(tag) => text(*tag).unwrap_or_default(),
                OrderTag::Named(tag) => tag.clone(),
                OrderTag::Exit(reason) => reason.to_string(),
            },
        })
        .collect();
    Trade {
        pair: names[position.pair].clone(),
        side: position.side,
        open_time: position.opened,
        close_time,
        open_rate: position.open_rate,
        close_rate,
        amount: round_decimals(position.amount, 8),
        stake_amount: round_decimals(position.stake, 8),
        max_stake_amount: round_decimals(position.max_stake, 8),
        profit_abs: position.realised.profit,
        profit_ratio: position.realised.ratio,
        fee_open: settings.fee,
        fee_close: settings.fee,
        enter_tag: text(position.tag),
        initial_stop_loss: position.stop.initial,
        stop_loss: position.stop.price,
        stop_loss_ratio: position.stop.ratio,
        min_rate: position.lowest,
        max_rate: position.highest,
        leverage: position.terms.leverage,
        funding_fees: position.funding,
        is_open: close.is_none(),
        exit_reason: position.exit_reason,
        orders,
    }
}
