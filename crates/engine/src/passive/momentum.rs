//! The strongest names, chosen anew every month.

use fondaco_domain::time::TimeRange;
use fondaco_domain::trade::Equity;
use fondaco_domain::{Symbol, UnixMillis};

use super::PassiveError;
use crate::stats::{PairBars, PortfolioError, PriceOf};

/// How names are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MomentumRules {
    /// Candles between the two closes whose ratio ranks a name.
    pub lookback: usize,
}

impl Default for MomentumRules {
    /// Twenty candles.
    fn default() -> Self {
        Self { lookback: 20 }
    }
}

/// A choice of names, at a stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebalance {
    /// When, at the open.
    pub at: UnixMillis,
    /// The names held from then on, strongest first.
    pub held: Vec<Symbol>,
}

/// Long the top half of the names by their return over the last closes, in
/// equal money, chosen at the open of the first stamp of every calendar month
/// (UTC), and at the first stamp of the range.
///
/// Only closes before the stamp rank a name, those before the range among
/// them, so the choice knows nothing of its day. A name with too few closes,
/// or without a candle at the stamp, is not ranked; half of an odd number is
/// rounded up; of equal returns the name earlier in the list is stronger. A
/// held name that has no candle at the stamp cannot be sold and is kept. While
/// no name can be ranked money stays cash, and every following stamp tries
/// again.
///
/// # Errors
///
/// There is no name, or none has a candle in the range.
pub fn momentum(
    names: &[PairBars<'_>],
    rules: MomentumRules,
    range: TimeRange,
    money: f64,
    mark_at: PriceOf,
) -> Result<(Equity, Vec<Rebalance>), PassiveError> {
    let first = names.first().ok_or(PortfolioError::NoNames)?;
    let stamps = stamps(names, range);
    if stamps.is_empty() {
        return Err(PortfolioError::NoCandles(first.pair.clone()).into());
    }
    let mut book = Book {
        names,
        cash: money,
        quantity: vec![0.0; names.len()],
        row: vec![0; names.len()],
    };
    let mut equity = Equity {
        time: stamps.clone(),
        value: Vec::with_capacity(stamps.len()),
        invested: Vec::with_capacity(stamps.len()),
    };
    let mut chosen = Vec::new();
    let mut month = None;
    for at in stamps {
        book.advance(at);
        if month != Some(at.year_month()) {
            let held = book.strongest(at, rules);
            if !held.is_empty() {
                book.spread(at, &held);
                month = Some(at.year_month());
                chosen.push(Rebalance {
                    at,
                    held: held.iter().map(|&name| names[name].pair.clone()).collect(),
                });
            }
        }
        let invested = book.invested(mark_at);
        equity.value.push(book.cash + invested);
        equity.invested.push(invested);
    }
    Ok((equity, chosen))
}

/// Every stamp of any name in the range, once, oldest first.
fn stamps(names: &[PairBars<'_>], range: TimeRange) -> Vec<UnixMillis> {
    let mut stamps: Vec<UnixMillis> = names
        .iter()
        .flat_map(|name| name.bars.time()[name.bars.rows_in(range)].iter().copied())
        .collect();
    stamps.sort();
    stamps.dedup();
    stamps
}

/// Money and holdings at a stamp.
struct Book<'a> {
    names: &'a [PairBars<'a>],
    cash: f64,
    quantity: Vec<f64>,
    /// Candles of each name not after the stamp.
    row: Vec<usize>,
}

impl Book<'_> {
    fn advance(&mut self, at: UnixMillis) {
        for (name, row) in self.names.iter().zip(&mut self.row) {
            let time = name.bars.time();
            while time.get(*row).is_some_and(|time| *time <= at) {
                *row += 1;
            }
        }
    }

    /// Whether a name has a candle at the stamp and an open above zero.
    fn trades(&self, name: usize, at: UnixMillis) -> bool {
        let bars = self.names[name].bars;
        self.row[name]
            .checked_sub(1)
            .is_some_and(|row| bars.time()[row] == at && bars.open()[row] > 0.0)
    }

    /// The top half of the names that can be ranked.
    fn strongest(&self, at: UnixMillis, rules: MomentumRules) -> Vec<usize> {
        let mut ranked: Vec<(usize, f64)> = (0..self.names.len())
            .filter(|&name| self.trades(name, at))
            .filter_map(|name| Some((name, self.strength(name, rules.lookback)?)))
            .collect();
        ranked.sort_by(|left, right| right.1.total_cmp(&left.1));
        ranked.truncate(ranked.len().div_ceil(2));
        ranked.into_iter().map(|(name, _)| name).collect()
    }

    /// Return over the last closes before the present candle.
    fn strength(&self, name: usize, lookback: usize) -> Option<f64> {
        let close = self.names[name].bars.close();
        let last = self.row[name].checked_sub(2)?;
        let before = close[last.checked_sub(lookback)?];
        (before > 0.0).then(|| close[last] / before - 1.0)
    }

    /// Sells what can be sold and spreads all money equally, at the open.
    fn spread(&mut self, at: UnixMillis, held: &[usize]) {
        for name in 0..self.names.len() {
            if self.trades(name, at) {
                self.cash += self.quantity[name] * self.price(name, PriceOf::Open);
                self.quantity[name] = 0.0;
            }
        }
        let share = self.cash / held.len() as f64;
        for &name in held {
            self.quantity[name] = share / self.price(name, PriceOf::Open);
        }
        self.cash = 0.0;
    }

    fn invested(&self, mark_at: PriceOf) -> f64 {
        (0..self.names.len())
            .filter(|&name| self.quantity[name] != 0.0)
            .map(|name| self.quantity[name] * self.price(name, mark_at))
            .sum()
    }

    fn price(&self, name: usize, price: PriceOf) -> f64 {
        self.row[name]
            .checked_sub(1)
            .map_or(0.0, |row| price.column(self.names[name].bars)[row])
    }
}
