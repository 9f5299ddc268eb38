//! What can go wrong with an import.

use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

use super::Bad;
use crate::ports::Failure;

/// Why an import failed, or is not whole.
#[derive(Debug, Error)]
pub enum ResearchImportError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Failure),
    /// There are no files.
    #[error("there are no files to import")]
    NoFiles,
    /// The files hold nothing.
    #[error("there is nothing in {files} files")]
    Nothing {
        /// How many were looked at.
        files: usize,
    },
    /// A file is not what it claims to be; nothing was stored.
    #[error("{file} is not a list of records as JSON: {problem}")]
    NotAList {
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// Nothing could be read, and nothing was stored.
    #[error("none of {count} could be read; {}:{}: {}", first.file, first.no, first.problem)]
    AllBad {
        /// How many lines or records.
        count: u64,
        /// The first.
        first: Bad,
    },
    /// Some could not be read; the others are stored.
    #[error(
        "{count} of {all} could not be read, the others are stored; the first is {}:{}: {}",
        first.file, first.no, first.problem
    )]
    Incomplete {
        /// How many lines or records.
        count: u64,
        /// Of how many.
        all: u64,
        /// The first.
        first: Bad,
    },
}

impl Hint for ResearchImportError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(failure) => failure.kind(),
            Self::NoFiles | Self::Nothing { .. } => ErrorKind::NoData,
            Self::NotAList { .. } | Self::AllBad { .. } | Self::Incomplete { .. } => {
                ErrorKind::Corrupt
            }
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Store(failure) => return failure.hint(),
            Self::NoFiles => "name a file, or a folder that holds files",
            Self::Nothing { .. } => "name other files",
            Self::NotAList { .. } => {
                "name files of filings, dividends or splits as Polygon gives them"
            }
            Self::AllBad { .. } => "see the form with --help",
            Self::Incomplete { .. } => {
                "mend them and import the file again: what is stored is not stored twice"
            }
        };
        Some(text.to_owned())
    }
}
