//! Prices weighted by what was traded.

use super::registry::{Indicator, Input, Param, Source, rows};
use super::runs::one;
use super::window::carried_sum;

/// On-balance volume, begun with the first row's volume.
pub fn obv(close: &[f64], volume: &[f64]) -> Vec<f64> {
    one([close, volume], |[close, volume], out| {
        let mut balance = volume[0];
        out[0] = balance;
        for row in 1..close.len() {
            if close[row] > close[row - 1] {
                balance += volume[row];
            } else if close[row] < close[row - 1] {
                balance -= volume[row];
            }
            out[row] = balance;
        }
    })
}

/// Accumulation/distribution line.
pub fn ad(high: &[f64], low: &[f64], close: &[f64], volume: &[f64]) -> Vec<f64> {
    one(
        [high, low, close, volume],
        |[high, low, close, volume], out| {
            let mut line = 0.0;
            for row in 0..close.len() {
                line += accumulated(high[row], low[row], close[row], volume[row]);
                out[row] = line;
            }
        },
    )
}

/// Chaikin oscillator: fast minus slow exponential average of [`ad`], both
/// begun with its first value.
pub fn adosc(
    high: &[f64],
    low: &[f64],
    close: &[f64],
    volume: &[f64],
    fast: usize,
    slow: usize,
) -> Vec<f64> {
    let weight = |period: usize| 2.0 / (period as f64 + 1.0);
    let (quick, lazy) = (weight(fast), weight(slow));
    let first = fast.max(slow) - 1;
    one([&ad(high, low, close, volume)], |[line], out| {
        let (mut fast, mut slow) = (line[0], line[0]);
        for row in 0..line.len() {
            if row > 0 {
                fast = (1.0 - quick).mul_add(fast, quick * line[row]);
                slow = (1.0 - lazy).mul_add(slow, lazy * line[row]);
            }
            if row >= first {
                out[row] = fast - slow;
            }
        }
    })
}

/// Chaikin money flow.
pub fn cmf(high: &[f64], low: &[f64], close: &[f64], volume: &[f64], period: usize) -> Vec<f64> {
    one(
        [high, low, close, volume],
        |[high, low, close, volume], out| {
            let flow: Vec<f64> = (0..close.len())
                .map(|row| accumulated(high[row], low[row], close[row], volume[row]))
                .collect();
            carried_sum(&flow, period, |row, sum| out[row] = sum);
            carried_sum(volume, period, |row, sum| {
                out[row] = if sum > 0.0 { out[row] / sum } else { 0.0 };
            });
        },
    )
}

/// Volume-weighted average price since midnight UTC; `time` is in milliseconds
/// since 1970. Before anything was traded it is the typical price.
pub fn vwap(time: &[f64], high: &[f64], low: &[f64], close: &[f64], volume: &[f64]) -> Vec<f64> {
    const DAY: f64 = 86_400_000.0;
    one(
        [time, high, low, close, volume],
        |[time, high, low, close, volume], out| {
            let (mut money, mut traded, mut day) = (0.0, 0.0, f64::NAN);
            for row in 0..close.len() {
                let today = (time[row] / DAY).floor();
                if today != day {
                    (money, traded, day) = (0.0, 0.0, today);
                }
                let typical = (high[row] + low[row] + close[row]) / 3.0;
                money += typical * volume[row];
                traded += volume[row];
                out[row] = if traded > 0.0 {
                    money / traded
                } else {
                    typical
                };
            }
        },
    )
}

/// Volume-weighted average price since the first row; 0 before anything was
/// traded.
pub fn vwap_total(high: &[f64], low: &[f64], close: &[f64], volume: &[f64]) -> Vec<f64> {
    one(
        [high, low, close, volume],
        |[high, low, close, volume], out| {
            let (mut money, mut traded) = (0.0, 0.0);
            for row in 0..close.len() {
                let typical = (high[row] + low[row] + close[row]) / 3.0;
                money += typical * volume[row];
                traded += volume[row];
                out[row] = if traded > 0.0 { money / traded } else { 0.0 };
            }
        },
    )
}

/// Volume-weighted average price of the last `period` rows; the typical price
/// where nothing was traded in them.
pub fn vwap_rolling(
    high: &[f64],
    low: &[f64],
    close: &[f64],
    volume: &[f64],
    period: usize,
) -> Vec<f64> {
    one(
        [high, low, close, volume],
        |[high, low, close, volume], out| {
            let typical = |row: usize| (high[row] + low[row] + close[row]) / 3.0;
            let money: Vec<f64> = (0..close.len())
                .map(|row| typical(row) * volume[row])
                .collect();
            let mut traded_since = vec![0; close.len()];
            let mut last = 0;
            for row in 0..close.len() {
                if volume[row] > 0.0 {
                    last = row + 1;
                }
                traded_since[row] = last;
            }
            carried_sum(&money, period, |row, sum| out[row] = sum);
            carried_sum(volume, period, |row, sum| {
                // A carried sum need not return to 0 when all volumes are.
                let traded = traded_since[row] + period > row + 1 && traded_since[row] > 0;
                out[row] = if traded { out[row] / sum } else { typical(row) };
            });
        },
    )
}

/// Volume times the close's place in the range: −1 at the low to 1 at the high.
fn accumulated(high: f64, low: f64, close: f64, volume: f64) -> f64 {
    let range = high - low;
    if range > 0.0 {
        ((close - low) - (high - close)) / range * volume
    } else {
        0.0
    }
}

const HLCV: &[Input] = &[Input::High, Input::Low, Input::Close, Input::Volume];

pub(super) const INDICATORS: &[Indicator] = &[
    Indicator {
        name: "obv",
        summary: "On-balance volume",
        inputs: &[Input::Close, Input::Volume],
        params: &[],
        outputs: &["value"],
        recursive: true,
        warmup: |_| 0,
        compute: |x, _| vec![obv(x[0], x[1])],
        formula: "volumes of rising closes added, of falling ones taken away, begun with the first volume",
        source: Source::exact("TA-Lib `OBV`"),
    },
    Indicator {
        name: "ad",
        summary: "Accumulation/distribution line",
        inputs: HLCV,
        params: &[],
        outputs: &["value"],
        recursive: true,
        warmup: |_| 0,
        compute: |x, _| vec![ad(x[0], x[1], x[2], x[3])],
        formula: "running sum of ((close − low) − (high − close)) / (high − low) · volume; rows of an empty range add 0",
        source: Source::exact("TA-Lib `AD`"),
    },
    Indicator {
        name: "adosc",
        summary: "Chaikin oscillator",
        inputs: HLCV,
        params: &[Param::period("fast", 3, 2), Param::period("slow", 10, 2)],
        outputs: &["value"],
        recursive: true,
        warmup: |p| rows(p[0].max(p[1])) - 1,
        compute: |x, p| vec![adosc(x[0], x[1], x[2], x[3], rows(p[0]), rows(p[1]))],
        formula: "fast − slow exponential average of ad, both begun with its first value",
        source: Source::exact("TA-Lib `ADOSC`"),
    },
    Indicator {
        name: "cmf",
        summary: "Chaikin money flow",
        inputs: HLCV,
        params: &[Param::period("period", 20, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![cmf(x[0], x[1], x[2], x[3], rows(p[0]))],
        formula: "sum of ((close − low) − (high − close)) / (high − low) · volume / sum of volume over the last `period`; 0 without volume",
        source: Source::exact("TA-Lib `CMF`"),
    },
    Indicator {
        name: "vwap",
        summary: "Volume-weighted average price of the session, which begins at midnight UTC",
        inputs: &[
            Input::Time,
            Input::High,
            Input::Low,
            Input::Close,
            Input::Volume,
        ],
        params: &[],
        outputs: &["value"],
        recursive: true,
        warmup: |_| 0,
        compute: |x, _| vec![vwap(x[0], x[1], x[2], x[3], x[4])],
        formula: "sum of (high + low + close) / 3 · volume / sum of volume since midnight UTC; the typical price before anything was traded",
        source: Source::within("pandas: cumulative sums grouped by day", 1e-12),
    },
    Indicator {
        name: "vwap_total",
        summary: "Volume-weighted average price since the first row",
        inputs: HLCV,
        params: &[],
        outputs: &["value"],
        recursive: true,
        warmup: |_| 0,
        compute: |x, _| vec![vwap_total(x[0], x[1], x[2], x[3])],
        formula: "as `vwap`, since the first row of the data; 0 before anything was traded",
        source: Source::exact("TA-Lib `VWAP`"),
    },
    Indicator {
        name: "vwap_rolling",
        summary: "Volume-weighted average price of a window",
        inputs: HLCV,
        params: &[Param::period("period", 20, 1)],
        outputs: &["value"],
        recursive: false,
        warmup: |p| rows(p[0]) - 1,
        compute: |x, p| vec![vwap_rolling(x[0], x[1], x[2], x[3], rows(p[0]))],
        formula: "sum of (high + low + close) / 3 · volume / sum of volume over the last `period`; the typical price where nothing was traded",
        source: Source::within("pandas: rolling sums", 1e-12),
    },
];
