//! Which column of a table is what, by name.

use std::path::Path;

use fondaco_app::data::{QuoteSide, ReadOptions, SkipReason};

use crate::error::ReadError;

const DATE_TIME: &[&str] = &[
    "open_time",
    "opentime",
    "timestamp",
    "timestamp_utc",
    "datetime",
    "date_time",
    "datetime_utc",
    "date",
    "date_utc",
    "trade_date",
    "time",
    "ts",
    "",
    "unnamed:_0",
    "index",
    "__index_level_0__",
];
const SYMBOL: &[&str] = &[
    "symbol",
    "ticker",
    "instrument",
    "pair",
    "code",
    "con_code",
    "ts_code",
];
const OPEN: &[&str] = &["open", "o", "open_price"];
const HIGH: &[&str] = &["high", "h", "high_price"];
const LOW: &[&str] = &["low", "l", "low_price"];
const CLOSE: &[&str] = &["close", "c", "close_price", "close_last"];
const VOLUME: &[&str] = &["volume", "vol", "v", "base_volume", "vol."];

/// Where a number of a candle comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// One column.
    One(usize),
    /// The mean of two.
    Mean(usize, usize),
    /// The sum of two.
    Sum(usize, usize),
}

impl Source {
    /// The value of a row, given its columns.
    pub(crate) fn value(self, cell: impl Fn(usize) -> f64) -> f64 {
        match self {
            Self::One(at) => cell(at),
            Self::Mean(a, b) => f64::midpoint(cell(a), cell(b)),
            Self::Sum(a, b) => cell(a) + cell(b),
        }
    }

    /// The columns it needs.
    pub(crate) fn columns(self) -> impl Iterator<Item = usize> {
        let (first, second) = match self {
            Self::One(at) => (at, None),
            Self::Mean(a, b) | Self::Sum(a, b) => (a, Some(b)),
        };
        std::iter::once(first).chain(second)
    }
}

/// The columns of a table of candles.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candles {
    pub(crate) time: usize,
    /// A time of day apart from the date.
    pub(crate) clock: Option<usize>,
    pub(crate) symbol: Option<usize>,
    /// Open, high, low, close.
    pub(crate) prices: [Source; 4],
    pub(crate) volume: Option<Source>,
}

/// What a table is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Layout {
    Candles(Candles),
    /// One column of closes for each instrument.
    Wide {
        time: usize,
        closes: Vec<usize>,
    },
    Skipped(SkipReason),
}

/// Tells by the names of its columns what a table is.
pub(crate) fn layout(
    path: &Path,
    names: &[String],
    options: &ReadOptions,
) -> Result<Layout, ReadError> {
    let plain: Vec<String> = names.iter().map(|name| normal(name)).collect();
    let find = |aliases: &[&str]| {
        aliases
            .iter()
            .find_map(|alias| plain.iter().position(|name| name == alias))
    };
    let has = |name: &str| plain.iter().any(|it| it == name);
    let prices = [OPEN, HIGH, LOW, CLOSE].map(find);
    let time = DATE_TIME
        .iter()
        .find_map(|alias| plain.iter().position(|name| name == alias))
        // A column without a name is the time only where it comes first.
        .filter(|&at| !plain[at].is_empty() || at == 0);
    let skipped = |holds: &str| {
        Ok(Layout::Skipped(SkipReason::NotCandles {
            holds: holds.to_owned(),
        }))
    };
    if let [Some(open), Some(high), Some(low), Some(close)] = prices {
        let time = time.ok_or_else(|| missing(path, "time", names))?;
        let clock = plain.iter().position(|name| name == "time");
        return Ok(Layout::Candles(Candles {
            time,
            clock: clock.filter(|_| matches!(plain[time].as_str(), "date" | "trade_date")),
            symbol: find(SYMBOL),
            prices: [open, high, low, close].map(Source::One),
            volume: find(VOLUME).map(Source::One),
        }));
    }
    if has("bid_open") && has("ask_open") {
        let time = time.ok_or_else(|| missing(path, "time", names))?;
        return Ok(match options.side {
            Some(side) => Layout::Candles(quotes(path, names, &plain, time, find(SYMBOL), side)?),
            None => Layout::Skipped(SkipReason::SideNotStated),
        });
    }
    if has("bid") && has("ask") {
        return skipped("single quotes");
    }
    if has("price") && (has("amount") || has("size") || has("quantity") || has("side")) {
        return skipped("single trades");
    }
    if has("weight") {
        return skipped("index weights");
    }
    if has("lot_size") || has("minimum_price_variation") {
        return skipped("properties of instruments");
    }
    let Some(time) = time else {
        return skipped("a table without time and prices");
    };
    if prices.iter().any(Option::is_some) {
        let column = ["open", "high", "low", "close"]
            .into_iter()
            .zip(prices)
            .find_map(|(name, at)| at.is_none().then_some(name))
            .unwrap_or("open");
        return Err(missing(path, column, names));
    }
    let closes: Vec<usize> = (0..names.len()).filter(|&at| at != time).collect();
    Ok(match (closes.is_empty(), options.wide) {
        (true, _) => return skipped("a column of times"),
        (false, true) => Layout::Wide { time, closes },
        (false, false) => Layout::Skipped(SkipReason::WideNotStated {
            columns: closes.len(),
        }),
    })
}

/// `1. open`, `<OPEN>`, `Open Time` and `open-time` in one spelling.
pub(crate) fn normal(name: &str) -> String {
    let name = name.trim_start_matches('\u{feff}').trim();
    let name = name.trim_matches(['"', '<', '>']).trim().to_lowercase();
    let unnumbered = match name.split_once(". ") {
        Some((number, rest)) if number.bytes().all(|b| b.is_ascii_alphanumeric()) => rest,
        _ => &name,
    };
    unnumbered.trim().replace([' ', '-', '/'], "_")
}

fn quotes(
    path: &Path,
    names: &[String],
    plain: &[String],
    time: usize,
    symbol: Option<usize>,
    side: QuoteSide,
) -> Result<Candles, ReadError> {
    let column = |name: &'static str| {
        plain
            .iter()
            .position(|it| it == name)
            .ok_or_else(|| missing(path, name, names))
    };
    let price = |bid: &'static str, ask: &'static str| {
        Ok(match side {
            QuoteSide::Bid => Source::One(column(bid)?),
            QuoteSide::Ask => Source::One(column(ask)?),
            QuoteSide::Mid => Source::Mean(column(bid)?, column(ask)?),
        })
    };
    let prices = [
        price("bid_open", "ask_open")?,
        price("bid_high", "ask_high")?,
        price("bid_low", "ask_low")?,
        price("bid_close", "ask_close")?,
    ];
    let volume = match (column("bid_size").ok(), column("ask_size").ok(), side) {
        (Some(bid), _, QuoteSide::Bid) => Some(Source::One(bid)),
        (_, Some(ask), QuoteSide::Ask) => Some(Source::One(ask)),
        (Some(bid), Some(ask), QuoteSide::Mid) => Some(Source::Sum(bid, ask)),
        _ => None,
    };
    Ok(Candles {
        time,
        clock: None,
        symbol,
        prices,
        volume,
    })
}

fn missing(path: &Path, column: &'static str, names: &[String]) -> ReadError {
    ReadError::MissingColumn {
        path: path.into(),
        column,
        found: names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(header: &str, options: &ReadOptions) -> Result<Layout, ReadError> {
        let names: Vec<String> = header.split(',').map(str::to_owned).collect();
        layout(Path::new("x.csv"), &names, options)
    }

    #[test]
    fn columns_go_by_many_names() {
        for header in [
            "date,open,high,low,close,volume",
            ",Open,High,Low,Close,Volume",
            "timestamp_utc,1. open,2. high,3. low,4. close,5. volume",
            "<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
            "Open Time,Open,High,Low,Close,Volume",
        ] {
            let Ok(Layout::Candles(found)) = tell(header, &ReadOptions::default()) else {
                panic!("{header}");
            };
            assert_eq!(
                (found.time, found.prices),
                (0, [1, 2, 3, 4].map(Source::One)),
                "{header}"
            );
            assert_eq!(found.volume, Some(Source::One(5)), "{header}");
        }
    }

    #[test]
    fn the_open_time_wins_and_a_clock_joins_a_date() {
        let of = |header: &str| match tell(header, &ReadOptions::default()) {
            Ok(Layout::Candles(found)) => (found.time, found.clock, found.symbol),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            of("close_time,open_time,open,high,low,close"),
            (1, None, None)
        );
        assert_eq!(of("Date,Time,Open,High,Low,Close"), (0, Some(1), None));
        assert_eq!(
            of("Ticker,Date,Open,High,Low,Close,Volume,Adj Close"),
            (1, None, Some(0))
        );
    }

    #[test]
    fn other_tables_are_known_for_what_they_are() {
        let skip = |header: &str| match tell(header, &ReadOptions::default()) {
            Ok(Layout::Skipped(reason)) => reason.describe(),
            other => panic!("{header}: {other:?}"),
        };
        assert_eq!(
            skip("timestamp,id,type,side,price,amount,cost"),
            "single trades, not candles"
        );
        assert_eq!(
            skip("timestamp,bid,ask,volume"),
            "single quotes, not candles"
        );
        assert_eq!(
            skip("index_code,con_code,trade_date,weight"),
            "index weights, not candles"
        );
        assert_eq!(
            skip("Date,AAPL,AMD"),
            "closes of 2 instruments side by side: state --wide"
        );
        assert!(skip("date,bid_open,bid_high,bid_low,bid_close,ask_open").contains("--side"));
        assert!(matches!(
            tell("date,open,high,close", &ReadOptions::default()),
            Err(ReadError::MissingColumn { column: "low", .. })
        ));
    }
}
