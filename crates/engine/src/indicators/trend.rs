//! Lines that follow a trend: stops that flip, and averages that adapt.

use super::registry::{Indicator, Input, Param, Source, rows};
use super::runs::{by_run, one};
use super::volatility::atr;
use super::window::midprice;

/// Kaufman's adaptive moving average, between an exponential average of 2 and
/// one of 30 rows; begun with the value of the row before its first.
pub fn kama(values: &[f64], period: usize) -> Vec<f64> {
    const FAST: f64 = 2.0 / 3.0;
    const SLOW: f64 = 2.0 / 31.0;
    one([values], |[x], out| {
        if x.len() <= period {
            return;
        }
        let step = |row: usize| (x[row] - x[row - 1]).abs();
        let mut travelled = 0.0;
        for row in 1..=period {
            travelled += step(row);
        }
        let mut average = x[period - 1];
        for row in period..x.len() {
            if row > period {
                travelled -= step(row - period);
                travelled += step(row);
            }
            let net = x[row] - x[row - period];
            let efficiency = if travelled <= net || travelled == 0.0 {
                1.0
            } else {
                (net / travelled).abs()
            };
            let weight = efficiency.mul_add(FAST - SLOW, SLOW);
            average = (x[row] - average).mul_add(weight * weight, average);
            out[row] = average;
        }
    })
}

/// Wilder's parabolic stop and reverse.
pub fn sar(high: &[f64], low: &[f64], step: f64, most: f64) -> Vec<f64> {
    one([high, low], |[high, low], out| {
        if high.len() < 2 {
            return;
        }
        let step = step.min(most);
        let fell = low[0] - low[1];
        let mut long = !(fell > 0.0 && fell > high[1] - high[0]);
        let (mut extreme, mut stop) = if long {
            (high[1], low[0])
        } else {
            (low[1], high[0])
        };
        let mut factor = step;
        for row in 1..high.len() {
            // The first row stands for the one before it as well.
            let before = (row - 1).max(usize::from(row == 1));
            let (top, bottom) = (high[row], low[row]);
            let reversed = if long { bottom <= stop } else { top >= stop };
            if reversed {
                long = !long;
                stop = if long {
                    extreme.min(low[before]).min(bottom)
                } else {
                    extreme.max(high[before]).max(top)
                };
                out[row] = stop;
                factor = step;
                extreme = if long { top } else { bottom };
            } else {
                out[row] = stop;
                let further = if long {
                    top > extreme
                } else {
                    bottom < extreme
                };
                if further {
                    extreme = if long { top } else { bottom };
                    factor = (factor + step).min(most);
                }
            }
            stop = factor.mul_add(extreme - stop, stop);
            stop = if long {
                stop.min(low[before]).min(bottom)
            } else {
                stop.max(high[before]).max(top)
            };
        }
    })
}

/// A line that trails the price, and its side.
#[derive(Debug, Clone, PartialEq)]
pub struct Supertrend {
    /// The lower band in a rise, the upper band in a fall.
    pub value: Vec<f64>,
    /// 1 in a rise, −1 in a fall.
    pub direction: Vec<f64>,
}

/// Supertrend: bands of a multiple of the average true range around the middle
/// of the row, which only tighten until the close passes them.
pub fn supertrend(
    high: &[f64],
    low: &[f64],
    close: &[f64],
    period: usize,
    multiple: f64,
) -> Supertrend {
    let range = atr(high, low, close, period);
    let [value, direction] = by_run(
        [high, low, close, &range],
        |[high, low, close, range], [value, direction]| {
            let (mut upper, mut lower) = (f64::INFINITY, f64::NEG_INFINITY);
            let mut rising = true;
            for row in 0..close.len() {
                let middle = f64::midpoint(high[row], low[row]);
                let (above, below) = (
                    middle + multiple * range[row],
                    middle - multiple * range[row],
                );
                if row == 0 {
                    (upper, lower) = (above, below);
                    rising = true;
                } else {
                    let before = close[row - 1];
                    if above < upper || before > upper {
                        upper = above;
                    }
                    if below > lower || before < lower {
                        lower = below;
                    }
                    if rising && close[row] < lower {
                        rising = false;
                    } else if !rising && close[row] > upper {
                        rising = true;
                    }
                }
                value[row] = if rising { lower } else { upper };
                direction[row] = if rising { 1.0 } else { -1.0 };
            }
        },
    );
    Supertrend { value, direction }
}

/// Lines of the Ichimoku chart, all on the row they are computed from.
#[derive(Debug, Clone, PartialEq)]
pub struct Ichimoku {
    /// Conversion line: middle of the short window's range.
    pub tenkan: Vec<f64>,
    /// Base line: middle of the middle window's range.
    pub kijun: Vec<f64>,
    /// Middle of conversion and base line.
    pub senkou_a: Vec<f64>,
    /// Middle of the long window's range.
    pub senkou_b: Vec<f64>,
}

/// Ichimoku lines without their shifts.
///
/// Charts draw the two senkou lines 26 rows ahead: `shift` them to compare the
/// price with the cloud of its row. The chikou line is the close drawn 26 rows
/// back, which no row can know, and is left out.
pub fn ichimoku(high: &[f64], low: &[f64], short: usize, middle: usize, long: usize) -> Ichimoku {
    let tenkan = midprice(high, low, short);
    let kijun = midprice(high, low, middle);
    let between = |(a, b): (&f64, &f64)| f64::midpoint(*a, *b);
    let senkou_a = tenkan.iter().zip(&kijun).map(between).collect();
    Ichimoku {
        senkou_a,
        senkou_b: midprice(high, low, long),
        tenkan,
        kijun,
    }
}

const HL: &[Input] = &[Input::High, Input::Low];

pub(super) const INDICATORS: &[Indicator] = &[
    Indicator {
        name: "kama",
        summary: "Kaufman's adaptive moving average",
        inputs: &[Input::Series("close")],
        params: &[Param::period("period", 30, 2)],
        outputs: &["value"],
        recursive: true,
        warmup: |p| rows(p[0]),
        compute: |x, p| vec![kama(x[0], rows(p[0]))],
        formula: "y += (e · (2/3 − 2/31) + 2/31)² · (x − y), e = |x − x[`period` before]| / sum of |changes|; begun with the value before the first row",
        source: Source::exact("TA-Lib `KAMA`"),
    },
    Indicator {
        name: "sar",
        summary: "Parabolic stop and reverse",
        inputs: HL,
        params: &[
            Param::real("acceleration", 0.02, 0.0, 10.0),
            Param::real("maximum", 0.2, 0.0, 10.0),
        ],
        outputs: &["value"],
        recursive: true,
        warmup: |_| 1,
        compute: |x, p| vec![sar(x[0], x[1], p[0], p[1])],
        formula: "stop += factor · (extreme − stop), never inside the last two rows; the factor grows by `acceleration` with every new extreme up to `maximum`; begun short where the second row's downward move is the larger, else long",
        source: Source::exact("TA-Lib `SAR`"),
    },
    Indicator {
        name: "supertrend",
        summary: "Supertrend",
        inputs: &[Input::High, Input::Low, Input::Close],
        params: &[
            Param::period("period", 10, 1),
            Param::real("multiple", 3.0, 0.0, 1000.0),
        ],
        outputs: &["value", "direction"],
        recursive: true,
        warmup: |p| rows(p[0]),
        compute: |x, p| {
            let Supertrend { value, direction } = supertrend(x[0], x[1], x[2], rows(p[0]), p[1]);
            vec![value, direction]
        },
        formula: "bands (high + low) / 2 ± `multiple` · atr(`period`) that only tighten until the close before passes them; value is the lower band while direction is 1, the upper while it is −1; begun rising",
        source: Source::exact("TA-Lib `SUPERTREND`"),
    },
    Indicator {
        name: "ichimoku",
        summary: "Ichimoku lines without their shifts",
        inputs: HL,
        params: &[
            Param::period("short", 9, 1),
            Param::period("middle", 26, 1),
            Param::period("long", 52, 1),
        ],
        outputs: &["tenkan", "kijun", "senkou_a", "senkou_b"],
        recursive: false,
        warmup: |p| rows(p[0].max(p[1]).max(p[2])) - 1,
        compute: |x, p| {
            let lines = ichimoku(x[0], x[1], rows(p[0]), rows(p[1]), rows(p[2]));
            vec![lines.tenkan, lines.kijun, lines.senkou_a, lines.senkou_b]
        },
        formula: "middles of the high-low range of `short`, `middle` and `long` rows, senkou_a the middle of the first two; each begins with its own window. Charts draw the senkou lines 26 rows ahead: `shift(…, 26)` gives the cloud of a row. The chikou line, the close drawn 26 rows back, would look ahead and is left out",
        source: Source::exact("pandas: rolling maximum and minimum"),
    },
];
