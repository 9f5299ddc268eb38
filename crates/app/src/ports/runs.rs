//! Where durable runs are kept.

use std::path::PathBuf;

use fondaco_domain::halt::{Halt, HaltCommand, HaltRejection};
use fondaco_domain::run::{Command, Effect, FoldError, NewRun, Recorded, Rejection, Run};
use fondaco_domain::task::{Fence, Lease, Task, TaskNo, TaskPlan};
use fondaco_domain::{ContentHash, ErrorKind, Hint, RunId, UnixMicros};
use thiserror::Error;

use super::Cause;

/// What is asked to become a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The name it gets, unless its key is known.
    pub id: RunId,
    /// What it is.
    pub new: NewRun,
    /// Its plan, or the first part of it.
    pub tasks: Vec<TaskPlan>,
    /// Whether that is all of it.
    pub last: bool,
    /// Makes sending it twice the same as once.
    pub key: Option<IdempotencyKey>,
}

impl Submission {
    /// What it asks for, as a hash: the same key with another one is a
    /// conflict. The id is no part of it.
    pub fn fingerprint(&self) -> ContentHash {
        let body = serde_json::json!([self.new, self.tasks, self.last]);
        ContentHash::of(body.to_string().as_bytes())
    }
}

/// The caller's name for one submission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey {
    /// Whose keys these are: keys of two scopes are different.
    pub scope: String,
    /// The key.
    pub key: String,
}

/// Who asks, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Written into every event it leads to.
    pub actor: String,
    /// The time now.
    pub at: UnixMicros,
}

/// What came of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The run: the one of before where the key was known.
    pub id: RunId,
    /// Whether it is new.
    pub fresh: bool,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commanded {
    /// The run after it.
    pub run: Run,
    /// How many events it led to; none where it was so already.
    pub events: usize,
    /// To run now that it is committed.
    pub effects: Vec<Effect>,
}

/// A task that a worker got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its run.
    pub run: RunId,
    /// The task as leased.
    pub task: Task,
}

/// A held task whose lease has run out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// Its run.
    pub run: RunId,
    /// Its place in the plan.
    pub task: TaskNo,
    /// The fence it is held under.
    pub fence: Fence,
}

/// A row of the outbox: something a reader outside should hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Grows with every row, in the order of commits.
    pub seq: i64,
    /// The run it is about.
    pub run: RunId,
    /// The place of the event in its run.
    pub run_seq: u64,
    /// The event, as JSON.
    pub body: String,
}

/// Something that [`RunStore::check`] found wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Disagreement {
    /// The events do not tell a story.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// The run's row is not what its events lead to.
    #[error("the row of run {0} is not what its events lead to")]
    Run(RunId),
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
    /// The id is taken.
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
    /// A row that cannot be what was written.
    #[error("the store of runs is damaged: {0}")]
    Damaged(String),
    /// A commit failed before; what is on the disk is not known.
    #[error("the store of runs has stopped after a failed write")]
    Stopped,
    /// Another process owns it.
    #[error("another process has {} open", .0.display())]
    Owned(PathBuf),
    /// Written by a newer program.
    #[error("{} has schema {found}; this program knows {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest known.
        known: i64,
    },
    /// A library with a known fault.
    #[error("SQLite {0} can lose committed data: 3.51.3 is the oldest that is safe")]
    UnsafeLibrary(String),
}

impl Hint for RunStoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoRun(_) => ErrorKind::NotFound,
            Self::IdTaken(_)
            | Self::KeyConflict { .. }
            | Self::Rejected(_)
            | Self::HaltRejected(_) => ErrorKind::Conflict,
            Self::Storage { .. } | Self::Stopped => ErrorKind::Storage,
            Self::Damaged(_) => ErrorKind::Corrupt,
            Self::Owned(_) => ErrorKind::Unavailable,
            Self::Newer { .. } => ErrorKind::Invalid,
            Self::UnsafeLibrary(_) => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::KeyConflict { .. } => Some("use a new key for a new request".into()),
            Self::Storage { .. } => {
                Some("check the free space and permissions of the folder".into())
            }
            Self::Stopped => Some("check the disk, then start the program again".into()),
            Self::Owned(_) => Some("wait for it to end, or stop it".into()),
            Self::Newer { .. } => Some("use the newer program".into()),
            _ => None,
        }
    }
}

/// Runs, their tasks and events, and the halts that cover them.
///
/// Every change is one transaction: rows, events and outbox together, or
/// nothing. What a call returned is kept whatever happens next. Calls may come
/// from any thread and wait for the disk.
pub trait RunStore: Send + Sync {
    /// Accepts a run.
    fn submit(&self, submission: Submission, by: Asked) -> Result<Submitted, RunStoreError>;

    /// Carries a command out.
    fn command(&self, run: RunId, command: Command, by: Asked) -> Result<Commanded, RunStoreError>;

    /// Leases up to `limit` ready tasks of a queue: higher priority first,
    /// then longer ready, then in any order that stays the same. Runs that a
    /// halt covers are passed over.
    fn claim(
        &self,
        queue: &str,
        lease: Lease,
        limit: usize,
        by: Asked,
    ) -> Result<Vec<Claimed>, RunStoreError>;

    /// A heartbeat: moves the end of a lease.
    fn renew(
        &self,
        run: RunId,
        task: TaskNo,
        fence: Fence,
        until: UnixMicros,
    ) -> Result<Lease, RunStoreError>;

    /// Held tasks whose lease ended before `now`, the longest ended first, then
    /// by run and place.
    fn expired(&self, now: UnixMicros) -> Result<Vec<Expired>, RunStoreError>;

    /// Sets or clears a halt, and tells every open run it covers, in one
    /// transaction that goes before all that wait. Returns what the workers of
    /// those runs must hear.
    fn halt(
        &self,
        command: HaltCommand,
        by: Asked,
    ) -> Result<Vec<(RunId, Vec<Effect>)>, RunStoreError>;

    /// Every latch, cleared ones among them.
    fn halts(&self) -> Result<Vec<Halt>, RunStoreError>;

    /// One run.
    fn run(&self, id: RunId) -> Result<Run, RunStoreError>;

    /// Every run, the newest first.
    fn runs(&self) -> Result<Vec<Run>, RunStoreError>;

    /// The tasks of a run, in the order of its plan.
    fn tasks(&self, id: RunId) -> Result<Vec<Task>, RunStoreError>;

    /// The events of a run from its beginning.
    fn events(&self, id: RunId) -> Result<Vec<Recorded>, RunStoreError>;

    /// Outbox rows that a consumer has not acknowledged, oldest first.
    fn outbox(&self, consumer: &str, limit: usize) -> Result<Vec<OutboxRow>, RunStoreError>;

    /// Acknowledges outbox rows up to one of them; never goes back.
    fn acknowledge(&self, consumer: &str, seq: i64) -> Result<(), RunStoreError>;

    /// Folds every run's events and compares: no finding is a good finding.
    fn check(&self) -> Result<Vec<Disagreement>, RunStoreError> {
        let mut found = Vec::new();
        for run in self.runs()? {
            let (tasks, events) = (self.tasks(run.id)?, self.events(run.id)?);
            found.extend(disagreement(&run, &tasks, &events));
        }
        Ok(found)
    }
}

/// Where the rows of one run are not what its events lead to.
pub fn disagreement(run: &Run, tasks: &[Task], events: &[Recorded]) -> Option<Disagreement> {
    let (folded, rows) = match fondaco_domain::run::fold(run.id, events) {
        Ok(folded) => folded,
        Err(error) => return Some(error.into()),
    };
    if folded != *run || rows.tasks().count() != tasks.len() {
        return Some(Disagreement::Run(run.id));
    }
    rows.tasks()
        .zip(tasks)
        .find(|(folded, stored)| !folded.agrees_with(stored))
        .map(|(folded, _)| Disagreement::Task {
            run: run.id,
            task: folded.no,
        })
}
