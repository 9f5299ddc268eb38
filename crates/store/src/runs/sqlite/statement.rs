//! Statements and the values of their rows.

use fondaco_app::ports::runs::RunStoreError;
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};
use rusqlite::types::FromSql;
use rusqlite::{Connection, Params, Row};

pub(super) fn storage(action: &'static str) -> impl FnOnce(rusqlite::Error) -> RunStoreError {
    move |source| RunStoreError::Storage {
        action,
        source: source.into(),
    }
}

/// Rows of a cached statement through a function.
pub(super) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut of: impl FnMut(&mut Columns<'_>) -> Result<T, RunStoreError>,
) -> Result<Vec<T>, RunStoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(storage("read"))?;
    let mut rows = statement.query(params).map_err(storage("read"))?;
    let mut values = Vec::new();
    while let Some(row) = rows.next().map_err(storage("read"))? {
        values.push(of(&mut Columns { row, next: 0 })?);
    }
    Ok(values)
}

/// The same, of at most one row.
pub(super) fn one<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    of: impl FnOnce(&mut Columns<'_>) -> Result<T, RunStoreError>,
) -> Result<Option<T>, RunStoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(storage("read"))?;
    let mut rows = statement.query(params).map_err(storage("read"))?;
    match rows.next().map_err(storage("read"))? {
        Some(row) => of(&mut Columns { row, next: 0 }).map(Some),
        None => Ok(None),
    }
}

/// A cached statement that changes rows; how many it changed.
pub(super) fn run_sql(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<usize, RunStoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(storage("write"))?;
    statement.execute(params).map_err(storage("write"))
}

/// The columns of a row, one after the other.
pub(super) struct Columns<'a> {
    row: &'a Row<'a>,
    next: usize,
}

impl Columns<'_> {
    pub(super) fn get<T: FromSql>(&mut self) -> Result<T, RunStoreError> {
        self.next += 1;
        self.row.get(self.next - 1).map_err(storage("read"))
    }

    pub(super) fn count(&mut self) -> Result<u64, RunStoreError> {
        Ok(self.get::<i64>()?.cast_unsigned())
    }

    pub(super) fn at(&mut self) -> Result<UnixMicros, RunStoreError> {
        self.get().map(UnixMicros)
    }

    pub(super) fn maybe_at(&mut self) -> Result<Option<UnixMicros>, RunStoreError> {
        Ok(self.get::<Option<i64>>()?.map(UnixMicros))
    }

    /// A text that must have a meaning.
    pub(super) fn word<T>(
        &mut self,
        what: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, RunStoreError> {
        let word = self.maybe_word(what, parse)?;
        word.ok_or_else(|| damaged(what, "nothing"))
    }

    pub(super) fn maybe_word<T>(
        &mut self,
        what: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, RunStoreError> {
        self.next += 1;
        let value = self.row.get_ref(self.next - 1).map_err(storage("read"))?;
        let text = value
            .as_str_or_null()
            .map_err(|_| damaged(what, "no text"))?;
        text.map(|text| parse(text).ok_or_else(|| damaged(what, text)))
            .transpose()
    }

    pub(super) fn json<T: serde::de::DeserializeOwned>(
        &mut self,
        what: &'static str,
    ) -> Result<T, RunStoreError> {
        self.word(what, |text| serde_json::from_str(text).ok())
    }

    pub(super) fn run_id(&mut self) -> Result<RunId, RunStoreError> {
        self.word("the id of a run", |text| text.parse().ok())
    }

    pub(super) fn maybe_run_id(&mut self) -> Result<Option<RunId>, RunStoreError> {
        self.maybe_word("the id of a run", |text| text.parse().ok())
    }

    pub(super) fn worker_id(&mut self) -> Result<WorkerId, RunStoreError> {
        self.word("the id of a worker", |text| text.parse().ok())
    }

    pub(super) fn hash(&mut self) -> Result<ContentHash, RunStoreError> {
        self.word("a hash", ContentHash::parse)
    }
}

/// The one column of a row.
pub(super) fn value<T: FromSql>(row: &mut Columns<'_>) -> Result<T, RunStoreError> {
    row.get()
}

/// The one column of a row, an id.
pub(super) fn run_id(row: &mut Columns<'_>) -> Result<RunId, RunStoreError> {
    row.run_id()
}

/// The one column of a row, an instant.
pub(super) fn instant(row: &mut Columns<'_>) -> Result<UnixMicros, RunStoreError> {
    row.at()
}

pub(super) fn damaged(what: &str, text: &str) -> RunStoreError {
    let begins: String = text.chars().take(60).collect();
    RunStoreError::Damaged(format!("{what} reads `{begins}`"))
}

/// A value as JSON.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, RunStoreError> {
    serde_json::to_string(value).map_err(|source| RunStoreError::Storage {
        action: "write a value into",
        source: source.into(),
    })
}
