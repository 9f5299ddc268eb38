//! Why an attempt could not begin.

use std::io;
use std::path::PathBuf;

use fondaco_app::ports::exec::{Assignment, StartError};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::task::TaskKind;
use thiserror::Error;

/// The causes of a [`StartError`].
#[derive(Debug, Error)]
pub enum Refusal {
    /// Nothing here does tasks of this kind.
    #[error("nothing here does {} tasks", .0.as_str())]
    NoBody(TaskKind),
    /// An attempt begins once: a second one has another fence.
    #[error("this attempt was begun before")]
    Again,
    /// No thread could be started.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// Its folder could not be made.
    #[error("cannot write {path}")]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Its process could not be started.
    #[error("cannot run {program}")]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Refusal {
    /// Of what would be refused again, or could help a little later.
    fn class(&self) -> ErrorClass {
        match self {
            Self::NoBody(_) | Self::Again => ErrorClass::Permanent,
            Self::Thread(_) | Self::Folder { .. } | Self::Spawn { .. } => ErrorClass::Transient,
        }
    }

    pub(crate) fn of(self, assignment: &Assignment) -> StartError {
        StartError {
            key: assignment.key.clone(),
            class: self.class(),
            source: Box::new(self),
        }
    }
}
