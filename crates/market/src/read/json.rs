//! JSON: freqtrade's lists of candles, Alpha Vantage's answers, and what else
//! lies beside them.

use std::path::Path;

use fondaco_app::data::{FileContent, RawSeries, ReadOptions, SkipReason};
use fondaco_domain::UnixMillis;
use serde_json::{Map, Value};

use super::stamp::Stamp;
use super::table::{Origin, Table};
use super::vantage::Vantage;
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
    if start == Some(&b'{') {
        let vantage: Vantage = serde_json::from_slice(&bytes)
            .map_err(|cause| ReadError::damaged(path, "JSON", cause))?;
        if vantage.series.is_some() {
            return vantage.series(path, options);
        }
        if let Some((_, message)) = vantage.messages.into_iter().next() {
            return Err(ReadError::ProviderMessage {
                path: path.into(),
                message,
            });
        }
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Ok(other(&object)),
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

/// An object that is none of Alpha Vantage's.
fn other(object: &Map<String, Value>) -> FileContent<RawSeries> {
    skipped(if object.contains_key("closed_weekdays") {
        "days an exchange was closed"
    } else if object.contains_key("entries") {
        "hours of exchanges"
    } else if object.contains_key("symbols") {
        "a list of instruments"
    } else {
        "JSON without candles"
    })
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
