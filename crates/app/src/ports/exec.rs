//! Where attempts run, and what they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fondaco_domain::retry::ErrorClass;
use fondaco_domain::task::{Fence, Rung, SkipReason, TaskKind, TaskNo, TaskState};
use fondaco_domain::{ErrorKind, Hint, RunId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Cause;

/// The name of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptId {
    /// Its run.
    pub run: RunId,
    /// Its place in the plan.
    pub task: TaskNo,
    /// The fence it was given.
    pub fence: Fence,
}

/// All that an attempt needs: whoever runs it reads nothing from the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Its name.
    pub id: AttemptId,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// What it does.
    pub kind: TaskKind,
    /// The name of the task in its run.
    pub key: String,
    /// The spec of the run, in its canonical form.
    pub spec: String,
    /// The input of the task, whole.
    pub input: Option<String>,
    /// What came of the tasks it needs, in the order of its plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
}

/// What came of a task that another one needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// Its name in the run.
    pub key: String,
    /// How it ended.
    pub state: TaskState,
    /// Its output, whole, where it completed with one.
    pub output: Option<String>,
    /// Why it did not complete, or more about it.
    pub detail: Option<String>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// With a result.
    Completed {
        /// The result, whole.
        output: Option<String>,
    },
    /// It is not to be done.
    Skipped {
        /// Why.
        reason: SkipReason,
        /// More about it.
        detail: Option<String>,
    },
    /// Without.
    Failed {
        /// What kind of failure.
        class: ErrorClass,
        /// In words.
        error: String,
    },
    /// It was told to stop, and did.
    Stopped,
}

/// What an attempt asks and is told while it runs.
pub trait Watch: Send + Sync {
    /// Whether it should stop. Long work asks at least ten times a second.
    fn stopped(&self) -> bool;

    /// Waits, and returns early where it should stop.
    fn wait(&self, time: Duration);

    /// How far it is, in words or as JSON.
    fn progress(&self, text: &str);
}

/// What tasks of one kind do. It must bear to be run twice: an attempt whose
/// worker died may have done all but say so.
pub trait TaskBody: Send + Sync {
    /// Does it.
    fn run(&self, assignment: &Assignment, watch: &dyn Watch) -> Outcome;
}

/// An order to stop that several hold.
#[derive(Debug, Clone, Default)]
pub struct Token(Arc<AtomicBool>);

impl Token {
    /// Gives the order; it stays given.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was given.
    pub fn stopped(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// News of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It is so far.
    Progress(AttemptId, String),
    /// It ended.
    Ended(AttemptId, Outcome),
}

/// What an executor finds of an attempt it did not start itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It runs.
    Running,
    /// It ended, and this is how.
    Ended(Outcome),
    /// It is gone without a result.
    Gone,
    /// It cannot be seen from here: another machine's, or a thread's.
    Unknown,
}

/// An attempt that could not begin.
#[derive(Debug, Error)]
#[error("cannot start task `{key}`")]
pub struct StartError {
    /// The task.
    pub key: String,
    /// Whether trying again can help.
    pub class: ErrorClass,
    /// Why not.
    #[source]
    pub source: Cause,
}

impl Hint for StartError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unavailable
    }
}

/// A place where attempts run. No call waits for an attempt.
pub trait Executor: Send + Sync {
    /// Its name in the rows: `inline`, `local`.
    fn name(&self) -> &'static str;

    /// Begins an attempt. Returns a reference by which another process of
    /// this machine finds it again, where there is such a thing.
    fn start(&self, assignment: Assignment) -> Result<Option<String>, StartError>;

    /// News since the last call, in order. Rings the bell it was made with
    /// when there are some.
    fn news(&self) -> Vec<News>;

    /// Goes one rung further to make an attempt stop. [`Rung::Expire`] means
    /// that nobody waits for it any more.
    fn stop(&self, attempt: AttemptId, rung: Rung);

    /// Looks for an attempt of another process.
    fn find(&self, attempt: AttemptId, reference: &str) -> Found;

    /// Takes over an attempt of another process that [`Executor::find`] saw
    /// running: its news come from here from now on. False where it is gone.
    fn adopt(&self, attempt: AttemptId, reference: &str) -> bool;

    /// The store has taken what [`News::Ended`] or [`Found::Ended`] said: what
    /// was kept of the attempt for that may go.
    fn settled(&self, _attempt: AttemptId) {}
}
