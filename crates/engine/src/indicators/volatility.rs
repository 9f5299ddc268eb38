//! True range, deviation, and the bands built on them.

use super::average::{ema, rma, sma};
use super::registry::{Indicator, Input, Param, Source, rows};
use super::runs::{by_run, one};
use super::window::{highest_row, lowest_row};

/// True range: the span of the row and the close before.
pub fn trange(high: &[f64], low: &[f64], close: &[f64]) -> Vec<f64> {
    one([high, low, close], |[high, low, close], out| {
        for row in 1..close.len() {
            out[row] = true_range(high[row], low[row], close[row - 1]);
        }
    })
}

/// Average true range: Wilder's average of [`trange`].
pub fn atr(high: &[f64], low: &[f64], close: &[f64], period: usize) -> Vec<f64> {
    rma(&trange(high, low, close), period)
}

/// [`atr`] in percent of the close.
pub fn natr(high: &[f64], low: &[f64], close: &[f64], period: usize) -> Vec<f64> {
    let mut average = atr(high, low, close, period);
    for (average, close) in average.iter_mut().zip(close) {
        *average = if *close == 0.0 {
            0.0
        } else {
            *average / close * 100.0
        };
    }
    average
}

/// Population variance of the last `period` rows.
///
/// Carried from row to row as sums of distances from an anchor, which is moved
/// to the window's mean every 32 × `period` rows, and wherever the variance is
/// so small beside the distances that their digits would cancel.
pub fn var(values: &[f64], period: usize) -> Vec<f64> {
    one([values], |[x], out| {
        if x.len() < period {
            return;
        }
        let mut distances = Distances::from(&x[..period], x[0]);
        let mut age = 0;
        for row in period - 1..x.len() {
            let window = &x[row + 1 - period..=row];
            age += 1;
            if row >= period {
                distances.slide(x[row - period], x[row]);
            }
            if age == 32 * period || distances.cancel() {
                distances = Distances::from(window, distances.mean_of(window));
                age = 0;
            }
            out[row] = distances.variance().max(0.0);
        }
    })
}

/// Sums of distances from an anchor, and of their squares.
struct Distances {
    anchor: f64,
    per_row: f64,
    sum: f64,
    squares: f64,
}

impl Distances {
    fn from(window: &[f64], anchor: f64) -> Self {
        let mut distances = Self {
            anchor,
            per_row: 1.0 / window.len() as f64,
            sum: 0.0,
            squares: 0.0,
        };
        for value in window {
            distances.sum += value - anchor;
            distances.squares += (value - anchor) * (value - anchor);
        }
        distances
    }

    fn slide(&mut self, oldest: f64, newest: f64) {
        let (left, came) = (oldest - self.anchor, newest - self.anchor);
        self.sum -= left;
        self.squares -= left * left;
        self.sum += came;
        self.squares += came * came;
    }

    fn variance(&self) -> f64 {
        let mean = self.sum * self.per_row;
        self.squares * self.per_row - mean * mean
    }

    fn cancel(&self) -> bool {
        self.variance() <= 1e-8 * (self.squares * self.per_row)
    }

    fn mean_of(&self, window: &[f64]) -> f64 {
        window.iter().fold(0.0, |sum, value| sum + value) * self.per_row
    }
}

/// Population standard deviation of the last `period` rows.
pub fn stddev(values: &[f64], period: usize) -> Vec<f64> {
    let mut variance = var(values, period);
    for value in &mut variance {
        *value = if *value > 0.0 || value.is_nan() {
            value.sqrt()
        } else {
            0.0
        };
    }
    variance
}

/// Mean absolute deviation of the last `period` rows.
pub fn avgdev(values: &[f64], period: usize) -> Vec<f64> {
    one([values], |[x], out| {
        for row in period - 1..x.len() {
            // Newest first: the order decides the last bits.
            let window = || x[row + 1 - period..=row].iter().rev();
            let mean = window().fold(0.0, |sum, value| sum + value) / period as f64;
            let apart = window().fold(0.0, |sum, value| sum + (value - mean).abs());
            out[row] = apart / period as f64;
        }
    })
}

/// A middle line and two lines around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Bands {
    /// The upper line.
    pub upper: Vec<f64>,
    /// The middle line.
    pub middle: Vec<f64>,
    /// The lower line.
    pub lower: Vec<f64>,
}

/// Bollinger bands as TA-Lib has them: population deviation.
pub fn bbands(values: &[f64], period: usize, deviations: f64) -> Bands {
    around(sma(values, period), &stddev(values, period), deviations)
}

/// Bollinger bands as pandas and freqtrade's `qtpylib` have them: sample
/// deviation (divided by `period` − 1).
pub fn bollinger(values: &[f64], period: usize, deviations: f64) -> Bands {
    let [mean, deviation] = mean_and_sample_deviation(values, period);
    around(mean, &deviation, deviations)
}

/// How many sample deviations a value is from its mean over `period` rows.
pub fn zscore(values: &[f64], period: usize) -> Vec<f64> {
    let [mut mean, deviation] = mean_and_sample_deviation(values, period);
    for ((mean, deviation), value) in mean.iter_mut().zip(&deviation).zip(values) {
        *mean = (value - *mean) / deviation;
    }
    mean
}

/// Keltner channels: an exponential average of the typical price and a
/// multiple of the average true range, which is begun so late that its first
/// row is the other's, where it can be.
pub fn keltner(
    high: &[f64],
    low: &[f64],
    close: &[f64],
    period: usize,
    range: usize,
    multiple: f64,
) -> Bands {
    let middle = ema(&super::price::typprice(high, low, close), period);
    let late = (period - 1).saturating_sub(range);
    let [width] = by_run([high, low, close], |[high, low, close], [out]| {
        let late = late.min(close.len());
        let range = atr(&high[late..], &low[late..], &close[late..], range);
        out[late..].copy_from_slice(&range);
    });
    around(middle, &width, multiple)
}

/// Donchian channels: highest high, lowest low and their middle, this row
/// included.
pub fn donchian(high: &[f64], low: &[f64], period: usize) -> Bands {
    let [upper, middle, lower] = by_run([high, low], |[high, low], [upper, middle, lower]| {
        highest_row(high, period, |row, at| upper[row] = high[at]);
        lowest_row(low, period, |row, at| {
            lower[row] = low[at];
            middle[row] = f64::midpoint(upper[row], low[at]);
        });
    });
    Bands {
        upper,
        middle,
        lower,
    }
}

/// The span of a row and the close before it.
pub(super) fn true_range(high: f64, low: f64, before: f64) -> f64 {
    (high - low)
        .max((before - high).abs())
        .max((before - low).abs())
}

fn around(mut middle: Vec<f64>, width: &[f64], multiple: f64) -> Bands {
    let mut upper = Vec::with_capacity(middle.len());
    let mut lower = Vec::with_capacity(middle.len());
    for (middle, width) in middle.iter_mut().zip(width) {
        upper.push(*middle + width * multiple);
        lower.push(*middle - width * multiple);
        if width.is_nan() {
            *middle = f64::NAN;
        }
    }
    Bands {
        upper,
        middle,
        lower,
    }
}

/// Carried from row to row with compensation for rounding, in the order in
/// which pandas does it: the oldest row leaves before the newest enters.
fn mean_and_sample_deviation(values: &[f64], period: usize) -> [Vec<f64>; 2] {
    by_run([values], |[x], [means, deviations]| {
        let mut sum = Compensated::default();
        let mut spread = Spread::default();
        for (row, &value) in x.iter().enumerate() {
            if row >= period {
                sum.subtract(x[row - period]);
                spread.remove(x[row - period]);
            }
            sum.add(value);
            if spread.squares < 0.0 {
                // Only rounding is left of it: no digit of that is right.
                spread = Spread::of(&x[row + 1 - period..=row]);
            } else {
                spread.add(value);
            }
            if row + 1 < period {
                continue;
            }
            means[row] = sum.total / period as f64;
            let variance = spread.squares / (period - 1) as f64;
            deviations[row] = variance.max(0.0).sqrt();
        }
    })
}

/// Kahan's sum, with one correction for what comes and one for what goes.
#[derive(Default)]
struct Compensated {
    total: f64,
    coming: f64,
    going: f64,
}

impl Compensated {
    fn add(&mut self, value: f64) {
        let corrected = value - self.coming;
        let total = self.total + corrected;
        self.coming = total - self.total - corrected;
        self.total = total;
    }

    fn subtract(&mut self, value: f64) {
        let corrected = -value - self.going;
        let total = self.total + corrected;
        self.going = total - self.total - corrected;
        self.total = total;
    }
}

/// Welford's mean and sum of squared distances, compensated likewise.
#[derive(Default)]
struct Spread {
    rows: f64,
    mean: f64,
    squares: f64,
    coming: f64,
    going: f64,
}

impl Spread {
    fn of(window: &[f64]) -> Self {
        let mut spread = Self::default();
        for value in window {
            spread.add(*value);
        }
        spread
    }

    fn add(&mut self, value: f64) {
        self.rows += 1.0;
        let before = self.mean - self.coming;
        let corrected = value - self.coming;
        let distance = corrected - self.mean;
        self.coming = distance + self.mean - corrected;
        self.mean += distance / self.rows;
        self.squares += (value - before) * (value - self.mean);
    }

    fn remove(&mut self, value: f64) {
        self.rows -= 1.0;
        if self.rows == 0.0 {
            *self = Self::default();
            return;
        }
        let before = self.mean - self.going;
        let corrected = value - self.going;
        let distance = corrected - self.mean;
        self.going = distance + self.mean - corrected;
        self.mean -= distance / self.rows;
        self.squares -= (value - before) * (value - self.mean);
    }
}

const HLC: &[Input] = &[Input::High, Input::Low, Input::Close];
const SERIES: &[Input] = &[Input::Series("close")];
const BANDS: &[&str] = &["upper", "middle", "lower"];

fn columns(bands: Bands) -> Vec<Vec<f64>> {
    vec![bands.upper, bands.middle, bands.lower]
}

pub(super) const INDICATORS: &[Indicator] = &[
    Indicator {
        name: "trange",
        summary: "True range",
        inputs: HLC,
        params: &[],
        outputs: &["value"],
        recursive: false,
        warmup: |_| 1,
        compute: |x, _| vec![trange(x[0], x[1], x[2])],
        formula: "largest of high − low, |high − close before| and |low − close before|",
        source: Source::exact("TA-Lib `TRANGE`"),
    },
    Indicator {
        name: "atr",
        summary: "Average true range",
        inputs: HLC,
        params: &[Param::period("period", 14, 1)],
        outputs: &["value"],
        recursive: true,
        warmup: |p| rows(p[0]),
        compute: |x, p| vec![atr(x[0], x[1], x[2], rows(p[0]))],
        formula: "Wilder's average of trange, begun with the mean of its first `period` values",
        source: Source::exact("TA-Lib `ATR`"),
    },
    Indicator {
        name: "natr",
        summary: "Average true range in percent of the close",
        inputs: HLC,
        params: &[Param::period("period", 14, 1)],
        outputs: &["value"],
        recursive: true,
        warmup: |p| rows(p[0]),
        compute: |x, p| vec![natr(x[0], x[1], x[2], rows(p[0]))],
        formula: "100 · atr / close; 0 where the close is 0",
        source: Source::exact("TA-Lib `NATR`"),
    },
    Indicator {
        name: "var",
        summary: "Population variance",
        inputs: SERIES,
        params: &[Param::period("period", 5, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![var(x[0], rows(p[0]))],
        formula: "mean of (x − a)² − (mean of x − a)² over the last `period`, for an anchor a near the values",
        source: Source::exact("TA-Lib `VAR`"),
    },
    Indicator {
        name: "stddev",
        summary: "Population standard deviation",
        inputs: SERIES,
        params: &[Param::period("period", 5, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![stddev(x[0], rows(p[0]))],
        formula: "√var; 0 where rounding makes that negative",
        source: Source::exact("TA-Lib `STDDEV`"),
    },
    Indicator {
        name: "avgdev",
        summary: "Mean absolute deviation",
        inputs: SERIES,
        params: &[Param::period("period", 14, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![avgdev(x[0], rows(p[0]))],
        formula: "mean of |x − mean of x| over the last `period`",
        source: Source::exact("TA-Lib `AVGDEV`"),
    },
    Indicator {
        name: "bbands",
        summary: "Bollinger bands with the population deviation",
        inputs: SERIES,
        params: &[
            Param::period("period", 20, 2),
            Param::real("deviations", 2.0, 0.0, 1000.0),
        ],
        outputs: BANDS,
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| columns(bbands(x[0], rows(p[0]), p[1])),
        formula: "sma(x, `period`) ± `deviations` · stddev(x, `period`)",
        source: Source::exact("TA-Lib `BBANDS` (simple average, both factors equal)"),
    },
    Indicator {
        name: "bollinger",
        summary: "Bollinger bands with the sample deviation, as freqtrade's `qtpylib` has them",
        inputs: SERIES,
        params: &[
            Param::period("period", 20, 2),
            Param::real("deviations", 2.0, 0.0, 1000.0),
        ],
        outputs: BANDS,
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| columns(bollinger(x[0], rows(p[0]), p[1])),
        formula: "mean ± `deviations` · sample deviation (divided by `period` − 1) of the last `period`",
        source: Source::exact("pandas: rolling `mean` and `std`"),
    },
    Indicator {
        name: "zscore",
        summary: "Distance from the mean in sample deviations",
        inputs: SERIES,
        params: &[Param::period("period", 20, 2)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![zscore(x[0], rows(p[0]))],
        formula: "(x − mean) / sample deviation of the last `period`; NaN where nothing moved",
        source: Source::exact("pandas: rolling `mean` and `std`"),
    },
    Indicator {
        name: "keltner",
        summary: "Keltner channels",
        inputs: HLC,
        params: &[
            Param::period("period", 20, 1),
            Param::period("range", 10, 1),
            Param::real("multiple", 2.0, 0.0, 1000.0),
        ],
        outputs: BANDS,
        recursive: true,
        warmup: |p| (rows(p[0]) - 1).max(rows(p[1])),
        compute: |x, p| columns(keltner(x[0], x[1], x[2], rows(p[0]), rows(p[1]), p[2])),
        formula: "ema((high + low + close) / 3, `period`) ± `multiple` · atr(`range`), the atr begun as late as the first row of the ema allows",
        source: Source::exact("TA-Lib `KC`"),
    },
    Indicator {
        name: "donchian",
        summary: "Donchian channels",
        inputs: &[Input::High, Input::Low],
        params: &[Param::period("period", 20, 1)],
        outputs: BANDS,
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| columns(donchian(x[0], x[1], rows(p[0]))),
        formula: "highest high, lowest low and their middle over the last `period`, this row included",
        source: Source::exact("TA-Lib `DONCHIAN`"),
    },
];
