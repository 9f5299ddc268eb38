//! Documents of one kind, as records.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Portfolio, PortfolioError};
use crate::ports::records::{Change, Record, RecordKind};
use crate::ports::runs::RunStoreError;

impl Portfolio<'_> {
    /// Writes a document under a name that is free; nothing where it is taken.
    pub(super) fn begin(
        &self,
        kind: RecordKind,
        name: &str,
        body: &impl Serialize,
    ) -> Result<Option<Record>, PortfolioError> {
        let damaged = |source| PortfolioError::Damaged {
            kind,
            name: name.to_owned(),
            source,
        };
        let body = serde_json::to_string(body).map_err(damaged)?;
        self.change(kind, name, Some(0), Some(body))
    }

    /// Removes the version that was seen; nothing where there is another one
    /// by now, or none.
    pub(super) fn end(&self, seen: &Record) -> Result<Option<Record>, PortfolioError> {
        self.change(seen.kind, &seen.name, Some(seen.version), None)
    }

    fn change(
        &self,
        kind: RecordKind,
        name: &str,
        over: Option<u32>,
        body: Option<String>,
    ) -> Result<Option<Record>, PortfolioError> {
        let change = Change {
            kind,
            name: name.to_owned(),
            over,
            body,
        };
        match self.store.put_record(change, self.asked()) {
            Ok(record) => Ok(Some(record)),
            Err(RunStoreError::RecordChanged { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// What a record says.
pub(super) fn read<T: DeserializeOwned>(record: &Record) -> Result<T, PortfolioError> {
    let body = record.body.as_deref().unwrap_or_default();
    serde_json::from_str(body).map_err(|source| PortfolioError::Damaged {
        kind: record.kind,
        name: record.name.clone(),
        source,
    })
}
