//! Recordings of runs, as files.

use std::io::Write as _;
use std::path::Path;

use fondaco_domain::{ErrorKind, Hint};
use fondaco_llm::Recording;
use serde::Serialize;
use thiserror::Error;

use crate::errors::Failure;
use crate::output::{Style, View};

/// A file that could not be written.
#[derive(Debug, Error)]
enum WriteError {
    /// A file where one is.
    #[error("{0} exists already")]
    Exists(String),
    /// The disk, or the folder.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: String,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
}

impl Hint for WriteError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Exists(_) => ErrorKind::Conflict,
            Self::Write { .. } => ErrorKind::Storage,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Exists(_) => Some("choose another name, or remove the file".to_owned()),
            Self::Write { .. } => None,
        }
    }
}

/// A recording that was written.
#[derive(Debug, Serialize)]
pub(crate) struct Recorded {
    file: String,
    answers: usize,
}

/// Writes a recording to a file that must be new, whole or not at all.
pub(crate) fn write(recording: &Recording, path: &Path) -> Result<Recorded, Failure> {
    let bytes = recording.to_bytes()?;
    let file = path.display().to_string();
    let failed = |cause: std::io::Error| WriteError::Write {
        path: file.clone(),
        cause,
    };
    let mut created = std::fs::File::create_new(path).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::AlreadyExists => WriteError::Exists(file.clone()),
        _ => failed(cause),
    })?;
    let written = created.write_all(&bytes).and_then(|()| created.sync_all());
    written.map_err(|cause| {
        // Half a recording must not look like a whole one.
        let _ = std::fs::remove_file(path);
        failed(cause)
    })?;
    Ok(Recorded {
        file,
        answers: recording.len(),
    })
}

impl View for Recorded {
    fn text(&self, _style: Style) -> String {
        format!("{} answers in {}\n", self.answers, self.file)
    }
}
