//! Candles of a report, packed small.

use std::fmt::Write as _;

use fondaco_contract::v1alpha1::BacktestResult;
use fondaco_domain::{Bar, Bars};
use serde_json::{Value, json};

use crate::format::duration;
use crate::html::{Text, section};
use crate::thin;

/// Candles of all pairs together; each takes about twelve bytes.
const ALL_CANDLES: usize = 120_000;
/// Candles of one pair, between which its share of them all is kept.
const PAIR_CANDLES: std::ops::RangeInclusive<usize> = 400..=12_000;

/// The candles a pair's trades are drawn on.
#[derive(Debug, Clone, Copy)]
pub struct PairCandles<'a> {
    /// The instrument, as the result names it.
    pub pair: &'a str,
    /// Its candles in the range of the run.
    pub bars: &'a Bars,
}

/// The chart of trades on candles: its frame, which the script fills.
pub(crate) fn chart(result: &BacktestResult, candles: &[PairCandles<'_>]) -> String {
    if candles.is_empty() {
        return String::new();
    }
    let mut options = String::new();
    for (place, candles) in candles.iter().enumerate() {
        let trades = result.trades.iter().filter(|t| t.pair == candles.pair);
        let pair = Text(candles.pair);
        let _ = write!(
            options,
            "<option value=\"{place}\">{pair} ({})</option>",
            trades.count()
        );
    }
    let merged = candles
        .iter()
        .map(|pair| merge_factor(pair, candles.len()))
        .max()
        .unwrap_or(1);
    let note = if merged > 1 {
        format!(" Up to {merged} candles are merged into one to keep the file small.")
    } else {
        String::new()
    };
    let body = format!(
        "<div class=\"tools\"><label>Pair <select id=\"pair\">{options}</select></label>\
         <span class=\"buttons\"><button type=\"button\" id=\"trade-prev\">Previous trade</button>\
         <button type=\"button\" id=\"trade-next\">Next trade</button>\
         <button type=\"button\" id=\"candles-in\" aria-label=\"Zoom in\">+</button>\
         <button type=\"button\" id=\"candles-out\" aria-label=\"Zoom out\">−</button>\
         <button type=\"button\" id=\"candles-all\">All</button></span></div>\n\
         <div class=\"chart\" id=\"candles\" tabindex=\"0\" role=\"img\" aria-label=\"Candles of the chosen pair with its trades. Left and right arrows move, plus and minus zoom.\">\
         <canvas></canvas><div class=\"tip\" hidden></div></div>\n\
         <p class=\"note\">Drag to move, scroll with Ctrl or pinch to zoom. Triangles are entries, squares exits, circles the single fills of a trade that has several.{note}</p>\n"
    );
    section("candles-section", "Trades on candles", &body)
}

/// One pair's candles for the script. Prices are whole multiples of `unit`:
/// per candle its open less the close before, its close less its open, and how
/// far high and low reach beyond the two.
pub(crate) fn candle_data(pair: &PairCandles<'_>, pairs: usize) -> Value {
    let factor = merge_factor(pair, pairs);
    let candles = thin::merged(pair.bars, factor);
    let exponent = unit_exponent(&candles);
    let unit = |price: f64| (price / 10_f64.powi(exponent)).round() as i64;
    let step = usual_step(pair.bars);
    let mut packed = Vec::with_capacity(candles.len() * 4);
    let mut close_before = 0;
    for candle in &candles {
        let (open, close) = (unit(candle.open), unit(candle.close));
        packed.extend([
            open - close_before,
            close - open,
            unit(candle.high) - open.max(close),
            open.min(close) - unit(candle.low),
        ]);
        close_before = close;
    }
    json!({
        "name": pair.pair,
        "step": step * factor as i64 / 1000,
        "length": duration((step * factor as i64 / 1000) as f64),
        "t0": candles.first().map_or(0, |candle| candle.time.0 / 1000),
        "gaps": gaps(&candles, step * factor as i64),
        "exponent": exponent,
        "packed": packed,
    })
}

fn merge_factor(pair: &PairCandles<'_>, pairs: usize) -> usize {
    let share = ALL_CANDLES / pairs.max(1);
    let limit = share.clamp(*PAIR_CANDLES.start(), *PAIR_CANDLES.end());
    thin::merge_factor(pair.bars.len(), limit)
}

/// The power of ten that leaves five digits of the lowest price.
fn unit_exponent(candles: &[Bar]) -> i32 {
    let lowest = candles
        .iter()
        .map(|candle| candle.low)
        .filter(|&low| low > 0.0)
        .fold(f64::INFINITY, f64::min);
    if lowest.is_finite() {
        lowest.log10().floor() as i32 - 4
    } else {
        -4
    }
}

/// The shortest time between two candles, in milliseconds.
fn usual_step(bars: &Bars) -> i64 {
    bars.time()
        .windows(2)
        .map(|pair| pair[1].0 - pair[0].0)
        .min()
        .unwrap_or(60_000)
}

/// Where a candle does not follow one step after the one before: its row and
/// the seconds beyond the step.
fn gaps(candles: &[Bar], step: i64) -> Vec<[i64; 2]> {
    let apart = candles.windows(2).enumerate();
    apart
        .filter_map(|(row, pair)| {
            let extra = pair[1].time.0 - pair[0].time.0 - step;
            (extra != 0).then_some([row as i64 + 1, extra / 1000])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use fondaco_domain::UnixMillis;

    use super::*;

    #[test]
    fn packed_candles_unpack_to_the_prices() {
        let candle = |time: i64, open, high, low, close| Bar {
            time: UnixMillis(time * 60_000),
            open,
            high,
            low,
            close,
            volume: 1.0,
        };
        let rows = [
            candle(0, 0.0914, 0.0924, 0.091, 0.092_38),
            candle(1, 0.0924, 0.093, 0.0921, 0.0929),
            candle(4, 0.0929, 0.0929, 0.0925, 0.0926),
        ];
        let bars = Bars::from_rows(rows).unwrap();
        let pair = PairCandles {
            pair: "ETH/BTC",
            bars: &bars,
        };
        let data = candle_data(&pair, 1);
        assert_eq!(
            (&data["step"], &data["t0"], &data["gaps"]),
            (&json!(60), &json!(0), &json!([[2, 120]]))
        );
        assert_eq!(data["exponent"], json!(-6));
        assert_eq!(
            data["packed"],
            json!([91_400, 980, 20, 400, 20, 500, 100, 300, 0, -300, 0, 100])
        );
    }
}
