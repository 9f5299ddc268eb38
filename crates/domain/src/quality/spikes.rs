//! Prices that leave their neighbours.

use super::{Collector, Finding, Issue};
use crate::bars::Columns;

/// A spike is a close whose log return to the close before and from it to the
/// close after both exceed this many robust standard deviations, point in
/// opposite directions, and cancel to a quarter or less of the smaller one.
/// So is a high or low further than twice as much beyond the candle's open
/// and close. A robust standard deviation is 1.4826 times the median absolute
/// log return of the series (returns of zero left out), and at least a
/// thousandth.
pub const SPIKE_SIGMAS: f64 = 10.0;

/// A step is a close that is more than this many times the close before, or
/// less than its inverse, and no spike.
pub const STEP_RATIO: f64 = 1.5;

pub(super) fn findings(rows: &Columns) -> Vec<Finding> {
    let mut spike = Collector::new(Issue::Spike);
    let mut step = Collector::new(Issue::Step);
    let order = ordered_sound_rows(rows);
    let returns: Vec<f64> = order
        .windows(2)
        .map(|pair| (rows.close[pair[1]] / rows.close[pair[0]]).ln())
        .collect();
    let limit = SPIKE_SIGMAS * sigma(&returns);
    let mut returning = false;
    for (i, &row) in order.iter().enumerate() {
        let to = i.checked_sub(1).map_or(0.0, |before| returns[before]);
        let from = returns.get(i).copied().unwrap_or(0.0);
        let close = rows.close[row];
        if is_spike(to, from, limit) {
            spike.add(row, rows.time[row], || {
                let before = rows.close[order[i - 1]];
                format!("close {close} after {before}, then back")
            });
            returning = true;
            continue;
        }
        if let Some(shows) = wick(rows, row, 2.0 * limit) {
            spike.add(row, rows.time[row], || shows);
        }
        if to.abs() > STEP_RATIO.ln() && !returning {
            step.add(row, rows.time[row], || {
                format!("close {close} after {}", rows.close[order[i - 1]])
            });
        }
        returning = false;
    }
    [spike, step]
        .into_iter()
        .filter_map(Collector::finding)
        .collect()
}

/// Rows with prices above zero, oldest first.
fn ordered_sound_rows(rows: &Columns) -> Vec<usize> {
    let sound = |row: &usize| {
        [
            rows.open[*row],
            rows.high[*row],
            rows.low[*row],
            rows.close[*row],
        ]
        .iter()
        .all(|price| price.is_finite() && *price > 0.0)
    };
    let mut order: Vec<usize> = (0..rows.time.len()).filter(sound).collect();
    order.sort_by_key(|&row| rows.time[row]);
    order
}

fn is_spike(to: f64, from: f64, limit: f64) -> bool {
    let smaller = to.abs().min(from.abs());
    smaller > limit && to * from < 0.0 && (to + from).abs() <= smaller / 4.0
}

fn wick(rows: &Columns, row: usize, limit: f64) -> Option<String> {
    let (open, high, low, close) = (
        rows.open[row],
        rows.high[row],
        rows.low[row],
        rows.close[row],
    );
    if (high / open.max(close)).ln() > limit {
        Some(format!("high {high} over open {open} and close {close}"))
    } else if (open.min(close) / low).ln() > limit {
        Some(format!("low {low} under open {open} and close {close}"))
    } else {
        None
    }
}

fn sigma(returns: &[f64]) -> f64 {
    const TO_SIGMA: f64 = 1.4826;
    const LEAST: f64 = 0.001;
    let mut sizes: Vec<f64> = returns
        .iter()
        .map(|it| it.abs())
        .filter(|it| *it > 0.0)
        .collect();
    if sizes.is_empty() {
        return LEAST;
    }
    let middle = sizes.len() / 2;
    let (_, median, _) = sizes.select_nth_unstable_by(middle, f64::total_cmp);
    (TO_SIGMA * *median).max(LEAST)
}
