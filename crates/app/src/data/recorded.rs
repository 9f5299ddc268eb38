//! Word of an import, for the trail: who brought which candles.

use serde::{Deserialize, Serialize};

use super::{DatasetId, ImportReport};
use crate::ports::records::{Change, RecordKind, RecordStore};
use crate::ports::runs::{Asked, RunStoreError};

/// What the record of an import says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRecord {
    /// The data set.
    pub dataset: DatasetId,
    /// Its version after it.
    pub version: u32,
    /// The hash of that version's rows.
    pub id: String,
    /// Candles that were not there before.
    pub added: usize,
    /// Candles that took the place of others.
    pub replaced: usize,
    /// The file, by its name.
    pub file: String,
    /// The bytes of the file.
    pub bytes: u64,
}

/// Leaves a record for each data set that an import changed. The candles are
/// stored before: who dies in between leaves a version that names its file and
/// its time, and no record of who brought it.
pub fn record(
    store: &dyn RecordStore,
    report: &ImportReport,
    (file, bytes): (&str, u64),
    by: &Asked,
) -> Result<(), RunStoreError> {
    for imported in &report.imported {
        let Some(version) = &imported.version else {
            continue;
        };
        if imported.added == 0 && imported.replaced == 0 {
            continue;
        }
        let said = ImportRecord {
            dataset: imported.dataset.clone(),
            version: version.number,
            id: version.id.to_string(),
            added: imported.added,
            replaced: imported.replaced,
            file: file.to_owned(),
            bytes,
        };
        let name = imported.dataset.to_string();
        let change = Change::write(RecordKind::Data, &name, None, &said);
        store.put_record(change, by.clone())?;
    }
    Ok(())
}
