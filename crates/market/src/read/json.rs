//! JSON: freqtrade's lists of candles, Alpha Vantage's answers, and what else
//! lies beside them.

use std::path::Path;

use fondaco_app::data::{FileContent, RawSeries, ReadOptions, SkipReason};
use fondaco_domain::UnixMillis;
use serde_json::{Map, Value};

use super::columns::normal;
use super::number::{self, Evidence};
use super::stamp::{self, Stamp};
use super::table::{Origin, Table};
use super::{FileName, bytes};
use crate::error::{CellProblem, ReadError};

/// Reads `.json`, packed or not.
pub(crate) fn read(
    path: &Path,
    name: &FileName,
    options: &ReadOptions,
) -> Result<FileContent<RawSeries>, ReadError> {
    let bytes = bytes::load(path)?;
    let start = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let origin = Origin {
        path,
        name,
        options,
        zone: None,
    };
    match serde_json::from_slice::<Vec<Vec<Option<f64>>>>(&bytes) {
        Ok(rows) if !rows.is_empty() => return candles(path, &rows)?.into_series(&origin),
        Err(cause) if start == Some(&b'[') && !cause.is_data() => {
            return Err(ReadError::damaged(path, "JSON", cause));
        }
        _ => {}
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => answer(&origin, &object),
        Ok(other) => Ok(skipped(list(&other))),
        Err(cause) => Err(ReadError::damaged(path, "JSON", cause)),
    }
}

/// `[[milliseconds, open, high, low, close, volume], …]`.
fn candles(path: &Path, rows: &[Vec<Option<f64>>]) -> Result<Table, ReadError> {
    let mut table = Table::default();
    for (row, cells) in rows.iter().enumerate() {
        let number = |at: usize| cells[at].unwrap_or(f64::NAN);
        if cells.len() != 6 {
            let problem = format!("row {} has {} cells, not 6", row + 1, cells.len());
            return Err(ReadError::damaged(path, "JSON", problem));
        }
        let Some(millis) = cells[0] else {
            return Err(cell(path, row + 1, "time", "null", CellProblem::NotATime));
        };
        let stamp = Stamp::Instant(UnixMillis(millis as i64));
        table.push(
            row + 1,
            stamp,
            [number(1), number(2), number(3), number(4), number(5)],
        );
    }
    Ok(table)
}

/// An object: candles of Alpha Vantage, its excuses, or something else.
fn answer(
    origin: &Origin<'_>,
    object: &Map<String, Value>,
) -> Result<FileContent<RawSeries>, ReadError> {
    let series = object
        .iter()
        .find(|(key, value)| key.contains("Time Series") && value.is_object());
    if let Some((_, Value::Object(series))) = series {
        return alpha_vantage(origin, object.get("Meta Data"), series);
    }
    for key in ["Note", "Information", "Error Message"] {
        if let Some(Value::String(message)) = object.get(key) {
            return Err(ReadError::ProviderMessage {
                path: origin.path.into(),
                message: message.clone(),
            });
        }
    }
    let holds = if object.contains_key("closed_weekdays") {
        "days an exchange was closed"
    } else if object.contains_key("entries") {
        "hours of exchanges"
    } else if object.contains_key("symbols") {
        "a list of instruments"
    } else {
        "JSON without candles"
    };
    Ok(skipped(holds))
}

fn alpha_vantage(
    origin: &Origin<'_>,
    meta: Option<&Value>,
    series: &Map<String, Value>,
) -> Result<FileContent<RawSeries>, ReadError> {
    let about = |name: &str| {
        meta?
            .as_object()?
            .iter()
            .find(|(key, _)| normal(key) == name)?
            .1
            .as_str()
    };
    let mut name = origin.name.clone();
    name.symbol = about("symbol")
        .and_then(|symbol| symbol.parse().ok())
        .or(name.symbol);
    name.timeframe = match about("interval") {
        Some(interval) => interval.replace("min", "m").parse().ok(),
        None => name.timeframe,
    };
    let origin = Origin {
        path: origin.path,
        name: &name,
        options: origin.options,
        zone: about("time_zone"),
    };
    alpha_vantage_rows(origin.path, origin.options, series)?.into_series(&origin)
}

/// Each key a stamp, each value an object of numbers in text, newest first.
fn alpha_vantage_rows(
    path: &Path,
    options: &ReadOptions,
    series: &Map<String, Value>,
) -> Result<Table, ReadError> {
    let mut table = Table::default();
    for (row, (key, fields)) in series.iter().enumerate() {
        let line = row + 1;
        let stamp = stamp::parse(key)
            .ok_or_else(|| cell(path, line, "time", key, CellProblem::NotATime))?;
        let number = |column: &'static str| {
            let text = fields
                .as_object()
                .and_then(|fields| fields.iter().find(|(name, _)| normal(name) == column))
                .and_then(|(_, value)| value.as_str());
            text.map(|text| double(path, line, column, text, options))
                .transpose()
        };
        let price = |column: &'static str| {
            number(column)?.ok_or_else(|| ReadError::MissingColumn {
                path: path.into(),
                column,
                found: format!("fields of {key}: {fields}"),
            })
        };
        let prices = [
            price("open")?,
            price("high")?,
            price("low")?,
            price("close")?,
        ];
        let [open, high, low, close] = prices;
        let volume = number("volume")?.unwrap_or(0.0);
        table.push(line, stamp, [open, high, low, close, volume]);
    }
    // The newest candle comes first in these files; that is no disorder.
    if series.len() > 1 {
        table.lines.reverse();
        table.stamps.reverse();
        for column in &mut table.numbers {
            column.reverse();
        }
    }
    Ok(table)
}

fn double(
    path: &Path,
    line: usize,
    column: &'static str,
    text: &str,
    options: &ReadOptions,
) -> Result<f64, ReadError> {
    let decimal = match (options.decimal, number::evidence(text)) {
        (Some(decimal), _) | (None, Evidence::Proves(decimal)) => decimal,
        (None, Evidence::Plain) => fondaco_app::data::Decimal::Point,
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

/// What a list of other things is.
fn list(value: &Value) -> &'static str {
    let first = value.get(0).and_then(Value::as_object);
    let has = |key: &str| first.is_some_and(|first| first.contains_key(key));
    if value.as_array().is_some_and(Vec::is_empty) {
        "an empty list"
    } else if has("ex_dividend_date") {
        "dividends"
    } else if has("split_from") {
        "splits"
    } else if has("financials") {
        "financial statements"
    } else {
        "JSON without candles"
    }
}

fn skipped<S>(holds: &str) -> FileContent<S> {
    FileContent::Skipped(SkipReason::NotCandles {
        holds: holds.to_owned(),
    })
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
