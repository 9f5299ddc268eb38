//! `indicators`: what the last candle that had closed comes to.

use fondaco_domain::Bars;
use fondaco_engine::indicators::{average, direction, momentum, volatility, window};
use serde_json::{Map, Value, json};

use super::arguments::Arguments;
use super::function::{self, Function, Said, Trouble};
use super::known::Known;
use super::{prices, text};

/// Candles that are looked at, at most: averages without an end have settled
/// long before.
const HISTORY: usize = 5_000;

/// Significant digits of a value.
const DIGITS: usize = 6;

pub(super) const INDICATORS: Function = Function {
    name: "indicators",
    description: "Indicators of an instrument at its last candle that had closed at the clock; \
                  null where there are too few candles. Names end in their number of candles. \
                  return_*, volatility_20 (deviation of the returns of single candles) and \
                  drawdown_252 (close below the highest high) are fractions: 0.05 is 5 %.",
    parameters,
    answer,
};

fn parameters() -> Value {
    function::schema(
        &[
            ("symbol", function::symbol()),
            ("timeframe", function::timeframe()),
            ("until", function::until()),
        ],
        &["symbol"],
    )
}

fn answer(arguments: &Arguments<'_>, known: &Known<'_>) -> Result<Said, Trouble> {
    let symbol = arguments.symbol()?;
    let timeframe = arguments.timeframe()?.unwrap_or(known.timeframe());
    let known = known.until(arguments.until()?);
    let series = match known.series(&symbol, timeframe)? {
        Ok(series) => series,
        Err(absent) => return Ok(Said::absent(&symbol, absent)),
    };
    let bars = series.last(HISTORY);
    let open = bars.time().last().copied().unwrap_or_default();
    Ok(Said::new(json!({
        "symbol": symbol,
        "timeframe": timeframe,
        "as_of": text::opened(open, timeframe),
        "close": last(bars.close()),
        "values": values(&bars),
    }))
    .read(prices::source(&series, &bars)))
}

/// Every indicator at the last candle.
fn values(bars: &Bars) -> Map<String, Value> {
    let (high, low, close) = (bars.high(), bars.low(), bars.close());
    let macd = momentum::macd(close, 12, 26, 9);
    let bands = volatility::bbands(close, 20, 2.0);
    let highest = last(&window::highest(high, 252));
    let returns = momentum::rocp(close, 1);
    let usual_volume = last(&average::sma(bars.volume(), 20));
    let values = [
        ("sma_20", last(&average::sma(close, 20))),
        ("sma_50", last(&average::sma(close, 50))),
        ("sma_200", last(&average::sma(close, 200))),
        ("ema_12", last(&average::ema(close, 12))),
        ("ema_26", last(&average::ema(close, 26))),
        ("macd", last(&macd.macd)),
        ("macd_signal", last(&macd.signal)),
        ("macd_hist", last(&macd.hist)),
        ("rsi_14", last(&momentum::rsi(close, 14))),
        ("bb_upper", last(&bands.upper)),
        ("bb_middle", last(&bands.middle)),
        ("bb_lower", last(&bands.lower)),
        ("atr_14", last(&volatility::atr(high, low, close, 14))),
        ("adx_14", last(&direction::adx(high, low, close, 14))),
        ("volume_ratio_20", last(bars.volume()) / usual_volume),
        ("return_5", last(&momentum::rocp(close, 5))),
        ("return_20", last(&momentum::rocp(close, 20))),
        ("return_60", last(&momentum::rocp(close, 60))),
        ("volatility_20", last(&volatility::stddev(&returns, 20))),
        ("high_252", highest),
        ("low_252", last(&window::lowest(low, 252))),
        ("drawdown_252", last(close) / highest - 1.0),
    ];
    values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), text::number(value, DIGITS)))
        .collect()
}

/// The last row; no number where there is none.
fn last(column: &[f64]) -> f64 {
    column.last().copied().unwrap_or(f64::NAN)
}
