//! Where durable runs are kept.

mod error;

pub use error::{Disagreement, RunStoreError};

use fondaco_domain::halt::Epoch;
use fondaco_domain::run::{Command, Effect, NewRun, Recorded, Rejection, Run, RunKind, RunState};
use fondaco_domain::task::{
    Fence, Lease, Task, TaskCommand, TaskKind, TaskNo, TaskPlan, TaskState,
};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};
use serde::{Deserialize, Serialize};

/// What is asked to become a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The name it gets, unless its key is known.
    pub id: RunId,
    /// What it is.
    pub new: NewRun,
    /// The spec in its canonical form; [`NewRun::spec`] is its hash.
    pub spec: String,
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IdempotencyKey {
    /// Whose keys these are: keys of two scopes are different.
    pub scope: String,
    /// The key.
    pub key: String,
}

/// Who asks, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Written into every event it leads to.
    pub actor: String,
    /// The time now.
    pub at: UnixMicros,
}

/// What came of a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    /// The run: the one of before where the key was known.
    pub id: RunId,
    /// Whether it is new.
    pub fresh: bool,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commanded {
    /// The run after it.
    pub run: Run,
    /// How many events it led to; none where it was so already.
    pub events: usize,
    /// What the store has told those who [`RunStore::subscribe`].
    pub effects: Vec<Effect>,
}

/// All that a worker has to say, and what it wants: one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Who.
    pub worker: WorkerId,
    /// What became of its attempts, in order. One that is rejected does not
    /// undo the others.
    pub reports: Vec<Report>,
    /// Signs of life of what it holds.
    pub beats: Vec<Beat>,
    /// What it has room for, after all that.
    pub want: Option<Want>,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Its run.
    pub run: RunId,
    /// Its place in the plan.
    pub task: TaskNo,
    /// What happened, with the fence.
    pub command: TaskCommand,
}

/// A sign of life: moves the end of a lease, counts, and is no event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// Its run.
    pub run: RunId,
    /// Its place in the plan.
    pub task: TaskNo,
    /// As it was given.
    pub fence: Fence,
    /// The lease holds until then.
    pub until: UnixMicros,
    /// By which its executor finds the attempt again; kept once given.
    pub external: Option<External>,
    /// How far it is, in words or as JSON; kept until there is another.
    pub progress: Option<String>,
}

/// An attempt as its executor knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct External {
    /// Name of the executor: `inline`, `local`.
    pub executor: String,
    /// Its own reference, where another process can use one.
    pub reference: Option<String>,
}

/// What a worker has room for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// The lines it takes from.
    pub queues: Vec<String>,
    /// What it can do.
    pub kinds: Vec<TaskKind>,
    /// Only tasks of this run, where given.
    pub run: Option<RunId>,
    /// How many at most.
    pub limit: usize,
    /// Until when it gets them.
    pub until: UnixMicros,
    /// Whether they start in the same transaction: for a worker that begins at
    /// once.
    pub start: bool,
}

/// The answer to an [`Exchange`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchanged {
    /// One per report, in order: how many events it led to, or why not.
    pub reports: Vec<Result<usize, Rejection>>,
    /// Of the beats, those refused: the worker has lost these and must stop
    /// them.
    pub lost: Vec<(RunId, TaskNo, Fence)>,
    /// Tasks leased to it: higher priority first (the run's plus the task's),
    /// then longer ready, then in any order that stays the same. Runs that a
    /// halt covers, or whose concurrency key another holds, are passed over.
    pub claimed: Vec<Claimed>,
    /// The counter of halts: one that grew means new latches to look at.
    pub epoch: Epoch,
}

/// A task that a worker got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    /// Its run.
    pub run: RunId,
    /// What the run is.
    pub new: NewRun,
    /// The task as leased, or as started.
    pub task: Task,
}

/// A task that a worker holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its run.
    pub run: RunId,
    /// Its place in the plan.
    pub task: TaskNo,
    /// The fence it is held under.
    pub fence: Fence,
    /// By whom, and until when by the wall clock.
    pub lease: Lease,
    /// Grows with every [`Beat`]: silence is that it does not grow, judged on
    /// the monotonic clock of who looks.
    pub beats: u64,
    /// How to find the attempt, where it was said.
    pub external: Option<External>,
}

/// One attempt at a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// The fence it had.
    pub fence: Fence,
    /// Who held it last.
    pub worker: WorkerId,
    /// How to find it, where it was said.
    pub external: Option<External>,
    /// Signs of life so far.
    pub beats: u64,
    /// How far it said it was.
    pub progress: Option<String>,
    /// When it was leased.
    pub leased_at: UnixMicros,
    /// When it began.
    pub started_at: Option<UnixMicros>,
    /// When it ended.
    pub ended_at: Option<UnixMicros>,
    /// The type of the event that ended it: `task_completed`, `task_retried`.
    pub outcome: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
}

/// Which runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RunQuery {
    /// In one of these states; empty for any.
    pub states: Vec<RunState>,
    /// Of this kind.
    pub kind: Option<RunKind>,
    /// In this queue.
    pub queue: Option<String>,
    /// Of this spec.
    pub spec: Option<ContentHash>,
    /// About this strategy.
    pub strategy: Option<String>,
    /// On behalf of this tenant.
    pub tenant: Option<String>,
    /// That take this one up again.
    pub parent: Option<RunId>,
    /// Whose plan is whole, or is not.
    pub planned: Option<bool>,
    /// Whose deadline is at or before this instant.
    pub due: Option<UnixMicros>,
    /// That ended before this instant.
    pub finished_before: Option<UnixMicros>,
    /// Older than this one: the last of the page before.
    pub before: Option<RunId>,
    /// How many at most; none for all.
    pub limit: Option<usize>,
}

/// Which tasks of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskQuery {
    /// In one of these states; empty for any.
    pub states: Vec<TaskState>,
    /// After this one in the plan.
    pub after: Option<TaskNo>,
    /// How many at most; none for all.
    pub limit: Option<usize>,
}

/// A place in the outbox. Grows with every row, in an order that a reader
/// never has to go back in: no row appears later before one already read.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Position {
    /// The transaction, where the store needs it to keep the order; else 0.
    pub transaction: i64,
    /// The place.
    pub seq: i64,
}

/// A row of the outbox: something a reader outside should hear of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// Its place.
    pub position: Position,
    /// The run it is about.
    pub run: RunId,
    /// The place of the event in its run.
    pub run_seq: u64,
    /// The event, as JSON.
    pub body: String,
}

/// An event as those who watch everything see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedRow {
    /// Its number: grows from row to row in the order in which readers see
    /// them, with gaps, and is the same for every reader and after any restart.
    pub no: u64,
    /// The run it is about.
    pub run: RunId,
    /// The event.
    pub event: Recorded,
}

/// News for those who wait. Any of them may get lost: they save a poll, and
/// what they say is found in the rows, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "notice")]
pub enum Notice {
    /// There is work to take.
    Wake,
    /// A worker should stop a task.
    Stop {
        /// Its run.
        run: RunId,
        /// Its place in the plan.
        task: TaskNo,
        /// Under this fence.
        fence: Fence,
        /// Held by this worker.
        owner: WorkerId,
    },
    /// Tasks of a run wait to be cancelled.
    Sweep {
        /// The run.
        run: RunId,
    },
    /// The latches changed.
    Halt {
        /// The counter now.
        epoch: Epoch,
    },
    /// A run ended.
    Ended {
        /// The run.
        run: RunId,
        /// As what.
        state: RunState,
    },
}

impl Notice {
    /// What an effect on a run is to those who wait.
    pub fn of(run: RunId, effect: &Effect) -> Self {
        match effect {
            Effect::Wake => Self::Wake,
            Effect::Stop { task, fence, owner } => Self::Stop {
                run,
                task: *task,
                fence: *fence,
                owner: *owner,
            },
            Effect::Sweep => Self::Sweep { run },
            Effect::Ended { state } => Self::Ended { run, state: *state },
        }
    }
}

/// A subscription to [`Notice`]s; ends when it is dropped.
pub trait Notices: Send {
    /// The next one, or nothing when none came in time.
    fn wait(&mut self, timeout: std::time::Duration) -> Option<Notice>;
}

/// What a store says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vitals {
    /// Where it is: a path, or an address without its password.
    pub place: String,
    /// What it is and its version: `SQLite 3.51.3`.
    pub engine: String,
    /// Whether this process owns it, or reaches it through the one that does.
    pub access: String,
    /// Version of the schema.
    pub schema: i64,
    /// Its size in bytes, where known.
    pub bytes: Option<u64>,
    /// The time of the newest event.
    pub last_event_at: Option<UnixMicros>,
    /// What the engine's own check of its file says, when it is not well.
    pub fault: Option<String>,
}

/// Runs, their tasks and events.
///
/// Every change is one transaction: rows, events and outbox together, or
/// nothing. What a call returned is kept whatever happens next. Effects go to
/// the subscribers after the commit. Calls may come from any thread and wait
/// for the disk; one that is repeated because its answer was lost changes
/// nothing more.
pub trait RunStore: Send + Sync {
    /// Accepts a run. The same id with the same [`Submission::fingerprint`]
    /// again is the same run, not fresh.
    fn submit(&self, submission: Submission, by: Asked) -> Result<Submitted, RunStoreError>;

    /// Carries a command out.
    fn command(&self, run: RunId, command: Command, by: Asked) -> Result<Commanded, RunStoreError>;

    /// Takes in what a worker says and gives it what it wants.
    fn exchange(&self, exchange: Exchange, by: Asked) -> Result<Exchanged, RunStoreError>;

    /// Every held task, by run and place.
    fn held(&self) -> Result<Vec<Held>, RunStoreError>;

    /// A version of a spec, in its canonical form.
    fn spec(&self, hash: &ContentHash) -> Result<String, RunStoreError>;

    /// One run.
    fn run(&self, id: RunId) -> Result<Run, RunStoreError>;

    /// Runs, the newest first.
    fn runs(&self, query: &RunQuery) -> Result<Vec<Run>, RunStoreError>;

    /// The run that has begun, has not ended and has this concurrency key.
    fn key_holder(&self, key: &str) -> Result<Option<RunId>, RunStoreError>;

    /// Tasks of a run, in the order of its plan.
    fn tasks(&self, id: RunId, query: &TaskQuery) -> Result<Vec<Task>, RunStoreError>;

    /// The attempts at a task, the first first.
    fn attempts(&self, id: RunId, task: TaskNo) -> Result<Vec<Attempt>, RunStoreError>;

    /// Events of a run after a place in it (0 for all), at most so many.
    fn events(&self, id: RunId, after: u64, limit: usize) -> Result<Vec<Recorded>, RunStoreError>;

    /// Removes a run that has ended, with all that belongs to it. Later
    /// readers of the outbox do not hear of it.
    fn remove(&self, id: RunId) -> Result<(), RunStoreError>;

    /// Outbox rows that a consumer has not acknowledged, oldest first.
    fn outbox(&self, consumer: &str, limit: usize) -> Result<Vec<OutboxRow>, RunStoreError>;

    /// Acknowledges outbox rows up to one of them; never goes back.
    fn acknowledge(&self, consumer: &str, position: Position) -> Result<(), RunStoreError>;

    /// Events of all runs after a number (0 for all), at most so many. No row
    /// appears later before one already read.
    fn feed(&self, after: u64, limit: usize) -> Result<Vec<FeedRow>, RunStoreError>;

    /// The number of the newest row of the feed; 0 where there is none.
    fn feed_end(&self) -> Result<u64, RunStoreError>;

    /// How many runs have not ended, by kind and state; those there are none
    /// of are left out.
    fn open_runs(&self) -> Result<Vec<(RunKind, RunState, u64)>, RunStoreError>;

    /// Keeps a body under its hash. Bodies over [`INLINE`] bytes go there and
    /// not into rows.
    fn keep_body(&self, body: &[u8]) -> Result<ContentHash, RunStoreError>;

    /// A body that was kept.
    fn body(&self, hash: &ContentHash) -> Result<Vec<u8>, RunStoreError>;

    /// News from now on.
    fn subscribe(&self) -> Result<Box<dyn Notices>, RunStoreError>;

    /// What it says of itself, with the engine's own check of its file.
    fn vitals(&self) -> Result<Vitals, RunStoreError>;

    /// Folds one run's events and compares.
    fn check_run(&self, id: RunId) -> Result<Vec<Disagreement>, RunStoreError>;

    /// Folds every run's events and compares: no finding is a good finding.
    fn check(&self) -> Result<Vec<Disagreement>, RunStoreError> {
        let mut found = Vec::new();
        for run in self.runs(&RunQuery::default())? {
            found.extend(self.check_run(run.id)?);
        }
        Ok(found)
    }
}

/// Bytes of a body that a row holds at most.
pub const INLINE: usize = 8 * 1024;

/// Where the rows of one run are not what its events lead to.
pub fn disagreement(run: &Run, tasks: &[Task], events: &[Recorded]) -> Option<Disagreement> {
    let (folded, rows) = match fondaco_domain::run::fold(run.id, events) {
        Ok(folded) => folded,
        Err(fold) => return Some(Disagreement::Fold { fold }),
    };
    if folded != *run || rows.tasks().count() != tasks.len() {
        return Some(Disagreement::Run { run: run.id });
    }
    rows.tasks()
        .zip(tasks)
        .find(|(folded, stored)| !folded.agrees_with(stored))
        .map(|(folded, _)| Disagreement::Task {
            run: run.id,
            task: folded.no,
        })
}
