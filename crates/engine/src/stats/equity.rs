//! The value of an account at every candle, from its trades.

use std::collections::HashMap;

use fondaco_domain::strategy::Side;
use fondaco_domain::trade::{Equity, Trade};
use fondaco_domain::{Bars, ErrorKind, Hint, Symbol, UnixMillis};
use thiserror::Error;

use super::grid::{PairBars, grid};

/// Trades that cannot be marked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MarkError {
    /// A trade on a pair without candles.
    #[error("{pair}: a trade opened at {at} has no candles to be valued at")]
    NoCandles {
        /// The pair.
        pair: Symbol,
        /// First fill of the trade.
        at: UnixMillis,
    },
    /// A trade outside the candles of its pair.
    #[error("{pair}: a trade opened at {at}, before the first candle of the pair")]
    BeforeCandles {
        /// The pair.
        pair: Symbol,
        /// First fill of the trade.
        at: UnixMillis,
    },
    /// A trade without orders.
    #[error("{pair}: the trade opened at {at} lists no order")]
    NoOrders {
        /// The pair.
        pair: Symbol,
        /// First fill of the trade.
        at: UnixMillis,
    },
}

impl Hint for MarkError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoCandles { .. } | Self::BeforeCandles { .. } => {
                Some("pass the candles the backtest ran on".to_owned())
            }
            Self::NoOrders { .. } => None,
        }
    }
}

/// The account at the close of every candle of any pair.
///
/// A mark carries the open time of its candle, as candles do. Its value is
/// the starting money, plus the profit of every trade whose last fill lies in
/// or before the candle, plus for every open position what its orders cost
/// and brought so far (fees included), its amount at the candle's close (the
/// last close where the pair has no candle) and its funding, which is spread
/// evenly over the time it was open. Fees of the exit to come are not taken
/// off. `invested` is the margin of the open positions with their unrealised
/// gain: for an unleveraged long its amount at the close; never below zero.
///
/// Costs one step for each stamp and for each candle a position is held.
pub fn mark_equity(
    pairs: &[PairBars<'_>],
    trades: &[Trade],
    starting_balance: f64,
) -> Result<Equity, MarkError> {
    let time = grid(pairs);
    let pairs = by_name(pairs);
    // Realised profit enters at its stamp and stays; open positions are added
    // to each stamp they are held at.
    let mut realised = vec![0.0; time.len()];
    let mut open = vec![0.0; time.len()];
    let mut invested = vec![0.0; time.len()];
    for trade in trades {
        let mut position = Position::of(&pairs, trade)?;
        let from = stamp_of(&time, trade.open_time);
        let until = if trade.is_open {
            time.len()
        } else {
            let close = stamp_of(&time, trade.close_time);
            realised[close] += trade.profit_abs;
            close
        };
        for stamp in from..until {
            let next = time.get(stamp + 1).copied();
            let (gain, margin) = position.at(time[stamp], next);
            open[stamp] += gain;
            invested[stamp] += margin;
        }
    }
    let mut balance = starting_balance;
    let value = realised.iter().zip(&open).map(|(profit, gain)| {
        balance += profit;
        balance + gain
    });
    Ok(Equity {
        value: value.collect(),
        time: time.into_owned(),
        invested,
    })
}

/// The gain of the positions still open at the last close of their pair, with
/// the fees they paid so far.
pub fn open_value(pairs: &[PairBars<'_>], trades: &[Trade]) -> Result<f64, MarkError> {
    let last = pairs
        .iter()
        .filter_map(|pair| pair.bars.time().last())
        .max();
    let pairs = by_name(pairs);
    let mut sum = 0.0;
    for trade in trades.iter().filter(|trade| trade.is_open) {
        let mut position = Position::of(&pairs, trade)?;
        if let Some(&last) = last {
            sum += position.at(last, None).0;
        }
    }
    Ok(sum)
}

fn by_name<'a>(pairs: &[PairBars<'a>]) -> HashMap<&'a Symbol, &'a Bars> {
    pairs.iter().map(|pair| (pair.pair, pair.bars)).collect()
}

/// The last stamp not after the instant.
fn stamp_of(time: &[UnixMillis], at: UnixMillis) -> usize {
    time.partition_point(|&stamp| stamp <= at).saturating_sub(1)
}

/// A trade being walked forward in time.
struct Position<'a> {
    trade: &'a Trade,
    bars: &'a Bars,
    next_order: usize,
    row: usize,
    /// What orders brought minus what they cost, fees included.
    cash: f64,
    /// Amount held, positive for either side.
    amount: f64,
    /// What the amount held was entered at.
    cost: f64,
}

impl<'a> Position<'a> {
    fn of(pairs: &HashMap<&Symbol, &'a Bars>, trade: &'a Trade) -> Result<Self, MarkError> {
        let at = trade.open_time;
        let pair = || trade.pair.clone();
        if trade.orders.is_empty() {
            return Err(MarkError::NoOrders { pair: pair(), at });
        }
        let bars = pairs
            .get(&trade.pair)
            .filter(|bars| !bars.is_empty())
            .ok_or_else(|| MarkError::NoCandles { pair: pair(), at })?;
        let row = stamp_of(bars.time(), at);
        if bars.time()[row] > at {
            return Err(MarkError::BeforeCandles { pair: pair(), at });
        }
        Ok(Self {
            trade,
            bars,
            next_order: 0,
            row,
            cash: 0.0,
            amount: 0.0,
            cost: 0.0,
        })
    }

    /// Gain so far and margin with unrealised gain, at the close of the candle
    /// with a stamp; `next` is the stamp after it.
    fn at(&mut self, stamp: UnixMillis, next: Option<UnixMillis>) -> (f64, f64) {
        self.fill_orders_before(next);
        let time = self.bars.time();
        while time.get(self.row + 1).is_some_and(|&time| time <= stamp) {
            self.row += 1;
        }
        let close = self.bars.close()[self.row];
        let worth = self.amount * close;
        let (gain, unrealised) = match self.trade.side {
            Side::Long => (self.cash + worth, worth - self.cost),
            Side::Short => (self.cash - worth, self.cost - worth),
        };
        let margin = self.cost / self.trade.leverage + unrealised;
        (gain + self.funding(stamp), margin.max(0.0))
    }

    fn fill_orders_before(&mut self, next: Option<UnixMillis>) {
        let due = |at: UnixMillis| next.is_none_or(|next| at < next);
        while let Some(order) = self.trade.orders.get(self.next_order) {
            if !due(order.time) {
                break;
            }
            self.next_order += 1;
            let worth = order.amount * order.price;
            let is_buy = order.is_entry == (self.trade.side == Side::Long);
            let fee = worth
                * if order.is_entry {
                    self.trade.fee_open
                } else {
                    self.trade.fee_close
                };
            self.cash += if is_buy { -worth } else { worth } - fee;
            if order.is_entry {
                self.amount += order.amount;
                self.cost += worth;
            } else {
                let left = (self.amount - order.amount).max(0.0);
                self.cost *= if self.amount > 0.0 {
                    left / self.amount
                } else {
                    0.0
                };
                self.amount = left;
            }
        }
    }

    fn funding(&self, stamp: UnixMillis) -> f64 {
        let trade = self.trade;
        if trade.funding_fees == 0.0 {
            return 0.0;
        }
        let held = (trade.close_time.0 - trade.open_time.0).max(1) as f64;
        let passed = (stamp.0 - trade.open_time.0) as f64 / held;
        trade.funding_fees * passed.clamp(0.0, 1.0)
    }
}
