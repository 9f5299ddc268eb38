//! The questions of this machine, in a file.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use fondaco_app::ports::Failure;
use fondaco_app::simulation::download::{Asked, Came, RequestBook, Turn};
use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

use crate::write::{self, WriteError};

/// Milliseconds that a question is kept: a day counts, the rest is margin.
const KEPT: i64 = 2 * 86_400_000;

/// A book that cannot be used.
#[derive(Debug, Error)]
pub enum BookError {
    /// The file system refused.
    #[error("cannot use the book of questions {path}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// It holds something else.
    #[error("{path} is no book of questions", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Hint for BookError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. } => ErrorKind::Storage,
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Write(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Io { .. } => Some("check the permissions of the folder".to_owned()),
            Self::Damaged { .. } => {
                Some("remove it: then the questions of the last day are forgotten".to_owned())
            }
            Self::Write(error) => error.hint(),
        }
    }
}

/// A book in a folder that all processes of the machine share, `NAME.json`
/// beside `NAME.lock`. Who has the lock has the turn; it ends with its
/// process, however that ends.
#[derive(Debug, Clone)]
pub struct Requests {
    book: PathBuf,
    lock: PathBuf,
}

impl Requests {
    /// That of one source; the folder is made when absent.
    pub fn open(folder: &Path, name: &str) -> Result<Self, BookError> {
        std::fs::create_dir_all(folder).map_err(|cause| BookError::Io {
            path: folder.to_owned(),
            cause,
        })?;
        Ok(Self {
            book: folder.join(format!("{name}.json")),
            lock: folder.join(format!("{name}.lock")),
        })
    }

    fn take(&self) -> Result<Option<Held>, BookError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |cause| BookError::Io { path, cause }
        };
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.lock)
            .map_err(io(&self.lock))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(cause)) => return Err(io(&self.lock)(cause)),
        }
        let asked = match std::fs::read(&self.book) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|cause| BookError::Damaged {
                path: self.book.clone(),
                cause,
            })?,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(cause) => return Err(io(&self.book)(cause)),
        };
        Ok(Some(Held {
            _lock: lock,
            book: self.book.clone(),
            asked,
        }))
    }
}

impl RequestBook for Requests {
    fn turn(&self) -> Result<Option<Box<dyn Turn + '_>>, Failure> {
        let held = self.take().map_err(Failure::new)?;
        Ok(held.map(|held| Box::new(held) as Box<dyn Turn>))
    }
}

/// The turn.
struct Held {
    /// Closed last, with the lock on it.
    _lock: File,
    book: PathBuf,
    asked: Vec<Asked>,
}

impl Held {
    fn write(&self) -> Result<(), BookError> {
        let bytes = serde_json::to_vec_pretty(&self.asked).map_err(|cause| BookError::Damaged {
            path: self.book.clone(),
            cause,
        })?;
        Ok(write::save(&self.book, &bytes)?)
    }
}

impl Turn for Held {
    fn asked(&self) -> &[Asked] {
        &self.asked
    }

    fn ask(&mut self, question: Asked) -> Result<(), Failure> {
        let now = question.at.0;
        // Neither old ones nor those of a clock that was far ahead.
        self.asked.retain(|it| (it.at.0 - now).abs() < KEPT);
        self.asked.push(question);
        self.write().map_err(Failure::new)
    }

    fn came(&mut self, came: Came) -> Result<(), Failure> {
        if let Some(last) = self.asked.last_mut() {
            last.came = came;
        }
        self.write().map_err(Failure::new)
    }
}
