//! What happened, what is to be done about it, and the chain of hashes.

use serde::{Deserialize, Serialize};

use super::{NewRun, RunState};
use crate::halt::{Epoch, HaltMode};
use crate::retry::ErrorClass;
use crate::task::{Fence, Rung, SkipReason, TaskNo, TaskPlan};
use crate::{ContentHash, RunId, UnixMicros, WorkerId};

/// The closed list of what can happen to a run. Written once and never
/// changed; a change of form is a new version beside this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
#[expect(missing_docs, reason = "the fields are those of the rows they change")]
pub enum Event {
    /// Accepted.
    Submitted { new: NewRun, epoch: Epoch },
    /// A part of the plan, or all of it, was added.
    Planned {
        first: TaskNo,
        tasks: Vec<TaskPlan>,
        last: bool,
    },
    /// The first task is about to be leased.
    RunStarted,
    /// A halt took hold, or a stricter one.
    RunHalting {
        mode: HaltMode,
        epoch: Epoch,
        reason: String,
    },
    /// No worker holds a task of it any more.
    RunHalted,
    /// Somebody let it go on.
    RunResumed { epoch: Epoch },
    /// Somebody ended it.
    RunCancelling { reason: String },
    /// It ended.
    RunEnded {
        state: RunState,
        degraded: bool,
        reason: Option<String>,
    },
    /// One of a task's needs ended; at none left the task is ready.
    TaskNeedEnded {
        task: TaskNo,
        need: TaskNo,
        left: u32,
    },
    /// A worker holds it.
    TaskLeased {
        task: TaskNo,
        fence: Fence,
        worker: WorkerId,
        until: UnixMicros,
    },
    /// Another worker goes on with the attempt under way.
    TaskAdopted {
        task: TaskNo,
        worker: WorkerId,
        until: UnixMicros,
    },
    /// Its worker tries harder to stop it.
    TaskEscalated { task: TaskNo, rung: Rung },
    /// Its worker began.
    TaskStarted { task: TaskNo },
    /// It ended with a result.
    TaskCompleted {
        task: TaskNo,
        output: Option<String>,
    },
    /// An attempt failed and another follows, under a new fence.
    TaskRetried {
        task: TaskNo,
        fence: Fence,
        ready_at: UnixMicros,
        class: ErrorClass,
        error: String,
    },
    /// It was taken or given back unfinished; the attempt does not count.
    TaskReleased {
        task: TaskNo,
        fence: Fence,
        reason: ReleaseReason,
    },
    /// It ended without a result.
    TaskFailed {
        task: TaskNo,
        class: ErrorClass,
        error: String,
    },
    /// It was not done, for a reason.
    TaskSkipped {
        task: TaskNo,
        reason: SkipReason,
        detail: Option<String>,
    },
    /// It was not done, because somebody said so.
    TaskCancelled { task: TaskNo },
    /// A worker reported on a task that was not its own any more; what it
    /// said was dropped.
    LateResult {
        task: TaskNo,
        fence: Fence,
        reason: LateReason,
    },
}

/// Why a task went back to ready without a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseReason {
    /// Its worker obeyed a halt.
    Halt,
    /// It was taken by a halt that drops results.
    Killed,
    /// Its worker shuts down.
    GivenBack,
}

/// Why a report was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LateReason {
    /// Its fence is old, or the task is not running.
    NotHeld,
    /// A halt in force drops results.
    Killed,
}

impl Event {
    /// The task it is about, unless it is about the run.
    pub fn task(&self) -> Option<TaskNo> {
        match self {
            Self::Submitted { .. }
            | Self::Planned { .. }
            | Self::RunStarted
            | Self::RunHalting { .. }
            | Self::RunHalted
            | Self::RunResumed { .. }
            | Self::RunCancelling { .. }
            | Self::RunEnded { .. } => None,
            Self::TaskNeedEnded { task, .. }
            | Self::TaskLeased { task, .. }
            | Self::TaskAdopted { task, .. }
            | Self::TaskEscalated { task, .. }
            | Self::TaskStarted { task }
            | Self::TaskCompleted { task, .. }
            | Self::TaskRetried { task, .. }
            | Self::TaskReleased { task, .. }
            | Self::TaskFailed { task, .. }
            | Self::TaskSkipped { task, .. }
            | Self::TaskCancelled { task }
            | Self::LateResult { task, .. } => Some(*task),
        }
    }

    /// Whether a task is terminal by it.
    pub fn ends_task(&self) -> bool {
        matches!(
            self,
            Self::TaskCompleted { .. }
                | Self::TaskFailed { .. }
                | Self::TaskSkipped { .. }
                | Self::TaskCancelled { .. }
        )
    }

    /// The name of its type in storage: the tag of its JSON.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Submitted { .. } => "submitted",
            Self::Planned { .. } => "planned",
            Self::RunStarted => "run_started",
            Self::RunHalting { .. } => "run_halting",
            Self::RunHalted => "run_halted",
            Self::RunResumed { .. } => "run_resumed",
            Self::RunCancelling { .. } => "run_cancelling",
            Self::RunEnded { .. } => "run_ended",
            Self::TaskNeedEnded { .. } => "task_need_ended",
            Self::TaskLeased { .. } => "task_leased",
            Self::TaskAdopted { .. } => "task_adopted",
            Self::TaskEscalated { .. } => "task_escalated",
            Self::TaskStarted { .. } => "task_started",
            Self::TaskCompleted { .. } => "task_completed",
            Self::TaskRetried { .. } => "task_retried",
            Self::TaskReleased { .. } => "task_released",
            Self::TaskFailed { .. } => "task_failed",
            Self::TaskSkipped { .. } => "task_skipped",
            Self::TaskCancelled { .. } => "task_cancelled",
            Self::LateResult { .. } => "late_result",
        }
    }
}

/// What is to be done once the events are committed. Losing one costs time
/// and nothing else: the rows say what is to be done, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "effect")]
pub enum Effect {
    /// Something became ready: wake those who wait for work.
    Wake,
    /// Tell a worker to stop.
    Stop {
        /// The task it holds.
        task: TaskNo,
        /// Under which fence.
        fence: Fence,
        /// Who.
        owner: WorkerId,
    },
    /// Tasks wait to be cancelled: say [`super::RunCommand::Sweep`].
    Sweep,
    /// The run ended: tell those who wait for it.
    Ended {
        /// As what.
        state: RunState,
    },
}

/// Events and effects that one command leads to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// In order.
    pub events: Vec<Event>,
    /// To run after the commit.
    pub effects: Vec<Effect>,
}

impl Decision {
    /// It is so already.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// One event.
    pub fn of(event: Event) -> Self {
        Self {
            events: vec![event],
            effects: Vec::new(),
        }
    }

    /// With an effect.
    #[must_use]
    pub fn and(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    /// And what another decision says.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.events.extend(other.events);
        self.effects.extend(other.effects);
        self
    }
}

/// An event as it is kept: its place in its run's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// From 1, without a gap.
    pub seq: u64,
    /// When it was decided.
    pub at: UnixMicros,
    /// Who asked.
    pub actor: String,
    /// What happened.
    pub event: Event,
    /// Its JSON, byte for byte as it was hashed.
    pub body: String,
    /// The hash of the one before.
    pub prev: String,
    /// [`chain_hash`] of all of the above.
    pub hash: String,
}

/// What stands before the first event of a run.
pub const CHAIN_START: &str = "";

/// The hash that an event hands on: SHA-256 over the hash before it, the
/// run, the place, the time, the actor and the body, each with its length.
pub fn chain_hash(
    prev: &str,
    run: RunId,
    seq: u64,
    at: UnixMicros,
    actor: &str,
    body: &str,
) -> String {
    ContentHash::of_parts([
        prev.as_bytes(),
        run.to_string().as_bytes(),
        &seq.to_le_bytes(),
        &at.0.to_le_bytes(),
        actor.as_bytes(),
        body.as_bytes(),
    ])
    .as_str()
    .to_owned()
}
