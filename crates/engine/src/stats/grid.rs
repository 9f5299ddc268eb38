//! The stamps at which an account is marked.

use std::borrow::Cow;

use fondaco_domain::trade::Equity;
use fondaco_domain::{Bars, Symbol, UnixMillis};

const DAY: i64 = 86_400_000;

/// The candles of a pair.
#[derive(Debug, Clone, Copy)]
pub struct PairBars<'a> {
    /// The instrument.
    pub pair: &'a Symbol,
    /// Its candles inside the range of the run.
    pub bars: &'a Bars,
}

/// Every stamp of any pair, once, oldest first.
pub(super) fn grid<'a>(pairs: &[PairBars<'a>]) -> Cow<'a, [UnixMillis]> {
    let Some(longest) = pairs.iter().max_by_key(|pair| pair.bars.len()) else {
        return Cow::Borrowed(&[]);
    };
    let longest = longest.bars.time();
    if pairs.iter().all(|pair| pair.bars.time() == longest) {
        return Cow::Borrowed(longest);
    }
    // A stable sort merges the sorted runs it is given.
    let mut stamps: Vec<UnixMillis> = pairs
        .iter()
        .flat_map(|pair| pair.bars.time().iter().copied())
        .collect();
    stamps.sort();
    stamps.dedup();
    Cow::Owned(stamps)
}

/// The last mark of each UTC day, under its own stamp.
pub fn daily(equity: &Equity) -> Equity {
    let rows = last_of_each_day(&equity.time);
    Equity {
        time: rows.iter().map(|&row| equity.time[row]).collect(),
        value: rows.iter().map(|&row| equity.value[row]).collect(),
        invested: rows.iter().map(|&row| equity.invested[row]).collect(),
    }
}

/// Rows that are the last of their UTC day.
pub(super) fn last_of_each_day(time: &[UnixMillis]) -> Vec<usize> {
    let day = |row: usize| time[row].0.div_euclid(DAY);
    (0..time.len())
        .filter(|&row| row + 1 == time.len() || day(row) != day(row + 1))
        .collect()
}
