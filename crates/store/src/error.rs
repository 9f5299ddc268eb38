//! What can go wrong with stored results.

use std::path::PathBuf;

use fondaco_contract::ContractError;
use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

/// Why a result could not be kept or found.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is to be written into a folder that is not there.
    #[error("there is no folder {}", .0.display())]
    NoFolder(PathBuf),
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file that is not what it should be.
    #[error("{} is not a result", path.display())]
    Contract {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: ContractError,
    },
    /// No such result.
    #[error("there is no result `{0}`")]
    NotFound(String),
    /// A name that several results share the start of.
    #[error("`{name}` could be {}", candidates.join(", "))]
    Ambiguous {
        /// As given.
        name: String,
        /// What it could mean.
        candidates: Vec<String>,
    },
    /// Trades that cannot be put into a table.
    #[error("the trades cannot be written as Parquet")]
    Table(#[source] parquet::errors::ParquetError),
}

impl Hint for StoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Write { .. } | Self::Read { .. } => ErrorKind::Storage,
            Self::Contract { .. } => ErrorKind::Corrupt,
            Self::NotFound(_) | Self::NoFolder(_) => ErrorKind::NotFound,
            Self::Ambiguous { .. } => ErrorKind::Invalid,
            Self::Table(_) => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Write { .. } => Some("check the free space and permissions of the folder".into()),
            Self::NoFolder(_) => Some("make it first, or check the path".into()),
            Self::Read { .. } => Some("check the path and its permissions".into()),
            Self::Contract { .. } => Some("the file is damaged or of another version".into()),
            Self::NotFound(_) => {
                Some("`fondaco backtest list` shows the results that are kept".into())
            }
            Self::Ambiguous { .. } => Some("give more letters of it".into()),
            Self::Table(_) => None,
        }
    }
}
