//! Values in columns.

use fondaco_app::ports::research::{Held, Horizon};
use fondaco_domain::{ContentHash, Symbol, UnixMillis};
use jiff::civil::Date;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, named_params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::ResearchError;

/// The last place a horizon includes.
pub(super) fn last_place(horizon: Horizon) -> i64 {
    horizon
        .place
        .map_or(i64::MAX, |place| i64::try_from(place).unwrap_or(i64::MAX))
}

pub(super) fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(super) fn instant(row: &Row<'_>, at: usize) -> rusqlite::Result<UnixMillis> {
    Ok(UnixMillis(row.get(at)?))
}

pub(super) fn symbol(row: &Row<'_>, at: usize) -> rusqlite::Result<Symbol> {
    parsed(row, at, str::parse)
}

pub(super) fn date(row: &Row<'_>, at: usize) -> rusqlite::Result<Date> {
    parsed(row, at, str::parse)
}

pub(super) fn maybe_date(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Date>> {
    match row.get_ref(at)? {
        rusqlite::types::ValueRef::Null => Ok(None),
        _ => date(row, at).map(Some),
    }
}

pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, at: usize) -> rusqlite::Result<T> {
    parsed(row, at, |text| serde_json::from_str(text))
}

fn parsed<T, E: std::error::Error + Send + Sync + 'static>(
    row: &Row<'_>,
    at: usize,
    parse: impl Fn(&str) -> Result<T, E>,
) -> rusqlite::Result<T> {
    let text: String = row.get(at)?;
    parse(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, Type::Text, error.into()))
}

/// JSON of what is kept, and the hash of all of a document.
pub(super) fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("keys are texts and numbers are finite")
}

/// By what a document says.
pub(super) fn hash(document: &impl Serialize) -> ContentHash {
    ContentHash::of(text(document).as_bytes())
}

pub(super) fn finite(value: f64, what: &str, of: &Symbol) -> Result<(), ResearchError> {
    if value.is_finite() {
        return Ok(());
    }
    Err(ResearchError::NotANumber {
        what: what.to_owned(),
        symbol: of.to_string(),
    })
}

/// Those of a table of documents, by symbol.
pub(super) fn held(
    connection: &Connection,
    sql: &str,
    horizon: Horizon,
) -> rusqlite::Result<Vec<Held>> {
    let read = |row: &Row<'_>| {
        Ok(Held {
            symbol: match row.get_ref(0)? {
                rusqlite::types::ValueRef::Text(b"") => None,
                _ => Some(symbol(row, 0)?),
            },
            count: row.get::<_, i64>(1)?.unsigned_abs(),
            first: instant(row, 2)?,
            last: instant(row, 3)?,
        })
    };
    connection
        .prepare_cached(sql)?
        .query_map(
            named_params! {":known": horizon.known.0, ":place": last_place(horizon)},
            read,
        )?
        .collect()
}
