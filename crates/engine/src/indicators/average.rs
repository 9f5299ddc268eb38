//! Moving averages.

use super::registry::{Indicator, Input, Param, Source};
use super::runs::one;

/// Simple moving average: the mean of the last `period` rows.
///
/// The window's sum is carried from row to row (newest added, then oldest
/// taken away), which is what decides its last bits.
pub fn sma(values: &[f64], period: usize) -> Vec<f64> {
    one([values], |[x], out| {
        if x.len() < period {
            return;
        }
        let mut sum: f64 = 0.0;
        for value in &x[..period - 1] {
            sum += value;
        }
        for row in period - 1..x.len() {
            sum += x[row];
            out[row] = sum / period as f64;
            sum -= x[row + 1 - period];
        }
    })
}

/// Exponential moving average with weight 2 / (`period` + 1) for the newest
/// row, begun with the simple average of the first `period` rows.
pub fn ema(values: &[f64], period: usize) -> Vec<f64> {
    one([values], |[x], out| {
        smooth(x, period, 2.0 / (period as f64 + 1.0), out);
    })
}

/// Exponential smoothing begun with a mean: `y += weight * (x - y)`.
fn smooth(x: &[f64], period: usize, weight: f64, out: &mut [f64]) {
    if x.len() < period {
        return;
    }
    let mut sum = 0.0;
    for value in &x[..period] {
        sum += value;
    }
    let mut average = sum / period as f64;
    out[period - 1] = average;
    for row in period..x.len() {
        average += (x[row] - average) * weight;
        out[row] = average;
    }
}

pub(super) const INDICATORS: &[Indicator] = &[
    Indicator {
        name: "sma",
        summary: "Simple moving average",
        inputs: &[Input::Series("close")],
        params: &[Param::period("period", 30, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| p[0] as usize - 1,
        compute: |x, p| vec![sma(x[0], p[0] as usize)],
        formula: "sum of the last `period` values / `period`; the sum is carried from row to row",
        source: Source::exact("TA-Lib `SMA`"),
    },
    Indicator {
        name: "ema",
        summary: "Exponential moving average",
        inputs: &[Input::Series("close")],
        params: &[Param::period("period", 30, 1)],
        outputs: &["value"],
        recursive: true,
        warmup: |p| p[0] as usize - 1,
        compute: |x, p| vec![ema(x[0], p[0] as usize)],
        formula: "y += 2 / (`period` + 1) · (x − y), begun with the simple average of the first `period` values",
        source: Source::exact("TA-Lib `EMA`"),
    },
];
