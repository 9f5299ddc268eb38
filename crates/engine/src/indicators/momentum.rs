//! Momentum of one series: changes, relative strength, differences of
//! averages.

use super::average::{ema, sma, smooth, wma};
use super::registry::{Indicator, Input, Param, Source, rows};
use super::runs::{by_run, one};

/// Relative strength index, 0 to 100, with Wilder's averages.
pub fn rsi(values: &[f64], period: usize) -> Vec<f64> {
    one([values], |[x], out| {
        gains_and_losses(x, period, Share::Multiplied, |row, gain, loss| {
            let both = gain + loss;
            out[row] = if both == 0.0 {
                0.0
            } else {
                100.0 * (gain / both)
            };
        });
    })
}

/// Chande momentum oscillator, −100 to 100, with Wilder's averages.
pub fn cmo(values: &[f64], period: usize) -> Vec<f64> {
    one([values], |[x], out| {
        gains_and_losses(x, period, Share::Divided, |row, gain, loss| {
            let both = gain + loss;
            out[row] = if both == 0.0 {
                0.0
            } else {
                100.0 * ((gain - loss) / both)
            };
        });
    })
}

/// Change over `period` rows.
pub fn mom(values: &[f64], period: usize) -> Vec<f64> {
    against_before(values, period, |now, before| now - before)
}

/// Change over `period` rows in percent.
pub fn roc(values: &[f64], period: usize) -> Vec<f64> {
    against_before(values, period, |now, before| {
        if before == 0.0 {
            0.0
        } else {
            (now / before - 1.0) * 100.0
        }
    })
}

/// Change over `period` rows as a fraction.
pub fn rocp(values: &[f64], period: usize) -> Vec<f64> {
    against_before(values, period, |now, before| {
        if before == 0.0 {
            0.0
        } else {
            (now - before) / before
        }
    })
}

/// Ratio to the value `period` rows before.
pub fn rocr(values: &[f64], period: usize) -> Vec<f64> {
    against_before(values, period, |now, before| {
        if before == 0.0 { 0.0 } else { now / before }
    })
}

/// Ratio to the value `period` rows before, times 100.
pub fn rocr100(values: &[f64], period: usize) -> Vec<f64> {
    against_before(values, period, |now, before| {
        if before == 0.0 {
            0.0
        } else {
            now / before * 100.0
        }
    })
}

/// One-row change, in percent, of a triple exponential average.
pub fn trix(values: &[f64], period: usize) -> Vec<f64> {
    roc(&ema(&ema(&ema(values, period), period), period), 1)
}

/// The columns of [`macd`].
#[derive(Debug, Clone, PartialEq)]
pub struct Macd {
    /// Fast minus slow average.
    pub macd: Vec<f64>,
    /// Exponential average of `macd`.
    pub signal: Vec<f64>,
    /// `macd` minus `signal`.
    pub hist: Vec<f64>,
}

/// Moving average convergence/divergence.
///
/// Both averages begin on the same row, each with a simple average; all three
/// columns begin when the signal does. A fast period above the slow one is
/// exchanged with it.
pub fn macd(values: &[f64], fast: usize, slow: usize, signal: usize) -> Macd {
    let (fast, slow) = (fast.min(slow), fast.max(slow));
    let [macd, signal, hist] = by_run([values], |[x], [macd, signals, hist]| {
        if x.len() < slow + signal - 1 {
            return;
        }
        aligned_ema_difference(x, fast, slow, macd);
        smooth(&macd[slow - 1..], signal, &mut signals[slow - 1..]);
        macd[slow - 1..slow + signal - 2].fill(f64::NAN);
        for row in slow + signal - 2..x.len() {
            hist[row] = macd[row] - signals[row];
        }
    });
    Macd { macd, signal, hist }
}

/// How [`apo`] and [`ppo`] average.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Average {
    /// [`sma`].
    Simple,
    /// [`ema`], each begun with its own first rows.
    Exponential,
    /// [`wma`].
    Weighted,
}

impl Average {
    fn numbered(number: f64) -> Self {
        match rows(number) {
            0 => Self::Simple,
            1 => Self::Exponential,
            _ => Self::Weighted,
        }
    }
}

/// Absolute price oscillator: fast minus slow average.
pub fn apo(values: &[f64], fast: usize, slow: usize, average: Average) -> Vec<f64> {
    averages(values, fast, slow, average, |fast, slow| fast - slow)
}

/// Percentage price oscillator: fast minus slow average, in percent of the
/// slow one.
pub fn ppo(values: &[f64], fast: usize, slow: usize, average: Average) -> Vec<f64> {
    averages(values, fast, slow, average, |fast, slow| {
        if slow == 0.0 {
            0.0
        } else {
            (fast - slow) / slow * 100.0
        }
    })
}

/// Wilder's averages of the rises and falls from row to row, begun with the
/// mean of the first `period` of them.
fn gains_and_losses(x: &[f64], period: usize, share: Share, mut emit: impl FnMut(usize, f64, f64)) {
    if x.len() <= period {
        return;
    }
    let per_row = |sum: f64| match share {
        Share::Divided => sum / period as f64,
        Share::Multiplied => sum * (1.0 / period as f64),
    };
    let (mut gain, mut loss) = (0.0, 0.0);
    for row in 1..x.len() {
        let change = x[row] - x[row - 1];
        if row > period {
            gain *= (period - 1) as f64;
            loss *= (period - 1) as f64;
        }
        if change < 0.0 {
            loss -= change;
        } else {
            gain += change;
        }
        if row >= period {
            gain = per_row(gain);
            loss = per_row(loss);
            emit(row, gain, loss);
        }
    }
}

/// How an average is taken of a sum, which decides its last bit.
#[derive(Clone, Copy)]
enum Share {
    /// Divided by the number of rows.
    Divided,
    /// Multiplied by its reciprocal.
    Multiplied,
}

fn against_before(values: &[f64], period: usize, compare: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    one([values], |[x], out| {
        for row in period..x.len() {
            out[row] = compare(x[row], x[row - period]);
        }
    })
}

fn averages(
    values: &[f64],
    fast: usize,
    slow: usize,
    average: Average,
    combine: impl Fn(f64, f64) -> f64,
) -> Vec<f64> {
    let (fast, slow) = (fast.min(slow), fast.max(slow));
    let (fast, mut slow) = match average {
        Average::Simple => (sma(values, fast), sma(values, slow)),
        Average::Weighted => (wma(values, fast), wma(values, slow)),
        Average::Exponential => (ema(values, fast), ema(values, slow)),
    };
    for (slow, fast) in slow.iter_mut().zip(&fast) {
        *slow = combine(*fast, *slow);
    }
    slow
}

fn aligned_ema_difference(x: &[f64], fast: usize, slow: usize, out: &mut [f64]) {
    let mut slows = vec![f64::NAN; x.len()];
    smooth(x, slow, &mut slows);
    let skipped = slow - fast;
    smooth(&x[skipped..], fast, &mut out[skipped..]);
    for (out, slow) in out.iter_mut().zip(&slows) {
        *out -= slow;
    }
}

const CLOSE: &[Input] = &[Input::Series("close")];
const AVERAGES: &[Param] = &[
    Param::period("fast", 12, 2),
    Param::period("slow", 26, 2),
    Param::integer("average", 1, 0, 2),
];

pub(super) const INDICATORS: &[Indicator] = &[
    Indicator {
        name: "rsi",
        summary: "Relative strength index",
        inputs: CLOSE,
        params: &[Param::period("period", 14, 2)],
        outputs: &["value"],
        recursive: true,
        warmup: |p| rows(p[0]),
        compute: |x, p| vec![rsi(x[0], rows(p[0]))],
        formula: "100 · gain / (gain + loss), Wilder's averages of rises and falls begun with the mean of the first `period`; 0 where nothing moved",
        source: Source::exact("TA-Lib `RSI`"),
    },
    Indicator {
        name: "cmo",
        summary: "Chande momentum oscillator",
        inputs: CLOSE,
        params: &[Param::period("period", 14, 2)],
        outputs: &["value"],
        recursive: true,
        warmup: |p| rows(p[0]),
        compute: |x, p| vec![cmo(x[0], rows(p[0]))],
        formula: "100 · (gain − loss) / (gain + loss), averages as in `rsi`; 0 where nothing moved",
        source: Source::exact("TA-Lib `CMO`"),
    },
    Indicator {
        name: "mom",
        summary: "Momentum: change over some rows",
        inputs: CLOSE,
        params: &[Param::period("period", 10, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]),
        compute: |x, p| vec![mom(x[0], rows(p[0]))],
        formula: "x − x[`period` rows before]",
        source: Source::exact("TA-Lib `MOM`"),
    },
    Indicator {
        name: "roc",
        summary: "Rate of change in percent",
        inputs: CLOSE,
        params: &[Param::period("period", 10, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]),
        compute: |x, p| vec![roc(x[0], rows(p[0]))],
        formula: "(x / x[`period` rows before] − 1) · 100; 0 where that is 0",
        source: Source::exact("TA-Lib `ROC`"),
    },
    Indicator {
        name: "rocp",
        summary: "Rate of change as a fraction",
        inputs: CLOSE,
        params: &[Param::period("period", 10, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]),
        compute: |x, p| vec![rocp(x[0], rows(p[0]))],
        formula: "(x − before) / before, with before = x[`period` rows before]; 0 where that is 0",
        source: Source::exact("TA-Lib `ROCP`"),
    },
    Indicator {
        name: "rocr",
        summary: "Ratio to an earlier value",
        inputs: CLOSE,
        params: &[Param::period("period", 10, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]),
        compute: |x, p| vec![rocr(x[0], rows(p[0]))],
        formula: "x / x[`period` rows before]; 0 where that is 0",
        source: Source::exact("TA-Lib `ROCR`"),
    },
    Indicator {
        name: "rocr100",
        summary: "Ratio to an earlier value, times 100",
        inputs: CLOSE,
        params: &[Param::period("period", 10, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]),
        compute: |x, p| vec![rocr100(x[0], rows(p[0]))],
        formula: "x / x[`period` rows before] · 100; 0 where that is 0",
        source: Source::exact("TA-Lib `ROCR100`"),
    },
    Indicator {
        name: "trix",
        summary: "Change of a triple exponential average in percent",
        inputs: CLOSE,
        params: &[Param::period("period", 30, 1)],
        outputs: &["value"],
        recursive: true,
        warmup: |p| 3 * (rows(p[0]) - 1) + 1,
        compute: |x, p| vec![trix(x[0], rows(p[0]))],
        formula: "roc(ema(ema(ema(x))), 1)",
        source: Source::exact("TA-Lib `TRIX`"),
    },
    Indicator {
        name: "macd",
        summary: "Moving average convergence/divergence",
        inputs: CLOSE,
        params: &[
            Param::period("fast", 12, 2),
            Param::period("slow", 26, 2),
            Param::period("signal", 9, 1),
        ],
        outputs: &["macd", "signal", "hist"],
        recursive: true,
        warmup: |p| rows(p[0].max(p[1])) + rows(p[2]) - 2,
        compute: |x, p| {
            let Macd { macd, signal, hist } = macd(x[0], rows(p[0]), rows(p[1]), rows(p[2]));
            vec![macd, signal, hist]
        },
        formula: "macd = ema(x, `fast`) − ema(x, `slow`), both begun on the row where the slow one can; signal = ema(macd, `signal`); hist = macd − signal; all from the signal's first row",
        source: Source::exact("TA-Lib `MACD`"),
    },
    Indicator {
        name: "apo",
        summary: "Absolute price oscillator",
        inputs: CLOSE,
        params: AVERAGES,
        outputs: &["value"],
        recursive: true,
        warmup: |p| rows(p[0].max(p[1])) - 1,
        compute: |x, p| vec![apo(x[0], rows(p[0]), rows(p[1]), Average::numbered(p[2]))],
        formula: "fast − slow average of x; `average` is 0 for sma, 1 for ema (each begun with its own first values), 2 for wma",
        source: Source::exact("TA-Lib `APO`"),
    },
    Indicator {
        name: "ppo",
        summary: "Percentage price oscillator",
        inputs: CLOSE,
        params: AVERAGES,
        outputs: &["value"],
        recursive: true,
        warmup: |p| rows(p[0].max(p[1])) - 1,
        compute: |x, p| vec![ppo(x[0], rows(p[0]), rows(p[1]), Average::numbered(p[2]))],
        formula: "(fast − slow) / slow · 100, averages as in `apo`; 0 where slow is 0",
        source: Source::exact("TA-Lib `PPO`"),
    },
];
