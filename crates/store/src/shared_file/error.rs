//! What can go wrong with a file.

use std::path::{Path, PathBuf};

use fondaco_app::ports::Failure;
use fondaco_domain::{ErrorKind, Hint};
use rusqlite::ErrorCode;
use thiserror::Error;

/// Why a file could not be used.
#[derive(Debug, Error)]
pub enum FileError {
    /// Its folder could not be made.
    #[error("cannot make the folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another process kept it locked for too long.
    #[error("{} is locked by another process", .0.display())]
    Locked(PathBuf),
    /// A newer program wrote it.
    #[error("{} is of version {found}, this program knows {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// It is no file of ours, or not what was written.
    #[error("{} is damaged: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// It could not be opened, read or written.
    #[error("cannot {action} {}", path.display())]
    Storage {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why not.
        #[source]
        source: rusqlite::Error,
    },
}

impl FileError {
    /// What an error of the library means for a file.
    pub(super) fn of(
        path: &Path,
        remedy: &'static str,
        action: &'static str,
    ) -> impl Fn(rusqlite::Error) -> Self + Copy {
        move |source| match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Locked(path.to_owned())
            }
            code if is_damage(code) || is_odd(&source) => Self::Damaged {
                path: path.to_owned(),
                problem: source.to_string(),
                remedy,
            },
            _ => Self::Storage {
                path: path.to_owned(),
                action,
                source,
            },
        }
    }
}

fn is_damage(code: Option<ErrorCode>) -> bool {
    matches!(
        code,
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
    )
}

/// Whether a row held what nobody wrote.
fn is_odd(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
    )
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::new(error)
    }
}

impl Hint for FileError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Folder { .. } | Self::Storage { .. } => ErrorKind::Storage,
            Self::Locked(_) => ErrorKind::Unavailable,
            Self::Newer { .. } => ErrorKind::Invalid,
            Self::Damaged { .. } => ErrorKind::Corrupt,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Folder { .. } | Self::Storage { .. } => {
                "check permissions and free space of the home"
            }
            Self::Locked(_) => "wait for the import that is under way, and try again",
            Self::Newer { .. } => "use the program that wrote it, or a newer one",
            Self::Damaged { remedy, .. } => remedy,
        };
        Some(text.to_owned())
    }
}
