//! What can be wrong with a store of runs, and with what is in it.

use std::path::PathBuf;

use fondaco_domain::halt::HaltRejection;
use fondaco_domain::run::{FoldError, Rejection, RunState};
use fondaco_domain::task::TaskNo;
use fondaco_domain::{ContentHash, ErrorKind, Hint, RunId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::IdempotencyKey;
use crate::ports::Cause;
use crate::ports::records::RecordKind;

/// Something that [`RunStore::check`](super::RunStore::check) found wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "disagreement")]
pub enum Disagreement {
    /// The events do not tell a story.
    #[error("{fold}")]
    Fold {
        /// Why not.
        fold: FoldError,
    },
    /// The run's row is not what its events lead to.
    #[error("the row of run {run} is not what its events lead to")]
    Run {
        /// The run.
        run: RunId,
    },
    /// A task's row is not what its events lead to.
    #[error("the row of task {} of run {run} is not what its events lead to", task.0)]
    Task {
        /// The run.
        run: RunId,
        /// The task.
        task: TaskNo,
    },
    /// The outbox does not hold the events, each once.
    #[error("the outbox holds {outbox} rows for {events} events of run {run}")]
    Outbox {
        /// The run.
        run: RunId,
        /// Rows of the outbox.
        outbox: u64,
        /// Events.
        events: u64,
    },
}

/// Why a store did not do what it was asked.
#[derive(Debug, Error)]
pub enum RunStoreError {
    /// No such run.
    #[error("there is no run {0}")]
    NoRun(RunId),
    /// The id is taken by another submission.
    #[error("there is a run {0} already")]
    IdTaken(RunId),
    /// A known key, with another body.
    #[error("key `{}` of `{}` was used for run {existing}, which asks for something else", key.key, key.scope)]
    KeyConflict {
        /// The key.
        key: IdempotencyKey,
        /// The run of before.
        existing: RunId,
    },
    /// The spec is not the one its hash names.
    #[error("the spec does not have the hash {0}")]
    SpecMismatch(ContentHash),
    /// No spec or body of this name.
    #[error("there is no body {0}")]
    NoBody(ContentHash),
    /// No such schedule.
    #[error("there is no schedule `{0}`")]
    NoSchedule(String),
    /// The name is taken.
    #[error("there is a schedule `{0}` already")]
    ScheduleTaken(String),
    /// Somebody else changed it first.
    #[error("{} `{name}` is at version {found} by now", kind.as_str())]
    RecordChanged {
        /// What it is about.
        kind: RecordKind,
        /// Its name.
        name: String,
        /// The version there is; 0 for none.
        found: u32,
    },
    /// Somebody else claimed it first.
    #[error("`{name}` is at generation {found} by now")]
    ServiceChanged {
        /// Its name.
        name: String,
        /// The generation there is; 0 for none.
        found: u64,
    },
    /// Only what has ended can be removed.
    #[error("run {run} is {}", state.as_str())]
    NotEnded {
        /// The run.
        run: RunId,
        /// Where it stands.
        state: RunState,
    },
    /// The rules of runs say no.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The rules of halts say no.
    #[error(transparent)]
    HaltRejected(#[from] HaltRejection),
    /// The place could not be read or written.
    #[error("cannot {action} the store of runs")]
    Storage {
        /// What was tried.
        action: &'static str,
        /// Why not.
        #[source]
        source: Cause,
    },
    /// The process that owns the store, or the database, does not answer.
    #[error("the store of runs at {place} does not answer")]
    Unreachable {
        /// Where.
        place: String,
        /// Why not.
        #[source]
        source: Cause,
    },
    /// A row that cannot be what was written.
    #[error("the store of runs is damaged: {0}")]
    Damaged(String),
    /// A write failed before; what is on the disk is not known.
    #[error("the store of runs has stopped after a failed write")]
    Stopped,
    /// Another process has the file locked.
    #[error("another process has {} locked", .0.display())]
    Locked(PathBuf),
    /// Another process owns it.
    #[error("another process has {} open", .0.display())]
    Owned(PathBuf),
    /// Written by a newer program.
    #[error("{place} has schema {found}; this program knows {known}")]
    Newer {
        /// The file, or the address.
        place: String,
        /// Its version.
        found: i64,
        /// The newest known.
        known: i64,
    },
    /// An address that names no store.
    #[error("`{0}` names no store of runs")]
    Address(String),
    /// A library with a known fault.
    #[error("SQLite {0} can lose committed data: 3.51.3 is the oldest that is safe")]
    UnsafeLibrary(String),
}

impl Hint for RunStoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoRun(_) | Self::NoBody(_) | Self::NoSchedule(_) => ErrorKind::NotFound,
            Self::IdTaken(_)
            | Self::KeyConflict { .. }
            | Self::ScheduleTaken(_)
            | Self::RecordChanged { .. }
            | Self::ServiceChanged { .. }
            | Self::NotEnded { .. }
            | Self::Rejected(_)
            | Self::HaltRejected(_) => ErrorKind::Conflict,
            Self::Storage { .. } | Self::Stopped => ErrorKind::Storage,
            Self::Damaged(_) | Self::SpecMismatch(_) => ErrorKind::Corrupt,
            Self::Owned(_) | Self::Locked(_) | Self::Unreachable { .. } => ErrorKind::Unavailable,
            Self::Newer { .. } | Self::Address(_) => ErrorKind::Invalid,
            Self::UnsafeLibrary(_) => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::KeyConflict { .. } => "use a new key for a new request",
            Self::ScheduleTaken(_) => "remove it first, or choose another name",
            Self::RecordChanged { .. } | Self::ServiceChanged { .. } => {
                "look at it as it is now, and try again"
            }
            Self::Storage { .. } => "check the free space and permissions of the folder",
            Self::Unreachable { .. } => "check that it runs, then try again",
            Self::Stopped => "check the disk, then start the program again",
            Self::Owned(_) | Self::Locked(_) => "wait for it to end, or stop it",
            Self::Damaged(_) => "keep the file as it is, and look at it with `fondaco db check`",
            Self::Newer { .. } => "use the newer program",
            Self::Address(_) => "write sqlite:PATH or postgres://USER@HOST/DATABASE",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
