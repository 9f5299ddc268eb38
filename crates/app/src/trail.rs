//! Who changed what, and when: all versions of all records, in order.
//!
//! What happens to runs is in their events; everything else that was ever
//! changed is here.

use fondaco_domain::UnixMicros;
use serde_json::Value;

use crate::keys::HASH_FIELD;
use crate::ports::records::{Record, RecordKind, RecordStore, TrailQuery};
use crate::ports::runs::RunStoreError;

/// A change, as it may be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its place in the trail.
    pub no: u64,
    /// What it is about.
    pub kind: RecordKind,
    /// Its name among those of its kind.
    pub name: String,
    /// From 1.
    pub version: u32,
    /// When.
    pub at: UnixMicros,
    /// By whom.
    pub actor: String,
    /// What it says since then, without what nobody may see; nothing where it
    /// was removed.
    pub body: Option<Value>,
}

/// A part of the trail, the newest first.
pub fn list(store: &dyn RecordStore, query: &TrailQuery) -> Result<Vec<Entry>, RunStoreError> {
    let records = store.trail(query)?;
    records.into_iter().map(entry).collect()
}

fn entry(record: Record) -> Result<Entry, RunStoreError> {
    let body = record.body.as_deref().map(serde_json::from_str);
    let body: Option<Value> = body.transpose().map_err(|error| {
        let (kind, name) = (record.kind.as_str(), &record.name);
        RunStoreError::Damaged(format!("{kind} `{name}` is not JSON: {error}"))
    })?;
    Ok(Entry {
        no: record.no,
        kind: record.kind,
        name: record.name,
        version: record.version,
        at: record.at,
        actor: record.actor,
        body: body.map(|body| shown(record.kind, body)),
    })
}

fn shown(kind: RecordKind, mut body: Value) -> Value {
    if kind == RecordKind::Key
        && let Value::Object(fields) = &mut body
    {
        fields.remove(HASH_FIELD);
    }
    body
}
