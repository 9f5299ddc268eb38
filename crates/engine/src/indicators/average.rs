//! Moving averages.

use super::registry::{Indicator, Input, Param, Source, rows};
use super::runs::one;
use super::window::carried_sum;

/// Simple moving average: the mean of the last `period` rows.
///
/// The window's sum is carried from row to row (newest added, then oldest
/// taken away), which is what decides its last bits.
pub fn sma(values: &[f64], period: usize) -> Vec<f64> {
    one([values], |[x], out| {
        carried_sum(x, period, |row, sum| out[row] = sum / period as f64);
    })
}

/// Exponential moving average with weight 2 / (`period` + 1) for the newest
/// row, begun with the simple average of the first `period` rows.
pub fn ema(values: &[f64], period: usize) -> Vec<f64> {
    one([values], |[x], out| smooth(x, period, out))
}

/// Wilder's average, also SMMA: weight 1 / `period` for the newest row, begun
/// with the simple average of the first `period` rows.
pub fn rma(values: &[f64], period: usize) -> Vec<f64> {
    one([values], |[x], out| {
        let Some(mut average) = mean_of_first(x, period) else {
            return;
        };
        // The weights as shares of one, which are not always the doubles
        // nearest to the fractions.
        let past = (period - 1) as f64 / period as f64;
        let weight = 1.0 - past;
        out[period - 1] = average;
        for row in period..x.len() {
            average = past.mul_add(average, weight * x[row]);
            out[row] = average;
        }
    })
}

/// Linearly weighted moving average: weights `period` for the newest row down
/// to 1 for the oldest.
///
/// Carried from row to row, and summed afresh every 8 × `period` rows, which
/// keeps the rounding of one stretch out of the next.
pub fn wma(values: &[f64], period: usize) -> Vec<f64> {
    one([values], |[x], out| {
        if x.len() < period {
            return;
        }
        let weights = (period * (period + 1) / 2) as f64;
        let (mut weighted, mut plain) = weighted_and_plain(&x[..period]);
        out[period - 1] = weighted / weights;
        for row in period..x.len() {
            let first = row + 1 - period;
            if period == 1 || (first + 1).is_multiple_of(8 * period) {
                (weighted, plain) = weighted_and_plain(&x[first..=row]);
            } else {
                weighted = weighted - plain + x[row] * period as f64;
                plain = plain + x[row] - x[first - 1];
            }
            out[row] = weighted / weights;
        }
    })
}

fn weighted_and_plain(window: &[f64]) -> (f64, f64) {
    let (mut weighted, mut plain) = (0.0, 0.0);
    for (row, value) in window.iter().enumerate() {
        weighted += value * (row + 1) as f64;
        plain += value;
    }
    (weighted, plain)
}

/// Double exponential moving average.
pub fn dema(values: &[f64], period: usize) -> Vec<f64> {
    let mut first = ema(values, period);
    let second = ema(&first, period);
    for (first, second) in first.iter_mut().zip(&second) {
        *first = 2.0 * *first - second;
    }
    first
}

/// Triple exponential moving average.
pub fn tema(values: &[f64], period: usize) -> Vec<f64> {
    let mut first = ema(values, period);
    let second = ema(&first, period);
    let third = ema(&second, period);
    for ((first, second), third) in first.iter_mut().zip(&second).zip(&third) {
        *first = third + (3.0 * *first - 3.0 * second);
    }
    first
}

/// Triangular moving average: weights rise to the middle of the window and
/// fall again.
pub fn trima(values: &[f64], period: usize) -> Vec<f64> {
    one([values], |[x], out| {
        if x.len() < period {
            return;
        }
        let half = period / 2;
        let even = period.is_multiple_of(2);
        let older = if even { half } else { half + 1 };
        let scale = 1.0 / (older * (half + 1)) as f64;
        // Sums over the older and the newer part of the window; moving on
        // takes one weight from every older row and gives one to every newer.
        let (mut total, mut rising, mut falling) = (0.0, 0.0, 0.0);
        for row in (0..older).rev() {
            rising += x[row];
            total += rising;
        }
        for value in &x[older..period] {
            falling += value;
            total += falling;
        }
        out[period - 1] = total * scale;
        for row in period..x.len() {
            let oldest = row - period;
            total -= rising;
            rising -= x[oldest];
            let middle = x[oldest + older];
            rising += middle;
            if even {
                falling -= middle;
                total += falling;
            } else {
                total += falling;
                falling -= middle;
            }
            total += x[row];
            falling += x[row];
            out[row] = total * scale;
        }
    })
}

/// Tillson's T3: six exponential averages in a row, combined by a volume
/// factor from 0 (a plain triple average) to 1 (a triple `dema`).
pub fn t3(values: &[f64], period: usize, factor: f64) -> Vec<f64> {
    let weight = 2.0 / (period as f64 + 1.0);
    let mut stage = values.to_vec();
    let mut stages = Vec::with_capacity(6);
    for _ in 0..6 {
        stage = one([&stage], |[x], out| blend(x, period, weight, out));
        stages.push(stage.clone());
    }
    let square = factor * factor;
    let c1 = -(square * factor);
    let c2 = 3.0 * (square - c1);
    let c3 = -6.0 * square - 3.0 * (factor - c1);
    let c4 = 1.0 + 3.0 * factor - c1 + 3.0 * square;
    (0..values.len())
        .map(|row| {
            let sum = c1.mul_add(stages[5][row], c2 * stages[4][row]);
            let sum = c3.mul_add(stages[3][row], sum);
            c4.mul_add(stages[2][row], sum)
        })
        .collect()
}

/// Hull moving average.
pub fn hma(values: &[f64], period: usize) -> Vec<f64> {
    let whole = wma(values, period);
    let mut half = wma(values, (period / 2).max(1));
    for (half, whole) in half.iter_mut().zip(&whole) {
        *half = 2.0 * *half - whole;
    }
    wma(&half, hull_root(period))
}

fn hull_root(period: usize) -> usize {
    (period as f64).sqrt() as usize
}

/// Zero-lag exponential moving average: [`ema`] of the value moved on by its
/// change over half the window.
pub fn zlema(values: &[f64], period: usize) -> Vec<f64> {
    let lag = (period - 1) / 2;
    let ahead = one([values], |[x], out| {
        for row in lag..x.len() {
            out[row] = 2.0 * x[row] - x[row - lag];
        }
    });
    ema(&ahead, period)
}

/// Volume-weighted moving average.
pub fn vwma(values: &[f64], volume: &[f64], period: usize) -> Vec<f64> {
    one([values, volume], |[x, volume], out| {
        let traded: Vec<f64> = x.iter().zip(volume).map(|(x, v)| x * v).collect();
        let rows = period as f64;
        carried_sum(&traded, period, |row, sum| out[row] = sum / rows);
        carried_sum(volume, period, |row, sum| {
            out[row] = if sum == 0.0 {
                0.0
            } else {
                out[row] / (sum / rows)
            };
        });
    })
}

/// Exponential smoothing of one run, begun with a mean.
pub(super) fn smooth(x: &[f64], period: usize, out: &mut [f64]) {
    let Some(mut average) = mean_of_first(x, period) else {
        return;
    };
    let weight = 2.0 / (period as f64 + 1.0);
    out[period - 1] = average;
    for row in period..x.len() {
        average = (x[row] - average).mul_add(weight, average);
        out[row] = average;
    }
}

/// The same smoothing written as a blend; it differs in the last bits.
fn blend(x: &[f64], period: usize, weight: f64, out: &mut [f64]) {
    let Some(mut average) = mean_of_first(x, period) else {
        return;
    };
    out[period - 1] = average;
    for row in period..x.len() {
        average = (1.0 - weight).mul_add(average, weight * x[row]);
        out[row] = average;
    }
}

/// The mean of the first `period` rows of a run; none when it is shorter.
pub(super) fn mean_of_first(x: &[f64], period: usize) -> Option<f64> {
    let mut sum = 0.0;
    for value in x.get(..period)? {
        sum += value;
    }
    Some(sum / period as f64)
}

const CLOSE: &[Input] = &[Input::Series("close")];

pub(super) const INDICATORS: &[Indicator] = &[
    Indicator {
        name: "sma",
        summary: "Simple moving average",
        inputs: CLOSE,
        params: &[Param::period("period", 30, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![sma(x[0], rows(p[0]))],
        formula: "sum of the last `period` values / `period`; the sum is carried from row to row",
        source: Source::exact("TA-Lib `SMA`"),
    },
    Indicator {
        name: "ema",
        summary: "Exponential moving average",
        inputs: CLOSE,
        params: &[Param::period("period", 30, 1)],
        outputs: &["value"],
        recursive: true,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![ema(x[0], rows(p[0]))],
        formula: "y += 2 / (`period` + 1) · (x − y), begun with the simple average of the first `period` values",
        source: Source::exact("TA-Lib `EMA`"),
    },
    Indicator {
        name: "wma",
        summary: "Linearly weighted moving average",
        inputs: CLOSE,
        params: &[Param::period("period", 30, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![wma(x[0], rows(p[0]))],
        formula: "weights `period` (newest) to 1 (oldest), divided by their sum",
        source: Source::exact("TA-Lib `WMA`"),
    },
    Indicator {
        name: "dema",
        summary: "Double exponential moving average",
        inputs: CLOSE,
        params: &[Param::period("period", 30, 1)],
        outputs: &["value"],
        recursive: true,
        warmup: |p| 2 * (rows(p[0]) - 1),
        compute: |x, p| vec![dema(x[0], rows(p[0]))],
        formula: "2·e₁ − e₂, where e₁ = ema(x), e₂ = ema(e₁)",
        source: Source::exact("TA-Lib `DEMA`"),
    },
    Indicator {
        name: "tema",
        summary: "Triple exponential moving average",
        inputs: CLOSE,
        params: &[Param::period("period", 30, 1)],
        outputs: &["value"],
        recursive: true,
        warmup: |p| 3 * (rows(p[0]) - 1),
        compute: |x, p| vec![tema(x[0], rows(p[0]))],
        formula: "3·e₁ − 3·e₂ + e₃, where e₁ = ema(x), e₂ = ema(e₁), e₃ = ema(e₂)",
        source: Source::exact("TA-Lib `TEMA`"),
    },
    Indicator {
        name: "trima",
        summary: "Triangular moving average",
        inputs: CLOSE,
        params: &[Param::period("period", 30, 2)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![trima(x[0], rows(p[0]))],
        formula: "weights 1, 2, … up to the middle of the last `period` values and down again, divided by their sum",
        source: Source::exact("TA-Lib `TRIMA`"),
    },
    Indicator {
        name: "t3",
        summary: "Tillson's T3 moving average",
        inputs: CLOSE,
        params: &[
            Param::period("period", 5, 2),
            Param::real("factor", 0.7, 0.0, 1.0),
        ],
        outputs: &["value"],
        recursive: true,
        warmup: |p| 6 * (rows(p[0]) - 1),
        compute: |x, p| vec![t3(x[0], rows(p[0]), p[1])],
        formula: "c₁·e₆ + c₂·e₅ + c₃·e₄ + c₄·e₃ of six ema in a row; with v = `factor`: c₁ = −v³, c₂ = 3v² + 3v³, c₃ = −6v² − 3v − 3v³, c₄ = 1 + 3v + 3v² + v³",
        source: Source::exact("TA-Lib `T3`"),
    },
    Indicator {
        name: "rma",
        summary: "Wilder's moving average (SMMA)",
        inputs: CLOSE,
        params: &[Param::period("period", 14, 1)],
        outputs: &["value"],
        recursive: true,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![rma(x[0], rows(p[0]))],
        formula: "y = ((`period` − 1)·y + x) / `period`, begun with the simple average of the first `period` values",
        source: Source::exact("TA-Lib `RMA`"),
    },
    Indicator {
        name: "hma",
        summary: "Hull moving average",
        inputs: CLOSE,
        params: &[Param::period("period", 20, 2)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1 + hull_root(rows(p[0])) - 1,
        compute: |x, p| vec![hma(x[0], rows(p[0]))],
        formula: "wma(2·wma(x, ⌊`period` / 2⌋) − wma(x, `period`), ⌊√`period`⌋)",
        source: Source::within("TA-Lib `HMA`", 1e-12),
    },
    Indicator {
        name: "zlema",
        summary: "Zero-lag exponential moving average",
        inputs: CLOSE,
        params: &[Param::period("period", 30, 2)],
        outputs: &["value"],
        recursive: true,
        warmup: |p| rows(p[0]) - 1 + (rows(p[0]) - 1) / 2,
        compute: |x, p| vec![zlema(x[0], rows(p[0]))],
        formula: "ema(2·x − x[lag rows before], `period`), lag = ⌊(`period` − 1) / 2⌋",
        source: Source::exact("TA-Lib `ZLEMA`"),
    },
    Indicator {
        name: "vwma",
        summary: "Volume-weighted moving average",
        inputs: &[Input::Series("close"), Input::Volume],
        params: &[Param::period("period", 30, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![vwma(x[0], x[1], rows(p[0]))],
        formula: "sum of x · volume / sum of volume over the last `period` rows",
        source: Source::exact("TA-Lib `VWMA`"),
    },
];
