//! Records in memory, and a machine.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::records::{Change, Record, RecordKind, RecordStore, TrailQuery};
use fondaco_app::ports::runs::{Asked, RunStoreError};
use fondaco_domain::UnixMicros;

/// All versions of all records.
#[derive(Default)]
pub(crate) struct Records(Mutex<BTreeMap<String, Vec<Record>>>);

impl Records {
    /// How many changes there were.
    pub(crate) fn changes(&self) -> usize {
        self.0.lock().unwrap().values().map(Vec::len).sum()
    }
}

impl RecordStore for Records {
    fn put_record(&self, change: Change, by: Asked) -> Result<Record, RunStoreError> {
        let mut kept = self.0.lock().unwrap();
        let versions = kept.entry(change.name.clone()).or_default();
        let found = versions.len() as u32;
        if change.over.is_some_and(|over| over != found) {
            return Err(RunStoreError::RecordChanged {
                kind: change.kind,
                name: change.name,
                found,
            });
        }
        let record = Record {
            no: 1,
            kind: change.kind,
            name: change.name,
            version: found + 1,
            at: by.at,
            actor: by.actor,
            body: change.body,
        };
        versions.push(record.clone());
        Ok(record)
    }

    fn record(&self, _: RecordKind, name: &str) -> Result<Option<Record>, RunStoreError> {
        let kept = self.0.lock().unwrap();
        Ok(kept.get(name).and_then(|versions| versions.last().cloned()))
    }

    fn records(&self, _: RecordKind) -> Result<Vec<Record>, RunStoreError> {
        Ok(Vec::new())
    }

    fn trail(&self, _: &TrailQuery) -> Result<Vec<Record>, RunStoreError> {
        Ok(Vec::new())
    }
}

/// A machine whose clock stands.
pub(crate) struct Still;

impl Machine for Still {
    fn wall(&self) -> UnixMicros {
        UnixMicros(0)
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn entropy(&self) -> [u8; 10] {
        [0; 10]
    }
}
