//! Extremes and sums of a moving window.

use super::registry::{Indicator, Input, Param, Source, rows};
use super::runs::one;

/// Highest of the last `period` rows.
pub fn highest(values: &[f64], period: usize) -> Vec<f64> {
    one([values], |[x], out| {
        highest_row(x, period, |row, at| out[row] = x[at]);
    })
}

/// Lowest of the last `period` rows.
pub fn lowest(values: &[f64], period: usize) -> Vec<f64> {
    one([values], |[x], out| {
        lowest_row(x, period, |row, at| out[row] = x[at]);
    })
}

/// Sum of the last `period` rows, carried from row to row.
pub fn sum(values: &[f64], period: usize) -> Vec<f64> {
    one([values], |[x], out| {
        carried_sum(x, period, |row, sum| out[row] = sum);
    })
}

/// Middle between the highest and the lowest of the last `period` rows.
pub fn midpoint(values: &[f64], period: usize) -> Vec<f64> {
    midprice(values, values, period)
}

/// Middle between the highest high and the lowest low of the last `period`
/// rows.
pub fn midprice(high: &[f64], low: &[f64], period: usize) -> Vec<f64> {
    one([high, low], |[high, low], out| {
        highest_row(high, period, |row, at| out[row] = high[at]);
        lowest_row(low, period, |row, at| {
            out[row] = f64::midpoint(out[row], low[at]);
        });
    })
}

/// Calls `emit(row, where the highest is)` for every full window; of equals,
/// the latest.
pub(super) fn highest_row(x: &[f64], period: usize, emit: impl FnMut(usize, usize)) {
    extreme_row(x, period, |new, old| new >= old, emit);
}

/// Calls `emit(row, where the lowest is)` for every full window; of equals,
/// the latest.
pub(super) fn lowest_row(x: &[f64], period: usize, emit: impl FnMut(usize, usize)) {
    extreme_row(x, period, |new, old| new <= old, emit);
}

/// A queue of candidates in order of rows, each beating all that follow it:
/// the front is the window's extreme, and every row enters and leaves once.
fn extreme_row(
    x: &[f64],
    period: usize,
    beats: impl Fn(f64, f64) -> bool,
    mut emit: impl FnMut(usize, usize),
) {
    let mut queue: Vec<usize> = Vec::with_capacity(x.len());
    let mut front = 0;
    for (row, &value) in x.iter().enumerate() {
        if queue.len() > front && queue[front] + period <= row {
            front += 1;
        }
        while queue.len() > front && beats(value, x[queue[queue.len() - 1]]) {
            queue.pop();
        }
        queue.push(row);
        if row + 1 >= period {
            emit(row, queue[front]);
        }
    }
}

/// Calls `emit(row, sum of the window)` for every full window. Newest added,
/// then oldest taken away, which decides the last bits.
pub(super) fn carried_sum(x: &[f64], period: usize, mut emit: impl FnMut(usize, f64)) {
    if x.len() < period {
        return;
    }
    let mut sum = 0.0;
    for value in &x[..period - 1] {
        sum += value;
    }
    for row in period - 1..x.len() {
        sum += x[row];
        emit(row, sum);
        sum -= x[row + 1 - period];
    }
}

const WINDOW: &[Param] = &[Param::period("period", 14, 1)];

pub(super) const INDICATORS: &[Indicator] = &[
    Indicator {
        name: "highest",
        summary: "Highest value of a window",
        inputs: &[Input::Series("high")],
        params: WINDOW,
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![highest(x[0], rows(p[0]))],
        formula: "maximum of the last `period` values, this row included",
        source: Source::exact("TA-Lib `MAX`"),
    },
    Indicator {
        name: "lowest",
        summary: "Lowest value of a window",
        inputs: &[Input::Series("low")],
        params: WINDOW,
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![lowest(x[0], rows(p[0]))],
        formula: "minimum of the last `period` values, this row included",
        source: Source::exact("TA-Lib `MIN`"),
    },
    Indicator {
        name: "sum",
        summary: "Sum of a window",
        inputs: &[Input::Series("volume")],
        params: WINDOW,
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![sum(x[0], rows(p[0]))],
        formula: "sum of the last `period` values, carried from row to row",
        source: Source::exact("TA-Lib `SUM`"),
    },
    Indicator {
        name: "midpoint",
        summary: "Middle of a window's range",
        inputs: &[Input::Series("close")],
        params: WINDOW,
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![midpoint(x[0], rows(p[0]))],
        formula: "(highest + lowest value of the last `period`) / 2",
        source: Source::exact("TA-Lib `MIDPOINT`"),
    },
    Indicator {
        name: "midprice",
        summary: "Middle of a window's price range",
        inputs: &[Input::High, Input::Low],
        params: WINDOW,
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![midprice(x[0], x[1], rows(p[0]))],
        formula: "(highest high + lowest low of the last `period`) / 2",
        source: Source::exact("TA-Lib `MIDPRICE`"),
    },
];
