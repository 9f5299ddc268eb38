//! Filings, dividends and splits into the store.

use serde::Serialize;

use super::{Document, Documents, PART, Refused, ResearchImportError, read_documents, sum};
use crate::ports::Progress;
use crate::ports::research::{ResearchStore, Taken};

/// What an import of filings, dividends and splits came to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DocumentsReport {
    /// Files read.
    pub files: u64,
    /// Records in them.
    pub records: u64,
    /// Filings, one for each symbol of a company.
    pub filings: Taken,
    /// Dividends and splits.
    pub actions: Taken,
    /// Filings that do not say when they were filed: left out.
    pub undated: Refused,
    /// Records that do not read.
    pub bad: Refused,
}

impl DocumentsReport {
    /// Fails where a record does not read.
    pub fn whole(&self) -> Result<(), ResearchImportError> {
        match self.bad.first.first() {
            None => Ok(()),
            Some(first) => Err(ResearchImportError::Incomplete {
                count: self.bad.count,
                all: self.records,
                first: first.clone(),
            }),
        }
    }
}

/// Reads all files, then adds what they hold, in parts that are whole or not
/// there.
pub fn import_documents(
    files: &[Document],
    store: &dyn ResearchStore,
    progress: &dyn Progress,
) -> Result<DocumentsReport, ResearchImportError> {
    if files.is_empty() {
        return Err(ResearchImportError::NoFiles);
    }
    let mut all = Documents::default();
    progress.begin("reading", files.len() as u64);
    for file in files {
        let read = read_documents(file)?;
        all.records += read.records;
        all.filings.extend(read.filings);
        all.actions.extend(read.actions);
        all.undated.take(read.undated);
        all.bad.take(read.bad);
        progress.advance(1, &file.name);
    }
    progress.end();
    if all.records == 0 {
        return Err(ResearchImportError::Nothing { files: files.len() });
    }
    if let (true, Some(first)) = (all.records == all.bad.count, all.bad.first.first()) {
        return Err(ResearchImportError::AllBad {
            count: all.bad.count,
            first: first.clone(),
        });
    }
    let mut report = DocumentsReport {
        files: files.len() as u64,
        records: all.records,
        undated: all.undated,
        bad: all.bad,
        ..DocumentsReport::default()
    };
    progress.begin("storing", (all.filings.len() + all.actions.len()) as u64);
    for part in all.filings.chunks(PART) {
        sum(&mut report.filings, store.add_filings(part)?);
        progress.advance(part.len() as u64, "filings");
    }
    for part in all.actions.chunks(PART) {
        sum(&mut report.actions, store.add_actions(part)?);
        progress.advance(part.len() as u64, "actions");
    }
    progress.end();
    Ok(report)
}
