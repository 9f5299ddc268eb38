//! Where the price stands in its recent range, and how it got there.

use super::average::sma;
use super::momentum::rsi;
use super::registry::{Indicator, Input, Param, Source, rows};
use super::runs::{by_run, one};
use super::window::{carried_sum, highest, highest_row, lowest, lowest_row};

/// A fast and a slow line, 0 to 100.
#[derive(Debug, Clone, PartialEq)]
pub struct Stochastic {
    /// The position in the range.
    pub k: Vec<f64>,
    /// The average of `k`.
    pub d: Vec<f64>,
}

/// Slow stochastic: the fast one, averaged over `slow` rows (`k`) and again
/// over `signal` rows (`d`).
pub fn stoch(
    high: &[f64],
    low: &[f64],
    close: &[f64],
    period: usize,
    slow: usize,
    signal: usize,
) -> Stochastic {
    with_signal(
        sma(&position_in_range(high, low, close, period), slow),
        signal,
    )
}

/// Fast stochastic: the close's position in the range of the last `period`
/// rows (`k`), and its average over `signal` rows (`d`).
pub fn stochf(
    high: &[f64],
    low: &[f64],
    close: &[f64],
    period: usize,
    signal: usize,
) -> Stochastic {
    with_signal(position_in_range(high, low, close, period), signal)
}

/// Fast stochastic of the relative strength index.
pub fn stochrsi(values: &[f64], period: usize, range: usize, signal: usize) -> Stochastic {
    let strength = rsi(values, period);
    let mut k = position_in_range(&strength, &strength, &strength, range);
    let (highest, lowest) = (highest(&strength, range), lowest(&strength, range));
    for (k, (highest, lowest)) in k.iter_mut().zip(highest.iter().zip(&lowest)) {
        // While the price stands still, the index differs by rounding alone.
        if highest - lowest < 1e-12 {
            *k = 0.0;
        }
    }
    with_signal(k, signal)
}

/// Williams' %R, −100 to 0.
pub fn willr(high: &[f64], low: &[f64], close: &[f64], period: usize) -> Vec<f64> {
    one([high, low, close], |[high, low, close], out| {
        highest_row(high, period, |row, at| out[row] = high[at]);
        lowest_row(low, period, |row, at| {
            let span = out[row] - low[at];
            out[row] = -100.0 * ratio_or_zero(out[row] - close[row], span);
        });
    })
}

/// Commodity channel index.
///
/// The mean absolute deviation has no running form, so the cost grows with
/// the period.
pub fn cci(high: &[f64], low: &[f64], close: &[f64], period: usize) -> Vec<f64> {
    one([high, low, close], |[high, low, close], out| {
        // A ring: its order is the order of the sums.
        let mut ring = vec![0.0; period];
        for row in 0..close.len() {
            let typical = (high[row] + low[row] + close[row]) / 3.0;
            ring[row % period] = typical;
            if row + 1 < period {
                continue;
            }
            let mut sum = 0.0;
            for value in &ring {
                sum += value;
            }
            let mean = sum / period as f64;
            let mut apart = 0.0;
            for value in &ring {
                apart += (value - mean).abs();
            }
            out[row] = if (typical - mean).abs() < TINY {
                0.0
            } else {
                ratio_or_zero(typical - mean, 0.015 * (apart / period as f64))
            };
        }
    })
}

/// Money flow index, 0 to 100.
pub fn mfi(high: &[f64], low: &[f64], close: &[f64], volume: &[f64], period: usize) -> Vec<f64> {
    one(
        [high, low, close, volume],
        |[high, low, close, volume], out| {
            let typical = |row: usize| (high[row] + low[row] + close[row]) / 3.0;
            let flow = |row: usize| {
                let (now, before) = (typical(row), typical(row - 1));
                let money = now * volume[row];
                // Changes of the size of a rounding error are none.
                if now - before < -TINY {
                    (0.0, money)
                } else if now - before > TINY {
                    (money, 0.0)
                } else {
                    (0.0, 0.0)
                }
            };
            let (mut rising, mut falling) = (0.0, 0.0);
            let mut still = 0;
            for (row, out) in out.iter_mut().enumerate().skip(1) {
                if row > period {
                    let (up, down) = flow(row - period);
                    rising -= up;
                    falling -= down;
                }
                let (up, down) = flow(row);
                still = if up + down == 0.0 { still + 1 } else { 0 };
                if still >= period {
                    // Nothing flowed: no remainder of rounding stays either.
                    (rising, falling) = (0.0, 0.0);
                }
                rising += up;
                falling += down;
                if row >= period {
                    let both = rising + falling;
                    *out = if both < 1.0 {
                        0.0
                    } else {
                        // Such a remainder may put the share a bit outside.
                        (100.0 * (rising / both)).clamp(0.0, 100.0)
                    };
                }
            }
        },
    )
}

/// Intraday momentum index, 0 to 100.
pub fn imi(open: &[f64], close: &[f64], period: usize) -> Vec<f64> {
    one([open, close], |[open, close], out| {
        for (row, out) in out.iter_mut().enumerate().skip(period - 1) {
            let (mut gain, mut loss) = (0.0, 0.0);
            for at in row + 1 - period..=row {
                let body = close[at] - open[at];
                if body > 0.0 {
                    gain += body;
                } else {
                    loss -= body;
                }
            }
            *out = 100.0 * (gain / (gain + loss));
        }
    })
}

/// Ultimate oscillator of three periods, 0 to 100.
pub fn ultosc(high: &[f64], low: &[f64], close: &[f64], periods: [usize; 3]) -> Vec<f64> {
    let mut periods = periods;
    periods.sort_unstable();
    one([high, low, close], |[high, low, close], out| {
        if close.len() < 2 {
            return;
        }
        let pressure = |row: usize| {
            let floor = low[row].min(close[row - 1]);
            let range = (high[row] - low[row])
                .max((close[row - 1] - high[row]).abs())
                .max((close[row - 1] - low[row]).abs());
            (close[row] - floor, range)
        };
        let (bought, range): (Vec<f64>, Vec<f64>) = (1..close.len()).map(pressure).unzip();
        let longest = periods[2];
        for (period, weight) in periods.into_iter().zip([4.0, 2.0, 1.0]) {
            let mut sums = vec![0.0; bought.len()];
            carried_sum(&bought, period, |row, sum| sums[row] = sum);
            carried_sum(&range, period, |row, sum| {
                if row + 1 < longest {
                    return;
                }
                let so_far = if out[row + 1].is_nan() {
                    0.0
                } else {
                    out[row + 1]
                };
                out[row + 1] = so_far + weight * ratio_or_zero(sums[row], sum);
            });
        }
        for value in out {
            *value = 100.0 * (*value / 7.0);
        }
    })
}

/// Balance of power: the body as a share of the range, −1 to 1.
pub fn bop(open: &[f64], high: &[f64], low: &[f64], close: &[f64]) -> Vec<f64> {
    one([open, high, low, close], |[open, high, low, close], out| {
        for row in 0..close.len() {
            let range = high[row] - low[row];
            out[row] = if range < TINY {
                0.0
            } else {
                (close[row] - open[row]) / range
            };
        }
    })
}

/// How long ago the extremes were, 0 (a whole period) to 100 (this row).
#[derive(Debug, Clone, PartialEq)]
pub struct Aroon {
    /// For the lowest low.
    pub down: Vec<f64>,
    /// For the highest high.
    pub up: Vec<f64>,
}

/// Aroon lines over `period` + 1 rows.
pub fn aroon(high: &[f64], low: &[f64], period: usize) -> Aroon {
    let scale = 100.0 / period as f64;
    let [down, up] = by_run([high, low], |[high, low], [down, up]| {
        let since = |row: usize, at: usize| scale * (period - (row - at)) as f64;
        lowest_row(low, period + 1, |row, at| down[row] = since(row, at));
        highest_row(high, period + 1, |row, at| up[row] = since(row, at));
    });
    Aroon { down, up }
}

/// Aroon oscillator: up minus down.
pub fn aroonosc(high: &[f64], low: &[f64], period: usize) -> Vec<f64> {
    let scale = 100.0 / period as f64;
    one([high, low], |[high, low], out| {
        highest_row(high, period + 1, |row, at| out[row] = at as f64);
        lowest_row(low, period + 1, |row, at| {
            out[row] = scale * (out[row] - at as f64);
        });
    })
}

fn position_in_range(high: &[f64], low: &[f64], close: &[f64], period: usize) -> Vec<f64> {
    one([high, low, close], |[high, low, close], out| {
        highest_row(high, period, |row, at| out[row] = high[at]);
        lowest_row(low, period, |row, at| {
            let span = out[row] - low[at];
            out[row] = 100.0 * ratio_or_zero(close[row] - low[at], span);
        });
    })
}

/// `k` from the row where `d` begins.
fn with_signal(mut k: Vec<f64>, signal: usize) -> Stochastic {
    let d = sma(&k, signal);
    for (k, d) in k.iter_mut().zip(&d) {
        if d.is_nan() {
            *k = f64::NAN;
        }
    }
    Stochastic { k, d }
}

fn ratio_or_zero(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

/// Prices are taken for equal when they are nearer than this.
const TINY: f64 = 1e-14;

const HLC: &[Input] = &[Input::High, Input::Low, Input::Close];
const KD: &[&str] = &["k", "d"];

pub(super) const INDICATORS: &[Indicator] = &[
    Indicator {
        name: "stoch",
        summary: "Slow stochastic",
        inputs: HLC,
        params: &[
            Param::period("period", 5, 1),
            Param::period("slow", 3, 1),
            Param::period("signal", 3, 1),
        ],
        outputs: KD,
        recursive: false,
        warmup: |p| rows(p[0]) + rows(p[1]) + rows(p[2]) - 3,
        compute: |x, p| {
            let Stochastic { k, d } = stoch(x[0], x[1], x[2], rows(p[0]), rows(p[1]), rows(p[2]));
            vec![k, d]
        },
        formula: "k = sma(100 · (close − lowest) / (highest − lowest) of the last `period`, `slow`), 0 where the range is empty; d = sma(k, `signal`); both from d's first row",
        source: Source::exact("TA-Lib `STOCH` (simple averages)"),
    },
    Indicator {
        name: "stochf",
        summary: "Fast stochastic",
        inputs: HLC,
        params: &[Param::period("period", 5, 1), Param::period("signal", 3, 1)],
        outputs: KD,
        recursive: false,
        warmup: |p| rows(p[0]) + rows(p[1]) - 2,
        compute: |x, p| {
            let Stochastic { k, d } = stochf(x[0], x[1], x[2], rows(p[0]), rows(p[1]));
            vec![k, d]
        },
        formula: "k = 100 · (close − lowest) / (highest − lowest) of the last `period`, 0 where the range is empty; d = sma(k, `signal`); both from d's first row",
        source: Source::exact("TA-Lib `STOCHF` (simple average)"),
    },
    Indicator {
        name: "stochrsi",
        summary: "Fast stochastic of the relative strength index",
        inputs: &[Input::Series("close")],
        params: &[
            Param::period("period", 14, 2),
            Param::period("range", 5, 1),
            Param::period("signal", 3, 1),
        ],
        outputs: KD,
        recursive: true,
        warmup: |p| rows(p[0]) + rows(p[1]) + rows(p[2]) - 2,
        compute: |x, p| {
            let Stochastic { k, d } = stochrsi(x[0], rows(p[0]), rows(p[1]), rows(p[2]));
            vec![k, d]
        },
        formula: "k = 100 · (r − lowest) / (highest − lowest) of the last `range`, r = rsi(x, `period`), 0 where r stands still; d = sma(k, `signal`); both from d's first row",
        source: Source::exact("TA-Lib `STOCHRSI` (simple average)"),
    },
    Indicator {
        name: "willr",
        summary: "Williams' %R",
        inputs: HLC,
        params: &[Param::period("period", 14, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![willr(x[0], x[1], x[2], rows(p[0]))],
        formula: "−100 · (highest − close) / (highest − lowest) of the last `period`; 0 where the range is empty",
        source: Source::exact("TA-Lib `WILLR`"),
    },
    Indicator {
        name: "cci",
        summary: "Commodity channel index",
        inputs: HLC,
        params: &[Param::period("period", 14, 2)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![cci(x[0], x[1], x[2], rows(p[0]))],
        formula: "(t − mean t) / (0.015 · mean |t − mean t|) over the last `period`, t = (high + low + close) / 3; 0 where that divides by 0",
        source: Source::exact("TA-Lib `CCI`"),
    },
    Indicator {
        name: "mfi",
        summary: "Money flow index",
        inputs: &[Input::High, Input::Low, Input::Close, Input::Volume],
        params: &[Param::period("period", 14, 2)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]),
        compute: |x, p| vec![mfi(x[0], x[1], x[2], x[3], rows(p[0]))],
        formula: "100 · rising / (rising + falling) of t · volume over the last `period` changes of t = (high + low + close) / 3; 0 where the sum is below 1",
        source: Source::exact("TA-Lib `MFI`"),
    },
    Indicator {
        name: "imi",
        summary: "Intraday momentum index",
        inputs: &[Input::Open, Input::Close],
        params: &[Param::period("period", 14, 2)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![imi(x[0], x[1], rows(p[0]))],
        formula: "100 · rises / (rises + falls) of close − open over the last `period`",
        source: Source::exact("TA-Lib `IMI`"),
    },
    Indicator {
        name: "ultosc",
        summary: "Ultimate oscillator",
        inputs: HLC,
        params: &[
            Param::period("short", 7, 1),
            Param::period("middle", 14, 1),
            Param::period("long", 28, 1),
        ],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0].max(p[1]).max(p[2])),
        compute: |x, p| {
            let periods = [rows(p[0]), rows(p[1]), rows(p[2])];
            vec![ultosc(x[0], x[1], x[2], periods)]
        },
        formula: "100 · (4·a₁ + 2·a₂ + a₃) / 7, where a = sum of (close − min(low, close before)) / sum of true range, over the three periods, shortest first",
        source: Source::exact("TA-Lib `ULTOSC`"),
    },
    Indicator {
        name: "bop",
        summary: "Balance of power",
        inputs: &[Input::Open, Input::High, Input::Low, Input::Close],
        params: &[],
        outputs: &["value"],
        recursive: false,
        warmup: |_| 0,
        compute: |x, _| vec![bop(x[0], x[1], x[2], x[3])],
        formula: "(close − open) / (high − low); 0 where the range is empty",
        source: Source::exact("TA-Lib `BOP`"),
    },
    Indicator {
        name: "aroon",
        summary: "Aroon lines",
        inputs: &[Input::High, Input::Low],
        params: &[Param::period("period", 14, 2)],
        outputs: &["down", "up"],
        recursive: false,
        warmup: |p| rows(p[0]),
        compute: |x, p| {
            let Aroon { down, up } = aroon(x[0], x[1], rows(p[0]));
            vec![down, up]
        },
        formula: "100 · (`period` − rows since the lowest low, or highest high, of the last `period` + 1) / `period`; of equals the latest",
        source: Source::exact("TA-Lib `AROON`"),
    },
    Indicator {
        name: "aroonosc",
        summary: "Aroon oscillator",
        inputs: &[Input::High, Input::Low],
        params: &[Param::period("period", 14, 2)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]),
        compute: |x, p| vec![aroonosc(x[0], x[1], rows(p[0]))],
        formula: "aroon up − aroon down",
        source: Source::exact("TA-Lib `AROONOSC`"),
    },
];
