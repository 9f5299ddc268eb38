//! One row's prices made into one number, and Heikin-Ashi candles.

use super::registry::{Indicator, Input, Source};
use super::runs::{by_run, one};

/// (open + high + low + close) / 4.
pub fn avgprice(open: &[f64], high: &[f64], low: &[f64], close: &[f64]) -> Vec<f64> {
    one([open, high, low, close], |[open, high, low, close], out| {
        for row in 0..close.len() {
            out[row] = (high[row] + low[row] + close[row] + open[row]) / 4.0;
        }
    })
}

/// (high + low) / 2.
pub fn medprice(high: &[f64], low: &[f64]) -> Vec<f64> {
    one([high, low], |[high, low], out| {
        for row in 0..high.len() {
            out[row] = f64::midpoint(high[row], low[row]);
        }
    })
}

/// (high + low + close) / 3.
pub fn typprice(high: &[f64], low: &[f64], close: &[f64]) -> Vec<f64> {
    one([high, low, close], |[high, low, close], out| {
        for row in 0..close.len() {
            out[row] = (high[row] + low[row] + close[row]) / 3.0;
        }
    })
}

/// (high + low + 2 · close) / 4.
pub fn wclprice(high: &[f64], low: &[f64], close: &[f64]) -> Vec<f64> {
    one([high, low, close], |[high, low, close], out| {
        for row in 0..close.len() {
            out[row] = (high[row] + low[row] + close[row] * 2.0) / 4.0;
        }
    })
}

/// Smoothed candles.
#[derive(Debug, Clone, PartialEq)]
pub struct HeikinAshi {
    /// Middle of the smoothed body before.
    pub open: Vec<f64>,
    /// Highest of high and the smoothed body.
    pub high: Vec<f64>,
    /// Lowest of low and the smoothed body.
    pub low: Vec<f64>,
    /// Average price.
    pub close: Vec<f64>,
}

/// Heikin-Ashi candles, begun with the middle of the first row's body.
pub fn heikin_ashi(open: &[f64], high: &[f64], low: &[f64], close: &[f64]) -> HeikinAshi {
    let [opens, highs, lows, closes] = by_run(
        [open, high, low, close],
        |[open, high, low, close], [opens, highs, lows, closes]| {
            let mut next = f64::midpoint(open[0], close[0]);
            for row in 0..close.len() {
                let from = next;
                let to = (open[row] + high[row] + low[row] + close[row]) / 4.0;
                opens[row] = from;
                closes[row] = to;
                highs[row] = high[row].max(from).max(to);
                lows[row] = low[row].min(from).min(to);
                next = f64::midpoint(from, to);
            }
        },
    );
    HeikinAshi {
        open: opens,
        high: highs,
        low: lows,
        close: closes,
    }
}

const OHLC: &[Input] = &[Input::Open, Input::High, Input::Low, Input::Close];
const HLC: &[Input] = &[Input::High, Input::Low, Input::Close];

pub(super) const INDICATORS: &[Indicator] = &[
    Indicator {
        name: "avgprice",
        summary: "Average price",
        inputs: OHLC,
        params: &[],
        outputs: &["value"],
        recursive: false,
        warmup: |_| 0,
        compute: |x, _| vec![avgprice(x[0], x[1], x[2], x[3])],
        formula: "(open + high + low + close) / 4",
        source: Source::exact("TA-Lib `AVGPRICE`"),
    },
    Indicator {
        name: "medprice",
        summary: "Median price",
        inputs: &[Input::High, Input::Low],
        params: &[],
        outputs: &["value"],
        recursive: false,
        warmup: |_| 0,
        compute: |x, _| vec![medprice(x[0], x[1])],
        formula: "(high + low) / 2",
        source: Source::exact("TA-Lib `MEDPRICE`"),
    },
    Indicator {
        name: "typprice",
        summary: "Typical price",
        inputs: HLC,
        params: &[],
        outputs: &["value"],
        recursive: false,
        warmup: |_| 0,
        compute: |x, _| vec![typprice(x[0], x[1], x[2])],
        formula: "(high + low + close) / 3",
        source: Source::exact("TA-Lib `TYPPRICE`"),
    },
    Indicator {
        name: "wclprice",
        summary: "Weighted close price",
        inputs: HLC,
        params: &[],
        outputs: &["value"],
        recursive: false,
        warmup: |_| 0,
        compute: |x, _| vec![wclprice(x[0], x[1], x[2])],
        formula: "(high + low + 2 · close) / 4",
        source: Source::exact("TA-Lib `WCLPRICE`"),
    },
    Indicator {
        name: "heikin_ashi",
        summary: "Heikin-Ashi candles",
        inputs: OHLC,
        params: &[],
        outputs: &["open", "high", "low", "close"],
        recursive: true,
        warmup: |_| 0,
        compute: |x, _| {
            let candles = heikin_ashi(x[0], x[1], x[2], x[3]);
            vec![candles.open, candles.high, candles.low, candles.close]
        },
        formula: "close = (open + high + low + close) / 4; open = middle of the Heikin-Ashi body before, begun with the middle of the first body; high and low reach over both",
        source: Source::exact("TA-Lib `HA`"),
    },
];
