//! Strategy files on disk.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fondaco_app::strategies::StrategyFile;
use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

use crate::errors::Failure;

/// A strategy file or folder that could not be read or written.
#[derive(Debug, Error)]
pub(crate) enum FileError {
    /// A file that could not be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A folder that could not be listed.
    #[error("cannot list the folder {path}")]
    Folder {
        /// The folder.
        path: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A new file where one is.
    #[error("{path} exists already")]
    Exists {
        /// The file.
        path: String,
    },
    /// A file that could not be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

impl Hint for FileError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Exists { .. } => ErrorKind::Conflict,
            Self::Write { .. } => ErrorKind::Storage,
            Self::Read { cause, .. } | Self::Folder { cause, .. } => match cause.kind() {
                io::ErrorKind::NotFound => ErrorKind::NotFound,
                io::ErrorKind::InvalidData => ErrorKind::Corrupt,
                _ => ErrorKind::Storage,
            },
        }
    }

    fn hint(&self) -> Option<String> {
        match (self, self.kind()) {
            (Self::Exists { .. }, _) => Some("choose another name, or remove the file".to_owned()),
            (Self::Read { .. }, ErrorKind::NotFound) => {
                Some("write a strategy with `fondaco strategy new NAME`".to_owned())
            }
            (Self::Folder { .. }, ErrorKind::NotFound) => {
                Some("name the folder that holds your strategy files".to_owned())
            }
            (Self::Read { .. }, ErrorKind::Corrupt) => {
                Some("strategy files are UTF-8 text".to_owned())
            }
            _ => None,
        }
    }
}

/// Reads a strategy file.
pub(crate) fn read(path: &Path) -> Result<StrategyFile, Failure> {
    let (name, text) = text(path)?;
    Ok(StrategyFile::read(&name, text)?)
}

/// The path of a strategy file, as messages name it, and its text.
pub(crate) fn text(path: &Path) -> Result<(String, String), FileError> {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => Ok((name, text)),
        Err(cause) => Err(FileError::Read { path: name, cause }),
    }
}

/// The strategy files of a folder, by name.
pub(crate) fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let failed = |cause| FileError::Folder {
        path: folder.display().to_string(),
        cause,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
            && path.is_file()
        {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Writes a file that must be new, whole or not at all.
pub(crate) fn create(path: &Path, text: &str) -> Result<(), FileError> {
    let failed = |cause: io::Error| {
        let path = path.display().to_string();
        match cause.kind() {
            io::ErrorKind::AlreadyExists => FileError::Exists { path },
            _ => FileError::Write { path, cause },
        }
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = std::fs::File::create_new(path).map_err(failed)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all());
    written.map_err(|cause| {
        // Half a file must not look like a strategy.
        let _ = std::fs::remove_file(path);
        failed(cause)
    })
}
