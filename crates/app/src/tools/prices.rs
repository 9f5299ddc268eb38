//! `prices`: the last candles.

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::function::{self, End, Function, Said, Source, Trouble};
use super::known::{Known, Series};
use super::text;

const USUAL: usize = 60;
const MOST: usize = 500;

pub(super) const PRICES: Function = Function {
    name: "prices",
    description: "The last candles of an instrument that had closed at the clock, oldest first: \
                  rows of date, open, high, low, close, volume. Of one that \
                  has just opened, the last, nothing but the open is known.",
    parameters,
    answer,
};

fn parameters() -> Value {
    let bars = function::count("How many candles.", USUAL, MOST);
    function::schema(
        &[
            ("symbol", function::symbol()),
            ("timeframe", function::timeframe()),
            ("bars", bars),
            ("until", function::until()),
        ],
        &["symbol"],
    )
}

fn answer(arguments: &Arguments<'_>, known: &Known<'_>) -> Result<Said, Trouble> {
    let symbol = arguments.symbol()?;
    let timeframe = arguments.timeframe()?.unwrap_or(known.timeframe());
    let count = arguments.count("bars", USUAL, MOST)?;
    let known = known.until(arguments.until()?);
    let series = match known.series(&symbol, timeframe)? {
        Ok(series) => series,
        Err(absent) => return Ok(Said::absent(&symbol, absent)),
    };
    let bars = series.last(count);
    let row = |bar: fondaco_domain::Bar| {
        let date = text::opened(bar.time, timeframe);
        json!([date, bar.open, bar.high, bar.low, bar.close, bar.volume])
    };
    let mut rows: Vec<Value> = bars.rows().map(row).collect();
    if let Some((stamp, open)) = known.opening(&series) {
        rows.push(json!([
            text::opened(stamp, timeframe),
            open,
            null,
            null,
            null,
            null
        ]));
    }
    Ok(Said::new(json!({
        "symbol": symbol,
        "timeframe": timeframe,
        "rows": rows,
    }))
    .shortened_at("rows", End::First)
    .read(source(&series, &bars)))
}

/// What an answer over candles rests on.
pub(super) fn source(series: &Series, bars: &fondaco_domain::Bars) -> Source {
    Source {
        name: series.source(),
        from: bars.time().first().copied(),
        until: bars.time().last().map(|open| series.close_of(*open)),
        rows: bars.len(),
    }
}
