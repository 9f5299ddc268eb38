//! Alpha Vantage's answers, in files and over the wire.

use std::fmt;
use std::path::Path;

use fondaco_app::data::{Decimal, FileContent, RawSeries, ReadOptions, SkipReason};
use fondaco_domain::Timeframe;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::FileName;
use super::columns::normal;
use super::number::{self, Evidence};
use super::stamp;
use super::table::{Origin, Table};
use crate::error::{CellProblem, ReadError};

/// Keys of what is said in place of prices.
const MESSAGES: [&str; 3] = ["Note", "Information", "Error Message"];

/// Pairs of an object as they stand there: what stands twice is there twice.
pub(crate) type Pairs<V> = Vec<(String, V)>;

/// An answer: `Meta Data` and `Time Series (Daily)`, or words.
#[derive(Debug, Default)]
pub(crate) struct Vantage {
    meta: Map<String, Value>,
    /// The name of the series, and its rows as they stand there.
    pub(crate) series: Option<(String, Pairs<Pairs<Value>>)>,
    /// Words by key.
    pub(crate) messages: Pairs<String>,
    /// Whether there is anything else.
    others: bool,
}

impl Vantage {
    /// Whether the object is empty.
    pub(crate) fn is_blank(&self) -> bool {
        self.series.is_none() && self.meta.is_empty() && self.messages.is_empty() && !self.others
    }

    /// A fact of its meta data, by its name in lower case with `_`.
    pub(crate) fn about(&self, name: &str) -> Option<&str> {
        let found = self.meta.iter().find(|(key, _)| normal(key) == name);
        found?.1.as_str()
    }

    /// Its rows. What it says of itself counts before the name of the file,
    /// and what the user states before both.
    pub(crate) fn series(
        &self,
        path: &Path,
        options: &ReadOptions,
    ) -> Result<FileContent<RawSeries>, ReadError> {
        let mut name = FileName::of(path);
        name.symbol = self
            .about("symbol")
            .and_then(|symbol| symbol.parse().ok())
            .or(name.symbol);
        name.timeframe = match self.about("interval") {
            Some(interval) => interval.replace("min", "m").parse().ok(),
            None => name.timeframe.or_else(|| self.length()),
        };
        let origin = Origin {
            path,
            name: &name,
            options,
            zone: self.about("time_zone"),
        };
        let rows = self.series.as_ref().map_or(&[][..], |(_, rows)| rows);
        table(path, options, rows)?.into_series(&origin)
    }
}

impl Vantage {
    /// The candle length in the name of the series: `Time Series (Daily)`,
    /// `Time Series (60min)`.
    fn length(&self) -> Option<Timeframe> {
        let (name, _) = self.series.as_ref()?;
        let (_, length) = name.split_once('(')?;
        match length.trim_end_matches(')') {
            "Daily" => Some(Timeframe::DAY),
            other => other.replace("min", "m").parse().ok(),
        }
    }
}

/// One answer a line, as the AI-Trader benchmark merges them: opens are called
/// buy prices and closes sell prices there, and the newest candle has its open
/// only.
pub(crate) fn lines(
    path: &Path,
    options: &ReadOptions,
) -> Result<FileContent<RawSeries>, ReadError> {
    let bytes = super::load_bytes(path)?;
    let mut all = Vec::new();
    for (line, text) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if text.trim_ascii().is_empty() {
            continue;
        }
        let answer: Vantage = match serde_json::from_slice(text) {
            Ok(answer) => answer,
            // Logs, news and other lists are no candles, whatever they hold.
            Err(_) if all.is_empty() => return Ok(others()),
            Err(cause) => {
                let problem = format!("line {}: {cause}", line + 1);
                return Err(ReadError::damaged(path, "JSON lines", problem));
            }
        };
        if answer.series.is_none() {
            return Ok(others());
        }
        match answer.series(path, options)? {
            FileContent::Series(series) => all.extend(series),
            skipped @ FileContent::Skipped(_) => return Ok(skipped),
        }
    }
    if all.is_empty() {
        return Ok(others());
    }
    Ok(FileContent::Series(all))
}

fn others() -> FileContent<RawSeries> {
    FileContent::Skipped(SkipReason::NotCandles {
        holds: "one JSON object a line".to_owned(),
    })
}

/// Each key a stamp, each value an object of numbers in text, newest first.
fn table(
    path: &Path,
    options: &ReadOptions,
    series: &[(String, Pairs<Value>)],
) -> Result<Table, ReadError> {
    let mut table = Table::default();
    let newest = series.iter().map(|(key, _)| key).max();
    for (row, (key, fields)) in series.iter().enumerate() {
        let line = row + 1;
        let stamp = stamp::parse(key)
            .ok_or_else(|| cell(path, line, "time", key, CellProblem::NotATime))?;
        let number = |column: &'static str| {
            let field = fields.iter().find(|(name, _)| is(&normal(name), column));
            field
                .map(|(_, value)| double(path, line, column, value, options))
                .transpose()
        };
        let price = |column: &'static str| {
            number(column)?.ok_or_else(|| ReadError::MissingColumn {
                path: path.into(),
                column,
                found: format!("fields of {key}: {}", names(fields)),
            })
        };
        let opened = || fields.len() == 1 && newest == Some(key);
        let [open, high, low, close] = if opened() {
            // It has only begun: there is nothing else to know of it.
            [price("open")?, f64::NAN, f64::NAN, f64::NAN]
        } else {
            [
                price("open")?,
                price("high")?,
                price("low")?,
                price("close")?,
            ]
        };
        let volume = number("volume")?.unwrap_or(0.0);
        table.push(line, stamp, [open, high, low, close, volume]);
    }
    // The newest candle comes first in these files; that is no disorder.
    if newest_first(series) {
        table.lines.reverse();
        table.stamps.reverse();
        for column in &mut table.numbers {
            column.reverse();
        }
    }
    Ok(table)
}

/// Whether a field is a column, by its own name or that of the merged form.
fn is(name: &str, column: &str) -> bool {
    name == column
        || matches!(
            (name, column),
            ("buy_price", "open") | ("sell_price", "close")
        )
}

/// Stamps of one form are in the order of time when they are in that of texts.
fn newest_first(series: &[(String, Pairs<Value>)]) -> bool {
    match (series.first(), series.last()) {
        (Some((first, _)), Some((last, _))) => first > last,
        _ => false,
    }
}

fn names(fields: &[(String, Value)]) -> String {
    let names: Vec<&str> = fields.iter().map(|(name, _)| &**name).collect();
    names.join(", ")
}

/// A number in text, or a number.
fn double(
    path: &Path,
    line: usize,
    column: &'static str,
    value: &Value,
    options: &ReadOptions,
) -> Result<f64, ReadError> {
    let text = match value {
        Value::String(text) => text.as_str(),
        Value::Number(number) => {
            return number.as_f64().ok_or_else(|| {
                let text = number.to_string();
                cell(path, line, column, &text, CellProblem::NotFinite)
            });
        }
        other => {
            let text = other.to_string();
            return Err(cell(path, line, column, &text, CellProblem::NotANumber));
        }
    };
    let decimal = match (options.decimal, number::evidence(text)) {
        (Some(decimal), _) | (None, Evidence::Proves(decimal)) => decimal,
        (None, Evidence::Plain) => Decimal::Point,
        (None, Evidence::Either) => {
            return Err(ReadError::AmbiguousNumber {
                path: path.into(),
                line,
                column: column.to_owned(),
                value: text.to_owned(),
            });
        }
    };
    number::parse(text, decimal)
        .ok_or_else(|| cell(path, line, column, text, CellProblem::NotANumber))
}

fn cell(path: &Path, line: usize, column: &str, value: &str, problem: CellProblem) -> ReadError {
    ReadError::Cell {
        path: path.into(),
        line,
        column: column.to_owned(),
        value: value.to_owned(),
        problem,
    }
}

/// An object whose keys may stand twice: a map would keep the last of them and
/// say nothing.
struct Object<V>(Pairs<V>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Object<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<V>(std::marker::PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Reader<V> {
            type Value = Object<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<V>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Object(pairs))
            }
        }

        deserializer.deserialize_map(Reader(std::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for Vantage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Vantage;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a time series, or with a message")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vantage, A::Error> {
                let mut all = Vantage::default();
                while let Some(key) = map.next_key::<String>()? {
                    if key.contains("Time Series") {
                        let rows: Object<Object<Value>> = map.next_value()?;
                        if all.series.is_some() {
                            return Err(serde::de::Error::custom("two time series"));
                        }
                        let rows = rows.0.into_iter().map(|(at, fields)| (at, fields.0));
                        all.series = Some((key, rows.collect()));
                    } else if key == "Meta Data" {
                        all.meta = map.next_value()?;
                    } else if MESSAGES.contains(&&*key) {
                        match map.next_value()? {
                            Value::String(words) => all.messages.push((key, words)),
                            _ => all.others = true,
                        }
                    } else {
                        map.next_value::<IgnoredAny>()?;
                        all.others = true;
                    }
                }
                Ok(all)
            }
        }

        deserializer.deserialize_map(Reader)
    }
}
