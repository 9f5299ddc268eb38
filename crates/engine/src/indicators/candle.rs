//! Candlestick measures and patterns.
//!
//! A pattern is 100 where it appears with a bullish reading, −100 with a
//! bearish one, and 0 elsewhere. "Long" and "short" compare with the mean of
//! the ten candles before, as TA-Lib's default settings do.

use super::registry::{Compute, Indicator, Input, Source};
use super::runs::one;

/// close − open.
pub fn body(open: &[f64], close: &[f64]) -> Vec<f64> {
    one([open, close], |[open, close], out| {
        for row in 0..close.len() {
            out[row] = close[row] - open[row];
        }
    })
}

/// The body's share of the range, 0 to 1; 0 where the range is empty.
pub fn body_ratio(open: &[f64], high: &[f64], low: &[f64], close: &[f64]) -> Vec<f64> {
    each([open, high, low, close], 0, |candles, row| {
        let range = candles.range(row);
        if range > 0.0 {
            candles.body(row) / range
        } else {
            0.0
        }
    })
}

/// high − the higher end of the body.
pub fn upper_shadow(open: &[f64], high: &[f64], low: &[f64], close: &[f64]) -> Vec<f64> {
    each([open, high, low, close], 0, |candles, row| {
        candles.upper(row)
    })
}

/// The lower end of the body − low.
pub fn lower_shadow(open: &[f64], high: &[f64], low: &[f64], close: &[f64]) -> Vec<f64> {
    each([open, high, low, close], 0, |candles, row| {
        candles.lower(row)
    })
}

/// Columns of one run.
#[derive(Clone, Copy)]
struct Candles<'a> {
    open: &'a [f64],
    high: &'a [f64],
    low: &'a [f64],
    close: &'a [f64],
}

impl Candles<'_> {
    fn body(self, row: usize) -> f64 {
        (self.close[row] - self.open[row]).abs()
    }

    fn range(self, row: usize) -> f64 {
        self.high[row] - self.low[row]
    }

    fn top(self, row: usize) -> f64 {
        self.open[row].max(self.close[row])
    }

    fn bottom(self, row: usize) -> f64 {
        self.open[row].min(self.close[row])
    }

    fn upper(self, row: usize) -> f64 {
        self.high[row] - self.top(row)
    }

    fn lower(self, row: usize) -> f64 {
        self.bottom(row) - self.low[row]
    }

    fn white(self, row: usize) -> bool {
        self.close[row] >= self.open[row]
    }

    /// 1 for white, −1 for black.
    fn sign(self, row: usize) -> f64 {
        if self.white(row) { 1.0 } else { -1.0 }
    }

    /// Mean body of the ten candles before: longer is long, else short.
    fn usual_body(self, row: usize) -> f64 {
        mean_before(row, 10, |at| self.body(at))
    }

    /// A tenth of the mean range of the ten candles before.
    fn very_little(self, row: usize) -> f64 {
        0.1 * mean_before(row, 10, |at| self.range(at))
    }

    /// A fifth of the mean range of the five candles before.
    fn near(self, row: usize) -> f64 {
        0.2 * mean_before(row, 5, |at| self.range(at))
    }

    fn is_doji(self, row: usize) -> bool {
        self.body(row) <= self.very_little(row)
    }

    fn is_long(self, row: usize) -> bool {
        self.body(row) > self.usual_body(row)
    }

    /// A short body with one long shadow and next to none on the other side.
    fn is_pin(self, row: usize, long: f64, none: f64) -> bool {
        self.body(row) < self.usual_body(row)
            && long > self.body(row)
            && none < self.very_little(row)
    }
}

/// The mean of some rows before this one.
fn mean_before(row: usize, rows: usize, of: impl Fn(usize) -> f64) -> f64 {
    let mut sum = 0.0;
    for at in row - rows..row {
        sum += of(at);
    }
    sum / rows as f64
}

fn each(
    columns: [&[f64]; 4],
    warmup: usize,
    value: impl Fn(Candles<'_>, usize) -> f64,
) -> Vec<f64> {
    one(columns, |[open, high, low, close], out| {
        let candles = Candles {
            open,
            high,
            low,
            close,
        };
        for (row, out) in out.iter_mut().enumerate().skip(warmup) {
            *out = value(candles, row);
        }
    })
}

fn signed(appears: bool, reading: f64) -> f64 {
    if appears { 100.0 * reading } else { 0.0 }
}

fn engulfing(c: Candles<'_>, row: usize) -> f64 {
    let before = row - 1;
    if c.white(row) == c.white(before) {
        return 0.0;
    }
    let (top, bottom) = (c.top(row), c.bottom(row));
    let covers = top >= c.top(before) && bottom <= c.bottom(before);
    let strictly = top > c.top(before) && bottom < c.bottom(before);
    match (
        strictly,
        covers && (top > c.top(before) || bottom < c.bottom(before)),
    ) {
        (true, _) => 100.0 * c.sign(row),
        (false, true) => 80.0 * c.sign(row),
        (false, false) => 0.0,
    }
}

fn harami(c: Candles<'_>, row: usize) -> f64 {
    let before = row - 1;
    if !c.is_long(before) || c.is_long(row) {
        return 0.0;
    }
    let inside = c.top(row) < c.top(before) && c.bottom(row) > c.bottom(before);
    let within = c.top(row) <= c.top(before) && c.bottom(row) >= c.bottom(before);
    match (inside, within) {
        (true, _) => -100.0 * c.sign(before),
        (false, true) => -80.0 * c.sign(before),
        (false, false) => 0.0,
    }
}

fn piercing(c: Candles<'_>, row: usize) -> f64 {
    let before = row - 1;
    let appears = !c.white(before)
        && c.is_long(before)
        && c.white(row)
        && c.is_long(row)
        && c.open[row] < c.low[before]
        && c.close[row] < c.open[before]
        && c.close[row] > c.close[before] + c.body(before) * 0.5;
    signed(appears, 1.0)
}

fn dark_cloud_cover(c: Candles<'_>, row: usize) -> f64 {
    let before = row - 1;
    let appears = c.white(before)
        && c.is_long(before)
        && !c.white(row)
        && c.open[row] > c.high[before]
        && c.close[row] > c.open[before]
        && c.close[row] < c.close[before] - c.body(before) * 0.5;
    signed(appears, -1.0)
}

fn morning_star(c: Candles<'_>, row: usize) -> f64 {
    let (first, star) = (row - 2, row - 1);
    let appears = c.is_long(first)
        && !c.white(first)
        && !c.is_long(star)
        && c.top(star) < c.bottom(first)
        && c.body(row) > c.usual_body(row)
        && c.white(row)
        && c.close[row] > c.close[first] + c.body(first) * 0.3;
    signed(appears, 1.0)
}

fn evening_star(c: Candles<'_>, row: usize) -> f64 {
    let (first, star) = (row - 2, row - 1);
    let appears = c.is_long(first)
        && c.white(first)
        && !c.is_long(star)
        && c.bottom(star) > c.top(first)
        && c.body(row) > c.usual_body(row)
        && !c.white(row)
        && c.close[row] < c.close[first] - c.body(first) * 0.3;
    signed(appears, -1.0)
}

const OHLC: &[Input] = &[Input::Open, Input::High, Input::Low, Input::Close];

const fn entry(
    name: &'static str,
    summary: &'static str,
    warmup: fn(&[f64]) -> usize,
    compute: Compute,
    formula: &'static str,
    source: Source,
) -> Indicator {
    Indicator {
        name,
        summary,
        inputs: OHLC,
        params: &[],
        outputs: &["value"],
        recursive: false,
        warmup,
        compute,
        formula,
        source,
    }
}

macro_rules! pattern {
    ($name:literal, $summary:literal, $warmup:literal, $reference:literal, $formula:literal, $of:expr) => {
        entry(
            $name,
            $summary,
            |_| $warmup,
            |x, _| vec![each([x[0], x[1], x[2], x[3]], $warmup, $of)],
            $formula,
            Source::exact(concat!("TA-Lib `", $reference, "`")),
        )
    };
}

pub(super) const INDICATORS: &[Indicator] = &[
    entry(
        "body",
        "Body of the candle, signed",
        |_| 0,
        |x, _| vec![body(x[0], x[3])],
        "close − open",
        Source::exact("pandas"),
    ),
    entry(
        "body_ratio",
        "Body as a share of the range",
        |_| 0,
        |x, _| vec![body_ratio(x[0], x[1], x[2], x[3])],
        "|close − open| / (high − low); 0 where the range is empty",
        Source::exact("pandas"),
    ),
    entry(
        "upper_shadow",
        "Upper shadow of the candle",
        |_| 0,
        |x, _| vec![upper_shadow(x[0], x[1], x[2], x[3])],
        "high − max(open, close)",
        Source::exact("pandas"),
    ),
    entry(
        "lower_shadow",
        "Lower shadow of the candle",
        |_| 0,
        |x, _| vec![lower_shadow(x[0], x[1], x[2], x[3])],
        "min(open, close) − low",
        Source::exact("pandas"),
    ),
    pattern!(
        "cdl_doji",
        "Doji: next to no body",
        10,
        "CDLDOJI",
        "body ≤ 10 % of the mean range of the 10 candles before",
        |c, row| signed(c.is_doji(row), 1.0)
    ),
    pattern!(
        "cdl_dragonfly_doji",
        "Dragonfly doji: a doji at the top of its range",
        10,
        "CDLDRAGONFLYDOJI",
        "doji; upper shadow < 10 % of the mean range of the 10 candles before, lower shadow longer than that",
        |c, row| {
            let little = c.very_little(row);
            signed(
                c.is_doji(row) && c.upper(row) < little && c.lower(row) > little,
                1.0,
            )
        }
    ),
    pattern!(
        "cdl_gravestone_doji",
        "Gravestone doji: a doji at the bottom of its range",
        10,
        "CDLGRAVESTONEDOJI",
        "doji; lower shadow < 10 % of the mean range of the 10 candles before, upper shadow longer than that",
        |c, row| {
            let little = c.very_little(row);
            signed(
                c.is_doji(row) && c.lower(row) < little && c.upper(row) > little,
                1.0,
            )
        }
    ),
    pattern!(
        "cdl_long_legged_doji",
        "Long-legged doji: a doji with a long shadow",
        10,
        "CDLLONGLEGGEDDOJI",
        "doji with a shadow longer than its body",
        |c, row| {
            let long = c.lower(row) > c.body(row) || c.upper(row) > c.body(row);
            signed(c.is_doji(row) && long, 1.0)
        }
    ),
    pattern!(
        "cdl_spinning_top",
        "Spinning top: a short body between longer shadows",
        10,
        "CDLSPINNINGTOP",
        "body shorter than the mean of the 10 before and than both shadows; signed by colour",
        |c, row| {
            let appears = c.body(row) < c.usual_body(row)
                && c.upper(row) > c.body(row)
                && c.lower(row) > c.body(row);
            signed(appears, c.sign(row))
        }
    ),
    pattern!(
        "cdl_marubozu",
        "Marubozu: a long body next to without shadows",
        10,
        "CDLMARUBOZU",
        "body longer than the mean of the 10 before, both shadows < 10 % of their mean range; signed by colour",
        |c, row| {
            let little = c.very_little(row);
            let appears = c.is_long(row) && c.upper(row) < little && c.lower(row) < little;
            signed(appears, c.sign(row))
        }
    ),
    pattern!(
        "cdl_hammer",
        "Hammer: a short body over a long shadow, near the low before",
        11,
        "CDLHAMMER",
        "short body, lower shadow longer than it, next to no upper shadow, body's bottom at most a fifth of the mean range of 5 above the low before",
        |c, row| {
            let near = c.bottom(row) <= c.low[row - 1] + c.near(row - 1);
            signed(c.is_pin(row, c.lower(row), c.upper(row)) && near, 1.0)
        }
    ),
    pattern!(
        "cdl_hanging_man",
        "Hanging man: a short body over a long shadow, near the high before",
        11,
        "CDLHANGINGMAN",
        "as the hammer, with the body's bottom at most a fifth of the mean range of 5 below the high before",
        |c, row| {
            let near = c.bottom(row) >= c.high[row - 1] - c.near(row - 1);
            signed(c.is_pin(row, c.lower(row), c.upper(row)) && near, -1.0)
        }
    ),
    pattern!(
        "cdl_inverted_hammer",
        "Inverted hammer: a short body under a long shadow, gapping down",
        11,
        "CDLINVERTEDHAMMER",
        "short body, upper shadow longer than it, next to no lower shadow, body wholly below the body before",
        |c, row| {
            let gap = c.top(row) < c.bottom(row - 1);
            signed(c.is_pin(row, c.upper(row), c.lower(row)) && gap, 1.0)
        }
    ),
    pattern!(
        "cdl_shooting_star",
        "Shooting star: a short body under a long shadow, gapping up",
        11,
        "CDLSHOOTINGSTAR",
        "as the inverted hammer, with the body wholly above the body before",
        |c, row| {
            let gap = c.bottom(row) > c.top(row - 1);
            signed(c.is_pin(row, c.upper(row), c.lower(row)) && gap, -1.0)
        }
    ),
    pattern!(
        "cdl_engulfing",
        "Engulfing: the body covers the one before, of the other colour",
        2,
        "CDLENGULFING",
        "100 where both ends lie outside, 80 where one is equal; signed by colour",
        engulfing
    ),
    pattern!(
        "cdl_harami",
        "Harami: a short body inside the long one before",
        11,
        "CDLHARAMI",
        "100 where both ends lie inside, 80 where one or both are equal; signed against the colour before",
        harami
    ),
    pattern!(
        "cdl_piercing",
        "Piercing: opens below a long black candle and closes in its upper half",
        11,
        "CDLPIERCING",
        "long black, then long white from below its low to between its body's middle and top",
        piercing
    ),
    pattern!(
        "cdl_dark_cloud_cover",
        "Dark cloud cover: opens above a long white candle and closes in its lower half",
        11,
        "CDLDARKCLOUDCOVER",
        "long white, then black from above its high to between its body's bottom and middle",
        dark_cloud_cover
    ),
    pattern!(
        "cdl_morning_star",
        "Morning star: long black, a short body below it, white into the first",
        12,
        "CDLMORNINGSTAR",
        "the short body gaps down; the third, white and not short, closes more than 30 % into the first body",
        morning_star
    ),
    pattern!(
        "cdl_evening_star",
        "Evening star: long white, a short body above it, black into the first",
        12,
        "CDLEVENINGSTAR",
        "the short body gaps up; the third, black and not short, closes more than 30 % into the first body",
        evening_star
    ),
];
