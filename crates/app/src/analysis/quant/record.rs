//! What a strategy's signals came to on an instrument, as far as that was
//! known before a day.
//!
//! A *case* of a direction is a time the strategy was in that direction and
//! has left it before the day: a closed long or short trade, or the time
//! between two trades. It was *right* where the trade gained after fees;
//! having no position was right where no side the strategy may take would have
//! gained after fees in that time.
//!
//! Of the newest [`MOST`] cases, those whose signal fell into the regime of
//! the day count fully. The others say what to expect of a regime without
//! cases, no louder than [`OTHERS`] cases. With no case at all the probability
//! is one half, and every probability is drawn towards it as if [`EVEN`]
//! earlier cases had come out right and as many wrong: the mean of a Beta
//! posterior, for the others with the prior Beta(2, 2), for the regime with
//! the others' mean as its prior (A. Gelman et al., *Bayesian Data Analysis*,
//! 3rd edition, 2013, sections 2.4 and 5.1):
//!
//! ```text
//! elsewhere = (right elsewhere + 2) / (cases elsewhere + 4)
//! p         = (right here + 4 · elsewhere) / (cases here + 4)
//! ```
//!
//! The record is out of the strategy's sample only as far as its rules and
//! parameters were not chosen on the same candles, which nobody can see from
//! here.

use fondaco_domain::UnixMillis;
use fondaco_domain::signal::Direction;
use fondaco_domain::strategy::Side;
use fondaco_domain::trade::Trade;
use jiff::civil::Date;
use serde::Serialize;

use super::regime::{Regime, Regimes};
use super::replay::{Walk, points};

/// Cases that are looked at: the newest.
pub(super) const MOST: usize = 500;
/// Cases right, and as many wrong, that a record begins with.
pub(super) const EVEN: f64 = 2.0;
/// Cases that those of other regimes count as, together.
pub(super) const OTHERS: f64 = 4.0;

/// A record of one direction.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// The regime of the last candle; none where too few candles came before.
    pub regime: Option<Regime>,
    /// Cases whose signal fell into that regime.
    pub here: Cases,
    /// All others.
    pub elsewhere: Cases,
}

/// Times in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Cases {
    /// Those that were right.
    pub right: u32,
    /// All of them.
    pub all: u32,
}

/// A direction that was taken and left.
#[derive(Debug, Clone, Copy)]
struct Case {
    /// The candle whose signal it was.
    row: usize,
    right: bool,
}

impl Record {
    /// Whether there is no case at all.
    pub fn is_empty(&self) -> bool {
        self.here.all + self.elsewhere.all == 0
    }

    /// How likely a signal of this direction is right, from 0 to 1: the mean of
    /// a Beta posterior (Gelman et al., *Bayesian Data Analysis*, 3rd edition,
    /// 2013, sections 2.4 and 5.1), `(right here + 4 m) / (here + 4)` with
    /// `m = (right elsewhere + 2) / (elsewhere + 4)`.
    pub fn probability(&self) -> f64 {
        let elsewhere = self.elsewhere.drawn_to(0.5, 2.0 * EVEN);
        self.here.drawn_to(elsewhere, OTHERS)
    }
}

impl Cases {
    fn of(cases: &[&Case]) -> Self {
        Self {
            right: cases.iter().filter(|case| case.right).count() as u32,
            all: cases.len() as u32,
        }
    }

    /// The share of right ones, as if further cases had come out at a mean.
    fn drawn_to(self, mean: f64, further: f64) -> f64 {
        (f64::from(self.right) + further * mean) / (f64::from(self.all) + further)
    }
}

/// The record of a direction before a day.
pub(super) fn of(walk: &Walk, direction: Direction, date: Date) -> Record {
    let before = UnixMillis::midnight(date);
    let mut cases = match direction {
        Direction::Flat => flat(walk, before),
        side => trades(walk, side, before),
    };
    let skipped = cases.len().saturating_sub(MOST);
    cases.drain(..skipped);
    let regimes = Regimes::of(&walk.bars);
    let regime = regimes.at(walk.bars.len() - 1);
    let (here, elsewhere): (Vec<&Case>, Vec<&Case>) = cases
        .iter()
        .partition(|case| regime.is_some() && regimes.at(case.row) == regime);
    Record {
        regime,
        here: Cases::of(&here),
        elsewhere: Cases::of(&elsewhere),
    }
}

fn trades(walk: &Walk, direction: Direction, before: UnixMillis) -> Vec<Case> {
    let closed = walk.trades.iter().filter(|it| it.close_time < before);
    closed
        .filter(|trade| points(trade.side) == direction)
        .map(|trade| Case {
            row: signal_row(walk, trade.open_time),
            right: trade.profit_ratio > 0.0,
        })
        .collect()
}

/// Times between two trades, the second of which was entered before the day.
fn flat(walk: &Walk, before: UnixMillis) -> Vec<Case> {
    let ended =
        |pair: &&[Trade]| pair[1].open_time < before && pair[0].close_time < pair[1].open_time;
    walk.trades
        .windows(2)
        .filter(ended)
        .map(|pair| Case {
            row: signal_row(walk, pair[0].close_time),
            right: !walk.sides.iter().any(|side| {
                let (from, to) = (pair[0].close_rate, pair[1].open_rate);
                gains(*side, from, to, walk.fee)
            }),
        })
        .collect()
}

/// Whether a position between two prices would have gained after fees.
fn gains(side: Side, from: f64, to: f64, fee: f64) -> bool {
    match side {
        Side::Long => to * (1.0 - fee) > from * (1.0 + fee),
        Side::Short => from * (1.0 - fee) > to * (1.0 + fee),
    }
}

/// The candle before the one something happened on.
fn signal_row(walk: &Walk, at: UnixMillis) -> usize {
    walk.bars.row_at(at).saturating_sub(1)
}
