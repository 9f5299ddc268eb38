//! A run as it stands.

use serde::{Deserialize, Serialize};

use super::Event;
use crate::halt::{Epoch, Scope};
use crate::task::TaskState;
use crate::{ContentHash, RunId, UnixMicros};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Accepted; no task has been leased.
    Queued,
    /// Under way.
    Running,
    /// Nothing starts; what a worker holds is still to end.
    Halting,
    /// Nothing runs until it is resumed.
    Halted,
    /// Nothing starts ever again; what a worker holds is still to end.
    Cancelling,
    /// Ended because somebody said so.
    Cancelled,
    /// Ended with all that was wanted.
    Completed,
    /// Ended with failures beside successes.
    Partial,
    /// Ended without what was wanted.
    Failed,
}

impl RunState {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Running,
        Self::Halting,
        Self::Halted,
        Self::Cancelling,
        Self::Cancelled,
        Self::Completed,
        Self::Partial,
        Self::Failed,
    ];

    /// Whether nothing changes it any more.
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Cancelled | Self::Completed | Self::Partial | Self::Failed
        )
    }

    /// The name used in storage and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Halting => "halting",
            Self::Halted => "halted",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Completed => "completed",
            Self::Partial => "partial",
            Self::Failed => "failed",
        }
    }

    /// Reads [`RunState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What a run is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// One strategy over past candles.
    Backtest,
    /// Many, in search of parameters.
    Hyperopt,
    /// Analysts over tickers and dates.
    Analysis,
    /// Models over dates.
    Simulation,
    /// A graph of steps.
    Workflow,
    /// Orders.
    Trading,
}

impl RunKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Backtest,
        Self::Hyperopt,
        Self::Analysis,
        Self::Simulation,
        Self::Workflow,
        Self::Trading,
    ];

    /// The name used in storage and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backtest => "backtest",
            Self::Hyperopt => "hyperopt",
            Self::Analysis => "analysis",
            Self::Simulation => "simulation",
            Self::Workflow => "workflow",
            Self::Trading => "trading",
        }
    }

    /// Reads [`RunKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What the ends of the tasks make of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompletionRule {
    /// A required task that failed fails the run; an optional one degrades it.
    AllRequired,
    /// Of the required tasks, no failure: completed, even when all was
    /// skipped. Failures beside successes: partial. Failures only: failed. An
    /// optional one that failed degrades what is completed.
    ModelDays,
}

impl CompletionRule {
    /// The name used in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AllRequired => "all_required",
            Self::ModelDays => "model_days",
        }
    }

    /// Reads [`CompletionRule::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::AllRequired, Self::ModelDays]
            .into_iter()
            .find(|rule| rule.as_str() == text)
    }
}

/// How many tasks stand where. `total` is always the sum of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// All of the plan so far.
    pub total: u32,
    /// Blocked or ready.
    pub pending: u32,
    /// Held by a worker.
    pub running: u32,
    /// Ended with a result.
    pub completed: u32,
    /// Ended without.
    pub failed: u32,
    /// Not done, for a reason.
    pub skipped: u32,
    /// Not done, because somebody said so.
    pub cancelled: u32,
}

impl Counts {
    /// Tasks that have not ended.
    pub fn open(&self) -> u32 {
        self.pending + self.running
    }

    /// Whether they add up.
    pub fn add_up(&self) -> bool {
        self.total == self.open() + self.completed + self.failed + self.skipped + self.cancelled
    }

    fn of(&mut self, state: TaskState) -> &mut u32 {
        match state {
            TaskState::Blocked | TaskState::Ready => &mut self.pending,
            TaskState::Leased | TaskState::Running => &mut self.running,
            TaskState::Completed => &mut self.completed,
            TaskState::Failed => &mut self.failed,
            TaskState::Skipped => &mut self.skipped,
            TaskState::Cancelled => &mut self.cancelled,
        }
    }
}

/// What a run is asked to be; never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRun {
    /// What it is about.
    pub kind: RunKind,
    /// The version of the spec, by the hash of its canonical form.
    pub spec: ContentHash,
    /// How it ends.
    pub rule: CompletionRule,
    /// On whose behalf.
    pub tenant: String,
    /// The strategy it is about, where it is about one.
    pub strategy: Option<String>,
    /// The line it waits in.
    pub queue: String,
    /// Larger is sooner.
    pub priority: i32,
    /// Of the runs with the same key, one at a time: from the start of its
    /// first task to its end.
    pub concurrency_key: Option<String>,
    /// It is cancelled where it has not ended by then.
    pub deadline: Option<UnixMicros>,
    /// The run it takes up again.
    pub parent: Option<RunId>,
}

/// The tenant and the queue of those who name none.
pub const DEFAULT: &str = "default";

impl NewRun {
    /// Of a spec, with the defaults of the rest: all tasks required.
    pub fn new(kind: RunKind, spec: ContentHash) -> Self {
        Self {
            kind,
            spec,
            rule: CompletionRule::AllRequired,
            tenant: DEFAULT.to_owned(),
            strategy: None,
            queue: DEFAULT.to_owned(),
            priority: 0,
            concurrency_key: None,
            deadline: None,
            parent: None,
        }
    }
}

/// A run as it stands: one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// What was asked for.
    pub new: NewRun,
    /// Where it stands.
    pub state: RunState,
    /// Whether its plan is whole; it cannot end before.
    pub planned: bool,
    /// Its tasks, counted by each transition and never recounted.
    pub counts: Counts,
    /// Required tasks that failed or were cancelled.
    pub required_failed: u32,
    /// Required tasks that ended with a result.
    pub required_completed: u32,
    /// The epoch it was halted under, or was accepted in.
    pub halt_epoch: Epoch,
    /// Completed, though something optional failed.
    pub degraded: bool,
    /// Why it failed, halted or was cancelled.
    pub reason: Option<String>,
    /// When it was accepted.
    pub created_at: UnixMicros,
    /// When its first task was leased.
    pub started_at: Option<UnixMicros>,
    /// When it ended.
    pub finished_at: Option<UnixMicros>,
}

impl Run {
    /// As it stands when it was just accepted.
    pub fn accepted(id: RunId, new: NewRun, epoch: Epoch, at: UnixMicros) -> Self {
        Self {
            id,
            new,
            state: RunState::Queued,
            planned: false,
            counts: Counts::default(),
            required_failed: 0,
            required_completed: 0,
            halt_epoch: epoch,
            degraded: false,
            reason: None,
            created_at: at,
            started_at: None,
            finished_at: None,
        }
    }

    /// The scopes whose halts cover it, widest first.
    pub fn scopes(&self) -> Vec<Scope> {
        let mut chain = vec![
            Scope::Global,
            Scope::Tenant(self.new.tenant.clone()),
            Scope::Kind(self.new.kind),
        ];
        chain.extend(self.new.strategy.clone().map(Scope::Strategy));
        chain.extend([Scope::Spec(self.new.spec.clone()), Scope::Run(self.id)]);
        chain
    }

    /// Whether it holds its concurrency key: it has begun and not ended.
    pub fn holds_key(&self) -> bool {
        self.started_at.is_some() && !self.state.is_terminal()
    }

    /// What it ends as, by its rule, once no task is open. A task cancelled
    /// in a run that is not counts as failed.
    pub fn outcome(&self) -> (RunState, bool) {
        let failed = self.counts.failed + self.counts.cancelled;
        match self.new.rule {
            _ if self.required_failed == 0 => (RunState::Completed, failed > 0),
            CompletionRule::ModelDays if self.required_completed > 0 => (RunState::Partial, false),
            CompletionRule::AllRequired | CompletionRule::ModelDays => (RunState::Failed, false),
        }
    }

    /// Counts a task of the plan.
    pub(super) fn count_planned(&mut self, state: TaskState, required: bool) {
        self.counts.total += 1;
        *self.counts.of(state) += 1;
        if required {
            self.count_required(state);
        }
    }

    /// Counts a task that went from one state to another.
    pub(super) fn count_moved(&mut self, from: TaskState, to: TaskState, required: bool) {
        *self.counts.of(from) -= 1;
        *self.counts.of(to) += 1;
        if required && from != to {
            self.count_required(to);
        }
    }

    /// Counts a required task that came to stand there.
    fn count_required(&mut self, state: TaskState) {
        match state {
            TaskState::Completed => self.required_completed += 1,
            TaskState::Failed | TaskState::Cancelled => self.required_failed += 1,
            _ => {}
        }
    }

    /// Takes an event of the run itself in; those of tasks are counted by
    /// [`Run::count_moved`].
    pub(super) fn apply(&mut self, event: &Event, at: UnixMicros) {
        match event {
            Event::Planned { last, .. } => self.planned |= *last,
            Event::RunStarted => {
                self.state = RunState::Running;
                self.started_at = Some(at);
            }
            Event::RunHalting { epoch, reason, .. } => {
                self.state = RunState::Halting;
                self.halt_epoch = *epoch;
                self.reason = Some(reason.clone());
            }
            Event::RunHalted => self.state = RunState::Halted,
            Event::RunResumed { epoch } => {
                self.state = RunState::Running;
                self.halt_epoch = *epoch;
                self.started_at = self.started_at.or(Some(at));
                self.reason = None;
            }
            Event::RunCancelling { reason } => {
                self.state = RunState::Cancelling;
                self.reason = Some(reason.clone());
            }
            Event::RunEnded {
                state,
                degraded,
                reason,
            } => {
                self.state = *state;
                self.degraded = *degraded;
                self.reason.clone_from(reason);
                self.finished_at = Some(at);
            }
            _ => {}
        }
    }
}
