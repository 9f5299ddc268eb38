//! Runs, tasks and events on the wire.

use fondaco_domain::run::{Recorded, Run};
use fondaco_domain::task::Task;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words;

/// A wish for a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitBody {
    /// What to do; its `kind` says which document it is.
    #[schemars(schema_with = "words::document")]
    pub spec: Value,
    /// The line it waits in.
    #[serde(default)]
    pub queue: Option<String>,
    /// Larger is sooner.
    #[serde(default)]
    pub priority: Option<i32>,
    /// On whose behalf.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Of the runs with the same key, one at a time.
    #[serde(default)]
    pub concurrency_key: Option<String>,
    /// It is cancelled where it has not ended by then (RFC 3339).
    #[serde(default)]
    #[schemars(schema_with = "words::instant_or_none")]
    pub deadline: Option<String>,
}

/// A wish to cancel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelBody {
    /// Why; written into the run.
    pub reason: String,
}

/// A wish to do a run again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayBody {
    /// The name of a task: it and all that needs it are done again, the rest
    /// is taken over. All is done again without it.
    #[serde(default)]
    pub from: Option<String>,
}

/// A run that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubmittedView {
    /// Its name.
    #[schemars(schema_with = "words::id")]
    pub run_id: String,
    /// False where the same request was accepted before.
    pub fresh: bool,
    /// Where it can be looked at.
    pub status_url: String,
}

/// How many tasks stand where; `total` is the sum of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the words are the states")]
pub struct CountsView {
    pub total: u32,
    pub pending: u32,
    pub running: u32,
    pub completed: u32,
    pub failed: u32,
    pub skipped: u32,
    pub cancelled: u32,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunView {
    /// Its name.
    #[schemars(schema_with = "words::id")]
    pub run_id: String,
    /// `backtest`, `hyperopt`, `analysis`, `simulation`, `workflow`, `trading`.
    #[schemars(schema_with = "words::run_kind")]
    pub kind: String,
    /// `queued`, `running`, `halting`, `halted`, `cancelling`, `cancelled`,
    /// `completed`, `partial`, `failed`.
    #[schemars(schema_with = "words::run_state")]
    pub state: String,
    /// Completed, though something optional failed.
    pub degraded: bool,
    /// Why it failed, halted or was cancelled.
    pub reason: Option<String>,
    /// SHA-256 of the canonical form of its spec.
    #[schemars(schema_with = "words::hash")]
    pub spec: String,
    /// The strategy it is about.
    pub strategy: Option<String>,
    /// On whose behalf.
    pub tenant: String,
    /// The line it waits in.
    pub queue: String,
    /// Larger is sooner.
    pub priority: i32,
    /// Of the runs with the same key, one at a time.
    pub concurrency_key: Option<String>,
    /// When it is cancelled at the latest.
    #[schemars(schema_with = "words::instant_or_none")]
    pub deadline: Option<String>,
    /// The run it takes up again.
    #[schemars(schema_with = "words::id_or_none")]
    pub parent: Option<String>,
    /// Whether its plan is whole.
    pub planned: bool,
    /// Its tasks.
    pub counts: CountsView,
    /// When it was accepted.
    #[schemars(schema_with = "words::instant")]
    pub created_at: String,
    /// When its first task was leased.
    #[schemars(schema_with = "words::instant_or_none")]
    pub started_at: Option<String>,
    /// When it ended.
    #[schemars(schema_with = "words::instant_or_none")]
    pub finished_at: Option<String>,
}

impl From<&Run> for RunView {
    fn from(run: &Run) -> Self {
        let counts = run.counts;
        Self {
            run_id: run.id.to_string(),
            kind: run.new.kind.as_str().to_owned(),
            state: run.state.as_str().to_owned(),
            degraded: run.degraded,
            reason: run.reason.clone(),
            spec: run.new.spec.to_string(),
            strategy: run.new.strategy.clone(),
            tenant: run.new.tenant.clone(),
            queue: run.new.queue.clone(),
            priority: run.new.priority,
            concurrency_key: run.new.concurrency_key.clone(),
            deadline: run.new.deadline.map(|at| at.to_string()),
            parent: run.new.parent.map(|id| id.to_string()),
            planned: run.planned,
            counts: CountsView {
                total: counts.total,
                pending: counts.pending,
                running: counts.running,
                completed: counts.completed,
                failed: counts.failed,
                skipped: counts.skipped,
                cancelled: counts.cancelled,
            },
            created_at: run.created_at.to_string(),
            started_at: run.started_at.map(|at| at.to_string()),
            finished_at: run.finished_at.map(|at| at.to_string()),
        }
    }
}

/// A worker's hold on a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeaseView {
    /// Who.
    #[schemars(schema_with = "words::id")]
    pub worker: String,
    /// Until when without a sign of life.
    #[schemars(schema_with = "words::instant")]
    pub until: String,
}

/// A task of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskView {
    /// Its place in the plan, from 0.
    pub no: u32,
    /// Its name in the run.
    pub key: String,
    /// What it does.
    #[schemars(schema_with = "words::task_kind")]
    pub kind: String,
    /// `blocked`, `ready`, `leased`, `running`, `completed`, `failed`,
    /// `skipped`, `cancelled`.
    #[schemars(schema_with = "words::task_state")]
    pub state: String,
    /// Present exactly when skipped: the code.
    pub skip: Option<String>,
    /// More about a skip or a failure.
    pub detail: Option<String>,
    /// Leases given so far.
    pub attempt: u32,
    /// Attempts that may fail before it does.
    pub max_attempts: u32,
    /// Whether the run fails with it.
    pub required: bool,
    /// Places of the tasks it needs.
    pub needs: Vec<u32>,
    /// Not before this instant.
    #[schemars(schema_with = "words::instant")]
    pub ready_at: String,
    /// Who holds it.
    pub lease: Option<LeaseView>,
    /// Its result, or `sha256:` and the hash of it.
    pub output: Option<String>,
}

impl From<&Task> for TaskView {
    fn from(task: &Task) -> Self {
        Self {
            no: task.no.0,
            key: task.plan.key.clone(),
            kind: task.plan.kind.as_str().to_owned(),
            state: task.state.as_str().to_owned(),
            skip: task.skip.map(|reason| reason.as_str().to_owned()),
            detail: task.detail.clone(),
            attempt: task.attempt,
            max_attempts: task.plan.retry.max_attempts,
            required: task.plan.required,
            needs: task.plan.needs.iter().map(|need| need.0).collect(),
            ready_at: task.ready_at.to_string(),
            lease: task.lease.as_ref().map(|lease| LeaseView {
                worker: lease.owner.to_string(),
                until: lease.until.to_string(),
            }),
            output: task.output.clone(),
        }
    }
}

/// An event of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventView {
    /// Its place in the run, from 1, without a gap.
    pub seq: u64,
    /// When it was decided.
    #[schemars(schema_with = "words::instant")]
    pub at: String,
    /// Who asked.
    pub actor: String,
    /// Its type, of the closed list.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it says.
    pub body: Value,
    /// The hash that chains it to those before.
    pub hash: String,
}

impl From<&Recorded> for EventView {
    fn from(event: &Recorded) -> Self {
        Self {
            seq: event.seq,
            at: event.at.to_string(),
            actor: event.actor.clone(),
            kind: event.event.type_name().to_owned(),
            body: serde_json::to_value(&event.event).unwrap_or(Value::Null),
            hash: event.hash.clone(),
        }
    }
}
