//! Lines through a window, relations of two series, and ranks.

use super::registry::{Indicator, Input, Param, Source, rows};
use super::runs::one;

/// Where the least-squares line through the last `period` rows ends.
///
/// The sums are carried from row to row and taken afresh every 32 × `period`
/// rows.
pub fn linearreg(values: &[f64], period: usize) -> Vec<f64> {
    lines(values, period, |line| {
        line.slope.mul_add((period - 1) as f64, line.start)
    })
}

/// The slope of that line, per row.
pub fn linearreg_slope(values: &[f64], period: usize) -> Vec<f64> {
    lines(values, period, |line| line.slope)
}

/// Where that line starts, on the window's first row.
pub fn linearreg_intercept(values: &[f64], period: usize) -> Vec<f64> {
    lines(values, period, |line| line.start)
}

/// The slope as an angle in degrees.
pub fn linearreg_angle(values: &[f64], period: usize) -> Vec<f64> {
    lines(values, period, |line| {
        line.slope.atan() * (180.0 / std::f64::consts::PI)
    })
}

/// Time series forecast: that line continued by one row.
pub fn tsf(values: &[f64], period: usize) -> Vec<f64> {
    lines(values, period, |line| {
        line.slope.mul_add(period as f64, line.start)
    })
}

/// Pearson's correlation of two series over the last `period` rows.
///
/// Carried from row to row as in `var`: sums of distances from an anchor.
pub fn correl(x: &[f64], y: &[f64], period: usize) -> Vec<f64> {
    one([x, y], |[x, y], out| {
        if x.len() < period {
            return;
        }
        let per_row = 1.0 / period as f64;
        let mean = |z: &[f64]| z.iter().fold(0.0, |sum, value| sum + value) * per_row;
        let mut anchor = (x[0], y[0]);
        let mut sums = Products::of(&x[..period], &y[..period], anchor);
        let mut age = 0;
        for row in period - 1..x.len() {
            let window = row + 1 - period..=row;
            age += 1;
            if row >= period {
                sums.remove(x[row - period] - anchor.0, y[row - period] - anchor.1);
                sums.add(x[row] - anchor.0, y[row] - anchor.1);
            }
            if age == 32 * period || sums.cancel(per_row) {
                let (x, y) = (&x[window.clone()], &y[window]);
                anchor = (mean(x), mean(y));
                sums = Products::of(x, y, anchor);
                age = 0;
            }
            let (spread_x, spread_y) = sums.spreads(per_row);
            let spread = spread_x * spread_y;
            out[row] = if spread > 0.0 {
                (sums.xy - sums.x * sums.y * per_row) / spread.sqrt()
            } else {
                0.0
            };
        }
    })
}

/// Beta: the slope of the changes of `y` against the changes of `x`, over the
/// last `period` changes.
pub fn beta(x: &[f64], y: &[f64], period: usize) -> Vec<f64> {
    one([x, y], |[x, y], out| {
        if x.len() <= period {
            return;
        }
        let (n, per_row) = (period as f64, 1.0 / period as f64);
        let (x, y) = (changes(x), changes(y));
        let mean = |z: &[f64]| z.iter().fold(0.0, |sum, value| sum + value) / n;
        let mut anchor = (x[0], y[0]);
        let mut sums = Products::of(&x[..period], &y[..period], anchor);
        let mut age = 0;
        for row in period - 1..x.len() {
            let window = row + 1 - period..=row;
            age += 1;
            if row >= period {
                sums.remove(x[row - period] - anchor.0, y[row - period] - anchor.1);
                sums.add(x[row] - anchor.0, y[row] - anchor.1);
            }
            if age == 32 * period || sums.spreads(per_row).0 <= 1e-8 * sums.xx {
                let (x, y) = (&x[window.clone()], &y[window]);
                anchor = (mean(x), mean(y));
                sums = Products::of(x, y, anchor);
                age = 0;
            }
            let spread = n * sums.xx - sums.x * sums.x;
            out[row + 1] = if spread < 1e-14 {
                0.0
            } else {
                (n * sums.xy - sums.x * sums.y) / spread
            };
        }
    })
}

/// Relative changes from row to row, one fewer than the rows; 0 from a 0.
fn changes(z: &[f64]) -> Vec<f64> {
    z.windows(2)
        .map(|pair| match pair[0] {
            0.0 => 0.0,
            before => (pair[1] - before) / before,
        })
        .collect()
}

/// The share, in percent, of the `period` rows before that are below this one.
pub fn percent_rank(values: &[f64], period: usize) -> Vec<f64> {
    one([values], |[x], out| {
        for row in period..x.len() {
            let below = x[row - period..row].iter().filter(|v| **v < x[row]);
            out[row] = below.count() as f64 / period as f64 * 100.0;
        }
    })
}

#[derive(Clone, Copy)]
struct Line {
    start: f64,
    slope: f64,
}

fn lines(values: &[f64], period: usize, emit: impl Fn(Line) -> f64) -> Vec<f64> {
    let n = period as f64;
    let sum_t = n * (n - 1.0) * 0.5;
    let sum_tt = n * (n - 1.0) * (2.0 * n - 1.0) / 6.0;
    let divisor = sum_t * sum_t - n * sum_tt;
    let fresh = |window: &[f64]| {
        let (mut sum, mut sum_t_x) = (0.0, 0.0);
        for (row, value) in window.iter().enumerate() {
            sum += value;
            sum_t_x += (period - 1 - row) as f64 * value;
        }
        (sum, sum_t_x)
    };
    one([values], |[x], out| {
        let (mut sum, mut sum_t_x) = (0.0, 0.0);
        for (first, window) in x.windows(period).enumerate() {
            if first.is_multiple_of(32 * period) {
                (sum, sum_t_x) = fresh(window);
            } else {
                let (oldest, newest) = (x[first - 1], window[period - 1]);
                sum_t_x = sum_t_x + sum - n * oldest;
                sum = sum - oldest + newest;
            }
            let slope = (n * sum_t_x - sum_t * sum) / divisor;
            let start = (sum - slope * sum_t) / n;
            out[first + period - 1] = emit(Line { start, slope });
        }
    })
}

/// Carried sums of two series and their products.
#[derive(Default)]
struct Products {
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Products {
    fn of(x: &[f64], y: &[f64], anchor: (f64, f64)) -> Self {
        let mut sums = Self::default();
        for (x, y) in x.iter().zip(y) {
            sums.add(x - anchor.0, y - anchor.1);
        }
        sums
    }

    /// Sums of squared distances from the means.
    fn spreads(&self, per_row: f64) -> (f64, f64) {
        (
            self.xx - self.x * self.x * per_row,
            self.yy - self.y * self.y * per_row,
        )
    }

    /// Whether so little is left of the squares that their digits cancel.
    fn cancel(&self, per_row: f64) -> bool {
        let (x, y) = self.spreads(per_row);
        x <= 1e-8 * self.xx || y <= 1e-8 * self.yy
    }

    fn add(&mut self, x: f64, y: f64) {
        self.x += x;
        self.xx += x * x;
        self.xy += x * y;
        self.y += y;
        self.yy += y * y;
    }

    fn remove(&mut self, x: f64, y: f64) {
        self.x -= x;
        self.xx -= x * x;
        self.xy -= x * y;
        self.y -= y;
        self.yy -= y * y;
    }
}

const SERIES: &[Input] = &[Input::Series("close")];
const PAIR: &[Input] = &[Input::Series("x"), Input::Series("y")];
const PERIOD: &[Param] = &[Param::period("period", 14, 2)];

/// The entry of a regression line, which differ in little.
const fn line(
    name: &'static str,
    summary: &'static str,
    formula: &'static str,
    reference: &'static str,
    compute: super::registry::Compute,
) -> Indicator {
    Indicator {
        name,
        summary,
        inputs: SERIES,
        params: PERIOD,
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute,
        formula,
        source: Source::exact(reference),
    }
}

pub(super) const INDICATORS: &[Indicator] = &[
    line(
        "linearreg",
        "End of the regression line",
        "a + b · (`period` − 1) of the least-squares line a + b·t through the last `period` values, t from 0",
        "TA-Lib `LINEARREG`",
        |x, p| vec![linearreg(x[0], rows(p[0]))],
    ),
    line(
        "linearreg_slope",
        "Slope of the regression line",
        "b of the line in `linearreg`",
        "TA-Lib `LINEARREG_SLOPE`",
        |x, p| vec![linearreg_slope(x[0], rows(p[0]))],
    ),
    line(
        "linearreg_intercept",
        "Start of the regression line",
        "a of the line in `linearreg`",
        "TA-Lib `LINEARREG_INTERCEPT`",
        |x, p| vec![linearreg_intercept(x[0], rows(p[0]))],
    ),
    line(
        "linearreg_angle",
        "Angle of the regression line in degrees",
        "arctan b of the line in `linearreg`, in degrees",
        "TA-Lib `LINEARREG_ANGLE`",
        |x, p| vec![linearreg_angle(x[0], rows(p[0]))],
    ),
    line(
        "tsf",
        "Time series forecast",
        "a + b · `period` of the line in `linearreg`: the line one row on",
        "TA-Lib `TSF`",
        |x, p| vec![tsf(x[0], rows(p[0]))],
    ),
    Indicator {
        name: "correl",
        summary: "Pearson's correlation of two series",
        inputs: PAIR,
        params: &[Param::period("period", 30, 2)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![correl(x[0], x[1], rows(p[0]))],
        formula: "covariance / √(variance x · variance y) over the last `period`; 0 where one does not vary",
        source: Source::exact("TA-Lib `CORREL`"),
    },
    Indicator {
        name: "beta",
        summary: "Beta of the second series against the first",
        inputs: PAIR,
        params: &[Param::period("period", 5, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]),
        compute: |x, p| vec![beta(x[0], x[1], rows(p[0]))],
        formula: "covariance of the relative changes / variance of those of x, over the last `period` changes; 0 where x does not vary",
        source: Source::exact("TA-Lib `BETA`"),
    },
    Indicator {
        name: "percent_rank",
        summary: "Rank among the values before",
        inputs: SERIES,
        params: &[Param::period("period", 100, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]),
        compute: |x, p| vec![percent_rank(x[0], rows(p[0]))],
        formula: "percentage of the `period` values before this row that are below it",
        source: Source::exact("TA-Lib `PERCENTRANK`"),
    },
];
