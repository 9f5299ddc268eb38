//! Versions of records.

use fondaco_app::ports::records::{Change, Record, RecordKind};
use fondaco_app::ports::runs::{Asked, RunStoreError};
use serde::Serialize;

use super::{Backend, Unit};

impl<B: Backend> Unit<B> {
    /// `RecordStore::put_record`.
    pub(in crate::runs) fn put_record(
        &mut self,
        change: Change,
        by: &Asked,
    ) -> Result<Record, RunStoreError> {
        let newest = self.backend.newest_record(change.kind, &change.name)?;
        if let Some(newest) = &newest
            && is_repeated(newest, &change, by)
        {
            return Ok(newest.clone());
        }
        let there = newest.as_ref().filter(|newest| newest.body.is_some());
        let found = there.map_or(0, |newest| newest.version);
        let removes_nothing = change.body.is_none() && found == 0;
        if removes_nothing || change.over.is_some_and(|over| over != found) {
            let (kind, name) = (change.kind, change.name);
            return Err(RunStoreError::RecordChanged { kind, name, found });
        }
        self.write_record(newest.map_or(1, |newest| newest.version + 1), change, by)
    }

    /// What something is now, or that it is no more, on the record.
    pub(super) fn on_record(
        &mut self,
        kind: RecordKind,
        name: &str,
        now: Option<&impl Serialize>,
        by: &Asked,
    ) -> Result<(), RunStoreError> {
        let body = now.map(serde_json::to_string).transpose();
        let body = body.map_err(|source| RunStoreError::Storage {
            action: "write a record into",
            source: source.into(),
        })?;
        let newest = self.backend.newest_record(kind, name)?;
        let change = Change {
            kind,
            name: name.to_owned(),
            over: None,
            body,
        };
        self.write_record(newest.map_or(1, |newest| newest.version + 1), change, by)?;
        Ok(())
    }

    fn write_record(
        &mut self,
        version: u32,
        change: Change,
        by: &Asked,
    ) -> Result<Record, RunStoreError> {
        let mut record = Record {
            no: 0,
            kind: change.kind,
            name: change.name,
            version,
            at: by.at,
            actor: by.actor.clone(),
            body: change.body,
        };
        record.no = self.backend.add_record(&record)?;
        Ok(record)
    }
}

/// Whether the newest version is this very change: its answer was lost, and
/// the caller asks again.
fn is_repeated(newest: &Record, change: &Change, by: &Asked) -> bool {
    newest.at == by.at
        && newest.actor == by.actor
        && newest.body == change.body
        && change
            .over
            .is_none_or(|over| over == 0 || over + 1 == newest.version)
}
