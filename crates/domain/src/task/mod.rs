//! Tasks: the units of a run, and what may become of them.
//!
//! ```text
//! blocked → ready → leased → running → completed | failed | cancelled
//!             ↑________|________|       retry, lost lease, halt: the fence grows
//! blocked | ready → skipped | cancelled
//! blocked → skipped | failed | ready    when what it needs failed, by its choice
//! ```
//!
//! [`step`] decides and changes nothing; [`Task::apply`] changes and decides
//! nothing, so that a fold over the events of a run gives its rows.

mod step;
#[cfg(test)]
mod tests;

pub use step::{TaskCommand, renew, step};

use serde::{Deserialize, Serialize};

use crate::retry::RetryPolicy;
use crate::run::Event;
use crate::{RunId, UnixMicros, WorkerId};

/// A task's place in the plan of its run, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskNo(pub u32);

/// Grows whenever a task is taken away from a worker. What a worker says
/// counts only under the fence it was given.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fence(pub u64);

impl Fence {
    /// The one after.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Waits for what it needs.
    Blocked,
    /// May be leased from [`Task::ready_at`] on.
    Ready,
    /// Held by a worker that has not begun.
    Leased,
    /// Held by a worker that has.
    Running,
    /// Ended with a result.
    Completed,
    /// Ended without.
    Failed,
    /// Not done, for a reason of the closed list [`SkipReason`].
    Skipped,
    /// Not done, because somebody said so.
    Cancelled,
}

impl TaskState {
    /// All of them, in the order of a task's life.
    pub const ALL: [Self; 8] = [
        Self::Blocked,
        Self::Ready,
        Self::Leased,
        Self::Running,
        Self::Completed,
        Self::Failed,
        Self::Skipped,
        Self::Cancelled,
    ];

    /// Whether nothing changes it any more.
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Failed | Self::Skipped | Self::Cancelled
        )
    }

    /// Whether a worker holds it.
    pub fn is_held(self) -> bool {
        matches!(self, Self::Leased | Self::Running)
    }

    /// The name used in storage and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Ready => "ready",
            Self::Leased => "leased",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads [`TaskState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Why a task was not done. The first three are those of model-days, with
/// their texts exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// An earlier run did it.
    AlreadyCompleted,
    /// A price the day needs is missing.
    IncompletePriceData,
    /// The price source refused before the day was downloaded.
    RateLimited,
    /// What it needs failed, and its plan says to skip it then.
    NeedFailed,
}

impl SkipReason {
    /// The text people and clients read.
    pub fn text(self) -> &'static str {
        match self {
            Self::AlreadyCompleted => "Already completed",
            Self::IncompletePriceData => "Incomplete price data",
            Self::RateLimited => "Rate limited during download",
            Self::NeedFailed => "A task it needs failed",
        }
    }

    /// The name used in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AlreadyCompleted => "already_completed",
            Self::IncompletePriceData => "incomplete_price_data",
            Self::RateLimited => "rate_limited",
            Self::NeedFailed => "need_failed",
        }
    }

    /// Reads [`SkipReason::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::AlreadyCompleted,
            Self::IncompletePriceData,
            Self::RateLimited,
            Self::NeedFailed,
        ]
        .into_iter()
        .find(|reason| reason.as_str() == text)
    }
}

/// What becomes of a task when one that it needs ended without success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnNeedFailed {
    /// It is skipped, and what needs it is asked in turn.
    Skip,
    /// It fails.
    Fail,
    /// It goes on: the need was about order only, as between the days of one
    /// model.
    Proceed,
}

/// What a task does. A worker takes the kinds it knows; a new kind comes with
/// a new version of the stores' schema, so that no older program meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Nothing, at once: for drills and measurements.
    Noop,
    /// Waits, and obeys its token: for drills and tests.
    Sleep,
    /// One strategy over past candles.
    Backtest,
    /// One node of an analysis: a question to a model, a strategy at a day, or
    /// the decision.
    Analysis,
    /// A day of a model in a simulation, or a part of one.
    ModelDay,
}

impl TaskKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Noop,
        Self::Sleep,
        Self::Backtest,
        Self::Analysis,
        Self::ModelDay,
    ];

    /// The name used in storage and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Noop => "noop",
            Self::Sleep => "sleep",
            Self::Backtest => "backtest",
            Self::Analysis => "analysis",
            Self::ModelDay => "model_day",
        }
    }

    /// Reads [`TaskKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// The ladder by which an attempt is made to stop; each rung is reached when
/// the one before did not help, and each is an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Its token says so: at once.
    Token,
    /// `SIGTERM` to its process group: after 2 s.
    Terminate,
    /// `SIGKILL`: after 5 s.
    Kill,
    /// Its lease is let go: after 10 s.
    Expire,
}

impl Rung {
    /// All of them, upwards.
    pub const ALL: [Self; 4] = [Self::Token, Self::Terminate, Self::Kill, Self::Expire];

    /// Microseconds after the order to stop at which it is reached.
    pub fn after(self) -> i64 {
        match self {
            Self::Token => 0,
            Self::Terminate => 2_000_000,
            Self::Kill => 5_000_000,
            Self::Expire => 10_000_000,
        }
    }

    /// The name used in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Terminate => "terminate",
            Self::Kill => "kill",
            Self::Expire => "expire",
        }
    }
}

/// What an earlier run did and this one takes over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// The earlier run.
    pub from: RunId,
    /// Reference of the result it had.
    pub output: Option<String>,
}

/// A task as its spec asks for it; never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskPlan {
    /// Readable and unique in its run: `2025-10-01|gpt-5`, `trial/0017`.
    pub key: String,
    /// What it does.
    pub kind: TaskKind,
    /// Tasks that must end before it becomes ready; only earlier ones of the
    /// plan, so that no circle can be written.
    pub needs: Vec<TaskNo>,
    /// When one of those ends without success.
    pub on_need_failed: OnNeedFailed,
    /// Whether the run fails with it, under the rule that asks.
    pub required: bool,
    /// How often it is tried.
    pub retry: RetryPolicy,
    /// Larger is sooner; added to that of the run.
    pub priority: i32,
    /// Its input, or the reference of it.
    pub input: Option<String>,
    /// Present where it need not be done again: it is completed from the
    /// beginning.
    pub adopted: Option<Adopted>,
    /// Present where it is known from the beginning that it is not to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<SkipReason>,
}

impl TaskPlan {
    /// A required task that needs nothing and is tried once.
    pub fn new(key: impl Into<String>, kind: TaskKind) -> Self {
        Self {
            key: key.into(),
            kind,
            needs: Vec::new(),
            on_need_failed: OnNeedFailed::Skip,
            required: true,
            retry: RetryPolicy::ONCE,
            priority: 0,
            input: None,
            adopted: None,
            skip: None,
        }
    }

    /// Whether it has ended before anybody could begin it.
    pub fn is_settled(&self) -> bool {
        self.adopted.is_some() || self.skip.is_some()
    }
}

/// A worker's hold on a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Who.
    pub owner: WorkerId,
    /// Until when it holds without a sign of life. Renewals move it and are
    /// no events, so a fold knows its first value only.
    pub until: UnixMicros,
}

/// A task as it stands: one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its place in the plan.
    pub no: TaskNo,
    /// What was asked for.
    pub plan: TaskPlan,
    /// Where it stands.
    pub state: TaskState,
    /// Needs that have not ended.
    pub waiting: u32,
    /// Present exactly when skipped.
    pub skip: Option<SkipReason>,
    /// More about a skip or a failure.
    pub detail: Option<String>,
    /// Leases given so far.
    pub attempt: u32,
    /// Attempts that count against the policy; a halt's do not.
    pub failures: u32,
    /// Not before this instant.
    pub ready_at: UnixMicros,
    /// The fence that counts.
    pub fence: Fence,
    /// Present exactly when held.
    pub lease: Option<Lease>,
    /// Reference of its result, when completed.
    pub output: Option<String>,
}

impl Task {
    /// As it stands when it was just planned.
    pub fn planned(no: TaskNo, plan: TaskPlan, now: UnixMicros) -> Self {
        let waiting = if plan.is_settled() {
            0
        } else {
            plan.needs.len() as u32
        };
        let output = plan.adopted.as_ref().and_then(|one| one.output.clone());
        let skip = plan.skip.filter(|_| plan.adopted.is_none());
        Self {
            no,
            state: if plan.adopted.is_some() {
                TaskState::Completed
            } else if skip.is_some() {
                TaskState::Skipped
            } else if waiting == 0 {
                TaskState::Ready
            } else {
                TaskState::Blocked
            },
            plan,
            waiting,
            skip,
            detail: None,
            attempt: 0,
            failures: 0,
            ready_at: now,
            fence: Fence::default(),
            lease: None,
            output,
        }
    }

    /// Whether those who need it may take it as done: it completed, or was
    /// skipped for a reason that is no failure of its own needs.
    pub fn satisfies(&self) -> bool {
        match self.state {
            TaskState::Completed => true,
            TaskState::Skipped => self.skip != Some(SkipReason::NeedFailed),
            _ => false,
        }
    }

    /// Equal but for the end of the lease, which renewals move without an
    /// event.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let still = |task: &Self| {
            let mut task = task.clone();
            if let Some(lease) = &mut task.lease {
                lease.until = UnixMicros::default();
            }
            task
        };
        still(self) == still(other)
    }

    /// Takes one of its events in. Events of other tasks or of the run change
    /// nothing.
    pub fn apply(&mut self, event: &Event, at: UnixMicros) {
        if event.task() != Some(self.no) {
            return;
        }
        match event {
            Event::TaskNeedEnded { left, .. } => {
                self.waiting = *left;
                if *left == 0 {
                    self.state = TaskState::Ready;
                    self.ready_at = at;
                }
            }
            Event::TaskLeased { worker, until, .. } => {
                self.state = TaskState::Leased;
                self.attempt += 1;
                self.lease = Some(Lease {
                    owner: *worker,
                    until: *until,
                });
            }
            Event::TaskAdopted { worker, until, .. } => {
                self.lease = Some(Lease {
                    owner: *worker,
                    until: *until,
                });
            }
            Event::TaskStarted { .. } => self.state = TaskState::Running,
            Event::TaskRetried {
                fence,
                ready_at,
                error,
                ..
            } => {
                self.back_to_ready(*fence, *ready_at);
                self.failures += 1;
                self.detail = Some(error.clone());
            }
            Event::TaskReleased { fence, .. } => self.back_to_ready(*fence, at),
            Event::TaskCompleted { output, .. } => {
                self.end(TaskState::Completed);
                self.detail = None;
                self.output.clone_from(output);
            }
            Event::TaskFailed { error, .. } => {
                if self.state.is_held() {
                    self.failures += 1;
                }
                self.end(TaskState::Failed);
                self.detail = Some(error.clone());
            }
            Event::TaskSkipped { reason, detail, .. } => {
                self.end(TaskState::Skipped);
                self.skip = Some(*reason);
                self.detail.clone_from(detail);
            }
            Event::TaskCancelled { .. } => self.end(TaskState::Cancelled),
            _ => {}
        }
    }

    fn back_to_ready(&mut self, fence: Fence, ready_at: UnixMicros) {
        self.state = TaskState::Ready;
        self.fence = fence;
        self.ready_at = ready_at;
        self.lease = None;
    }

    fn end(&mut self, state: TaskState) {
        self.state = state;
        self.lease = None;
    }
}
