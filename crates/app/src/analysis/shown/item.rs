//! One item of an analysis as it stands.
//!
//! All of it follows from where its tasks stand. A task that has ended stays
//! so, and stages are counted from the first on: progress never goes back,
//! whatever is tried again within a task.

use fondaco_contract::v1alpha1::analysis::{
    AnalysisItem, AnalysisResult, AnalysisStatus, BudgetState,
};
use fondaco_domain::UnixMicros;
use fondaco_domain::run::{Run, RunState};
use fondaco_domain::task::{Task, TaskState};

use super::{Seen, added, none_spent};
use crate::analysis::keys::{Node, Stage};

/// An item as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemShown {
    /// What and which day.
    pub item: AnalysisItem,
    /// The beginning of the names of its tasks.
    pub key: String,
    /// Where it stands.
    pub state: ItemState,
    /// All five, in order.
    pub stages: Vec<StageShown>,
    /// From 0 to 100: 20 for each stage behind it.
    pub progress: u8,
    /// The stage it is in; nothing before the first and after the end.
    pub current: Option<Stage>,
    /// When it ended.
    pub ended_at: Option<UnixMicros>,
    /// What it took so far.
    pub spent: BudgetState,
    /// What came of it.
    pub result: Option<AnalysisResult>,
    /// Why there is nothing, where the result does not say it.
    pub failure: Option<String>,
}

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemState {
    /// No worker has a task of it: it was not begun, or who had it is gone.
    Pending,
    /// Under way.
    Running,
    /// With all that was asked for.
    Completed,
    /// With a decision, and something missing.
    DegradedSuccess,
    /// Without a decision.
    Failed,
    /// Somebody said so.
    Cancelled,
    /// Nothing runs until its run is resumed.
    Halted,
}

impl ItemState {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Running,
        Self::Completed,
        Self::DegradedSuccess,
        Self::Failed,
        Self::Cancelled,
        Self::Halted,
    ];

    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::DegradedSuccess => "degraded_success",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Halted => "halted",
        }
    }

    /// Whether nothing changes it any more.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Pending | Self::Running | Self::Halted)
    }
}

/// A stage as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageShown {
    /// Which.
    pub stage: Stage,
    /// Where it stands.
    pub state: StageState,
    /// When the last of its tasks ended.
    pub completed_at: Option<UnixMicros>,
}

/// Where a stage stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StageState {
    /// Nothing of it was begun.
    Pending,
    /// Under way.
    Running,
    /// All of it has ended.
    Completed,
    /// It ended without what was wanted.
    Failed,
    /// Somebody ended it.
    Cancelled,
    /// The job asks for nothing of it.
    Skipped,
}

impl StageState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Running,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
        Self::Skipped,
    ];

    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }
}

/// How long a task may be ready before nobody is said to be at it: between two
/// nodes there is a moment in which no worker has any.
const IDLE: i64 = 5_000_000;

/// An item from its tasks.
pub(super) fn of(
    (run, now): (&Run, UnixMicros),
    (item, key): (&AnalysisItem, String),
    tasks: &[(Node, &Task)],
    seen: &Seen,
) -> ItemShown {
    let decision = tasks.iter().find(|(node, _)| *node == Node::Decision);
    let decision = decision.map(|(_, task)| *task);
    let result = decision.and_then(|task| seen.decided.get(&task.no).cloned());
    let state = state((run, now), decision, result.as_ref(), tasks);
    let stages = stages(tasks, seen);
    let current = stages.iter().find(|stage| is_open(stage.state));
    let current = current.filter(|_| state == ItemState::Running);
    let failure = decision.filter(|_| state == ItemState::Failed && result.is_none());
    ItemShown {
        item: item.clone(),
        key,
        state,
        progress: progress(&stages),
        current: current.map(|stage| stage.stage),
        ended_at: decision.and_then(|task| seen.ended.get(&task.no).copied()),
        spent: spent(tasks, result.as_ref(), seen),
        failure: failure.map(|task| {
            let said = task.detail.clone().or(run.reason.clone());
            said.unwrap_or_else(|| "the decision was not reached".to_owned())
        }),
        result,
        stages,
    }
}

fn state(
    (run, now): (&Run, UnixMicros),
    decision: Option<&Task>,
    result: Option<&AnalysisResult>,
    tasks: &[(Node, &Task)],
) -> ItemState {
    match decision.map(|task| task.state) {
        Some(TaskState::Completed | TaskState::Failed) => match result.map(|it| it.status) {
            Some(AnalysisStatus::Completed) => ItemState::Completed,
            Some(AnalysisStatus::DegradedSuccess) => ItemState::DegradedSuccess,
            Some(AnalysisStatus::Cancelled) => ItemState::Cancelled,
            Some(AnalysisStatus::Failed) | None => ItemState::Failed,
        },
        Some(TaskState::Skipped) => ItemState::Failed,
        Some(TaskState::Cancelled) => ItemState::Cancelled,
        Some(_) | None => match run.state {
            RunState::Halted => ItemState::Halted,
            RunState::Cancelled => ItemState::Cancelled,
            RunState::Failed | RunState::Partial | RunState::Completed => ItemState::Failed,
            RunState::Queued => ItemState::Pending,
            RunState::Running | RunState::Halting | RunState::Cancelling => {
                if tasks.iter().any(|(_, task)| has_begun(task)) && !is_idle(tasks, now) {
                    ItemState::Running
                } else {
                    ItemState::Pending
                }
            }
        },
    }
}

/// Whether there is something to do, and has been for a while, and nobody does
/// it.
fn is_idle(tasks: &[(Node, &Task)], now: UnixMicros) -> bool {
    let held = tasks.iter().any(|(_, task)| task.lease.is_some());
    let waits = |task: &Task| {
        task.state == TaskState::Ready && task.ready_at.0.saturating_add(IDLE) <= now.0
    };
    !held && tasks.iter().any(|(_, task)| waits(task))
}

fn has_begun(task: &Task) -> bool {
    task.attempt > 0 || task.state.is_terminal()
}

fn stages(tasks: &[(Node, &Task)], seen: &Seen) -> Vec<StageShown> {
    let stage = |stage: Stage| {
        let own = tasks.iter().filter(|(node, _)| node.stage() == Some(stage));
        let own: Vec<(Node, &Task)> = own.copied().collect();
        let state = stage_state(&own);
        let ends = own.iter().filter_map(|(_, task)| seen.ended.get(&task.no));
        let is_over = state == StageState::Completed;
        StageShown {
            stage,
            state,
            completed_at: ends.max().copied().filter(|_| is_over),
        }
    };
    let mut stages: Vec<StageShown> = Stage::ALL.into_iter().map(stage).collect();
    only_the_decision(tasks, &mut stages);
    stages
}

/// A node of a lane may be lost, and the others go on; the decision may not.
fn stage_state(own: &[(Node, &Task)]) -> StageState {
    let all = |is: fn(&Task) -> bool| own.iter().all(|(_, task)| is(task));
    let any = |is: fn(&Task) -> bool| own.iter().any(|(_, task)| is(task));
    let decided = own.iter().find(|(node, _)| *node == Node::Decision);
    match decided.map(|(_, task)| task.state) {
        Some(TaskState::Failed | TaskState::Skipped) => return StageState::Failed,
        Some(TaskState::Cancelled) => return StageState::Cancelled,
        _ => {}
    }
    if own.is_empty() {
        StageState::Skipped
    } else if any(|task| task.state == TaskState::Cancelled) {
        StageState::Cancelled
    } else if all(|task| task.state.is_terminal()) {
        StageState::Completed
    } else if any(has_begun) {
        StageState::Running
    } else {
        StageState::Pending
    }
}

/// Without models four of five stages are nothing, and the last one is the
/// decision: as far as it is, it is all there is to do.
fn only_the_decision(tasks: &[(Node, &Task)], stages: &mut [StageShown]) {
    let quant = tasks.iter().find(|(node, _)| *node == Node::Quant);
    let alone = stages.iter().rev().skip(1);
    let alone = alone
        .into_iter()
        .all(|stage| stage.state == StageState::Skipped);
    if let (true, Some((_, task)), Some(last)) = (alone, quant, stages.last_mut())
        && last.state == StageState::Pending
        && has_begun(task)
    {
        last.state = StageState::Running;
    }
}

fn is_open(state: StageState) -> bool {
    matches!(state, StageState::Pending | StageState::Running)
}

/// 20 for each stage that was completed, one after the other; of those that
/// the job asks for.
fn progress(stages: &[StageShown]) -> u8 {
    let asked = |stage: &&StageShown| stage.state != StageState::Skipped;
    let all = stages.iter().filter(asked).count().max(1);
    let done = stages
        .iter()
        .filter(asked)
        .take_while(|stage| stage.state == StageState::Completed)
        .count();
    u8::try_from(100 * done / all).unwrap_or(100)
}

/// The result knows what recovery took; before there is one, the nodes that
/// ended know what they took.
fn spent(tasks: &[(Node, &Task)], result: Option<&AnalysisResult>, seen: &Seen) -> BudgetState {
    if let Some(result) = result {
        return result.budget;
    }
    let nodes = tasks
        .iter()
        .filter_map(|(_, task)| seen.spent.get(&task.no));
    nodes.fold(none_spent(), |sum, node| added(sum, *node))
}
