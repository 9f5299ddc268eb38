//! What kind of market it was on a candle, by what was known then.

use std::ops::Range;

use fondaco_domain::Bars;
use serde::Serialize;

/// Candles over which a trend is measured.
const TREND: usize = 60;
/// Candles over which a volatility is measured.
const CALM: usize = 20;
/// Candles that a measure is held against: three years of trading days.
const WINDOW: usize = 750;
/// Fewer than this many say nothing about what is usual.
const LEAST: usize = 60;

/// Trend and volatility, each beside what it was on the candles before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Regime {
    /// Change of the close over 60 candles.
    pub trend: Tercile,
    /// Mean change of the close from candle to candle over 20 candles,
    /// whichever way.
    pub volatility: Tercile,
}

/// Third of what was usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tercile {
    /// The lowest.
    Low,
    /// The middle one.
    Middle,
    /// The highest.
    High,
}

/// Measures on every candle; none where too few came before.
#[derive(Debug)]
pub(super) struct Regimes {
    trend: Vec<Option<f64>>,
    volatility: Vec<Option<f64>>,
}

impl Regimes {
    pub(super) fn of(bars: &Bars) -> Self {
        let close = bars.close();
        // Ratios in place of logarithms, whose last bits differ between
        // machines: only their order counts.
        let trend = |row: usize| Some(close[row] / close[row.checked_sub(TREND)?]);
        let moved = |row: usize| {
            let ratio = close[row] / close[row - 1];
            ratio.max(1.0 / ratio) - 1.0
        };
        let volatility = |row: usize| {
            let first = row.checked_sub(CALM)? + 1;
            let sum: f64 = (first..=row).map(moved).sum();
            Some(sum / CALM as f64)
        };
        Self {
            trend: (0..close.len()).map(trend).collect(),
            volatility: (0..close.len()).map(volatility).collect(),
        }
    }

    /// The regime of a candle; none where too little came before it.
    pub(super) fn at(&self, row: usize) -> Option<Regime> {
        let rows = (row + 1).saturating_sub(WINDOW)..row + 1;
        Some(Regime {
            trend: tercile(&self.trend, rows.clone())?,
            volatility: tercile(&self.volatility, rows)?,
        })
    }
}

/// In which third of some rows the last of them is; equals count half.
fn tercile(measures: &[Option<f64>], rows: Range<usize>) -> Option<Tercile> {
    let known: Vec<f64> = measures.get(rows)?.iter().copied().flatten().collect();
    let last = *known.last().filter(|_| known.len() >= LEAST)?;
    let below = known.iter().filter(|it| **it < last).count();
    let equal = known.iter().filter(|it| **it == last).count();
    let rank = 3 * (2 * below + equal);
    let all = 2 * known.len();
    Some(if rank < all {
        Tercile::Low
    } else if rank > 2 * all {
        Tercile::High
    } else {
        Tercile::Middle
    })
}

impl Regime {
    /// In words: `rising, calm`.
    pub(super) fn words(self) -> String {
        let trend = match self.trend {
            Tercile::Low => "falling",
            Tercile::Middle => "sideways",
            Tercile::High => "rising",
        };
        let volatility = match self.volatility {
            Tercile::Low => "calm",
            Tercile::Middle => "ordinary",
            Tercile::High => "restless",
        };
        format!("{trend} and {volatility}")
    }
}
