//! Wilder's directional movement.

use super::registry::{Indicator, Input, Param, Source, rows};
use super::runs::one;
use super::volatility::true_range;

/// Which of the two movements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Rising highs.
    Plus,
    /// Falling lows.
    Minus,
}

/// Directional movement, a smoothed sum over `period` rows.
pub fn directional_movement(
    high: &[f64],
    low: &[f64],
    period: usize,
    direction: Direction,
) -> Vec<f64> {
    one([high, low], |[high, low], out| {
        let mut sum = 0.0;
        for (row, out) in out.iter_mut().enumerate().skip(1) {
            let (plus, minus) = moved(high, low, row);
            let distance = match direction {
                Direction::Plus => plus,
                Direction::Minus => minus,
            };
            sum = wilder(sum, distance, row, period);
            if row + 1 >= period {
                *out = sum;
            }
        }
    })
}

/// Directional indicator: the movement in percent of the true range.
pub fn directional_indicator(
    high: &[f64],
    low: &[f64],
    close: &[f64],
    period: usize,
    direction: Direction,
) -> Vec<f64> {
    one([high, low, close], |[high, low, close], out| {
        smoothed(high, low, close, period, |row, sums| {
            let part = match direction {
                Direction::Plus => sums.plus,
                Direction::Minus => sums.minus,
            };
            out[row] = percent(part, sums.range);
        });
    })
}

/// Directional movement index, 0 to 100: how one-sided the movement is.
pub fn dx(high: &[f64], low: &[f64], close: &[f64], period: usize) -> Vec<f64> {
    one([high, low, close], |[high, low, close], out| {
        let mut last = 0.0;
        smoothed(high, low, close, period, |row, sums| {
            last = sums.one_sidedness().unwrap_or(last);
            out[row] = last;
        });
    })
}

/// Average directional movement index: Wilder's average of [`dx`].
pub fn adx(high: &[f64], low: &[f64], close: &[f64], period: usize) -> Vec<f64> {
    one([high, low, close], |[high, low, close], out| {
        let (mut sum, mut average) = (0.0, 0.0);
        smoothed(high, low, close, period, |row, sums| {
            let side = sums.one_sidedness();
            let begins = 2 * period - 1;
            if row <= begins {
                sum += side.unwrap_or(0.0);
                average = sum / period as f64;
            } else if let Some(side) = side {
                average = (average * (period - 1) as f64 + side) / period as f64;
            }
            if row >= begins {
                out[row] = average;
            }
        });
    })
}

/// Rating of [`adx`]: its mean with the value `period` − 1 rows before.
pub fn adxr(high: &[f64], low: &[f64], close: &[f64], period: usize) -> Vec<f64> {
    let average = adx(high, low, close, period);
    one([&average], |[x], out| {
        for row in period - 1..x.len() {
            out[row] = f64::midpoint(x[row], x[row + 1 - period]);
        }
    })
}

#[derive(Clone, Copy, Default)]
struct Sums {
    plus: f64,
    minus: f64,
    range: f64,
}

impl Sums {
    fn one_sidedness(self) -> Option<f64> {
        if self.range == 0.0 {
            return None;
        }
        let plus = percent(self.plus, self.range);
        let minus = percent(self.minus, self.range);
        let both = plus + minus;
        (both != 0.0).then(|| 100.0 * ((minus - plus).abs() / both))
    }
}

/// Smoothed sums of movements and true range, from row `period` on.
fn smoothed(
    high: &[f64],
    low: &[f64],
    close: &[f64],
    period: usize,
    mut emit: impl FnMut(usize, Sums),
) {
    let mut sums = Sums::default();
    for row in 1..close.len() {
        let (plus, minus) = moved(high, low, row);
        let range = true_range(high[row], low[row], close[row - 1]);
        sums.plus = wilder(sums.plus, plus, row, period);
        sums.minus = wilder(sums.minus, minus, row, period);
        sums.range = wilder(sums.range, range, row, period);
        if row >= period {
            emit(row, sums);
        }
    }
}

/// Adds the first `period` − 1 values; then every value takes the place of an
/// even share of the sum.
fn wilder(sum: f64, value: f64, row: usize, period: usize) -> f64 {
    if row < period {
        sum + value
    } else {
        sum - sum / period as f64 + value
    }
}

/// The larger of rise of the high and fall of the low, the other being 0; both
/// are 0 on an inside or evenly outside row.
fn moved(high: &[f64], low: &[f64], row: usize) -> (f64, f64) {
    let up = high[row] - high[row - 1];
    let down = low[row - 1] - low[row];
    if down > 0.0 && up < down {
        (0.0, down)
    } else if up > 0.0 && up > down {
        (up, 0.0)
    } else {
        (0.0, 0.0)
    }
}

fn percent(part: f64, whole: f64) -> f64 {
    if whole == 0.0 {
        0.0
    } else {
        100.0 * (part / whole)
    }
}

const HL: &[Input] = &[Input::High, Input::Low];
const HLC: &[Input] = &[Input::High, Input::Low, Input::Close];
const PERIOD: &[Param] = &[Param::period("period", 14, 2)];

pub(super) const INDICATORS: &[Indicator] = &[
    Indicator {
        name: "plus_dm",
        summary: "Directional movement up",
        inputs: HL,
        params: PERIOD,
        outputs: &["value"],
        recursive: true,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| {
            vec![directional_movement(
                x[0],
                x[1],
                rows(p[0]),
                Direction::Plus,
            )]
        },
        formula: "sum of the first `period` − 1 moves, then s − s / `period` + move; the move is the rise of the high where that exceeds the fall of the low, else 0",
        source: Source::exact("TA-Lib `PLUS_DM`"),
    },
    Indicator {
        name: "minus_dm",
        summary: "Directional movement down",
        inputs: HL,
        params: PERIOD,
        outputs: &["value"],
        recursive: true,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| {
            vec![directional_movement(
                x[0],
                x[1],
                rows(p[0]),
                Direction::Minus,
            )]
        },
        formula: "as `plus_dm`, of the fall of the low where that exceeds the rise of the high",
        source: Source::exact("TA-Lib `MINUS_DM`"),
    },
    Indicator {
        name: "plus_di",
        summary: "Directional indicator up",
        inputs: HLC,
        params: PERIOD,
        outputs: &["value"],
        recursive: true,
        warmup: |p| rows(p[0]),
        compute: |x, p| {
            vec![directional_indicator(
                x[0],
                x[1],
                x[2],
                rows(p[0]),
                Direction::Plus,
            )]
        },
        formula: "100 · plus_dm / true range smoothed alike",
        source: Source::exact("TA-Lib `PLUS_DI`"),
    },
    Indicator {
        name: "minus_di",
        summary: "Directional indicator down",
        inputs: HLC,
        params: PERIOD,
        outputs: &["value"],
        recursive: true,
        warmup: |p| rows(p[0]),
        compute: |x, p| {
            vec![directional_indicator(
                x[0],
                x[1],
                x[2],
                rows(p[0]),
                Direction::Minus,
            )]
        },
        formula: "100 · minus_dm / true range smoothed alike",
        source: Source::exact("TA-Lib `MINUS_DI`"),
    },
    Indicator {
        name: "dx",
        summary: "Directional movement index",
        inputs: HLC,
        params: PERIOD,
        outputs: &["value"],
        recursive: true,
        warmup: |p| rows(p[0]),
        compute: |x, p| vec![dx(x[0], x[1], x[2], rows(p[0]))],
        formula: "100 · |plus_di − minus_di| / (plus_di + minus_di); the value before where nothing moved",
        source: Source::exact("TA-Lib `DX`"),
    },
    Indicator {
        name: "adx",
        summary: "Average directional movement index",
        inputs: HLC,
        params: PERIOD,
        outputs: &["value"],
        recursive: true,
        warmup: |p| 2 * rows(p[0]) - 1,
        compute: |x, p| vec![adx(x[0], x[1], x[2], rows(p[0]))],
        formula: "Wilder's average of dx, begun with the mean of its first `period` values",
        source: Source::exact("TA-Lib `ADX`"),
    },
    Indicator {
        name: "adxr",
        summary: "Average directional movement rating",
        inputs: HLC,
        params: PERIOD,
        outputs: &["value"],
        recursive: true,
        warmup: |p| 3 * rows(p[0]) - 2,
        compute: |x, p| vec![adxr(x[0], x[1], x[2], rows(p[0]))],
        formula: "(adx + adx[`period` − 1 rows before]) / 2",
        source: Source::exact("TA-Lib `ADXR`"),
    },
];
