//! A halt for practice: how long it takes to reach the workers.

use std::time::Duration;

use fondaco_domain::halt::{HaltMode, Scope};
use fondaco_domain::run::{Event, RunKind, RunState};
use fondaco_domain::task::Rung;
use fondaco_domain::{ErrorKind, Hint, RunId, UnixMicros};
use serde::Serialize;
use serde_json::json;
use thiserror::Error;

use super::{clear, set};
use crate::ports::runs::{Notice, Notices, RunStoreError};
use crate::runs::{Overrides, POLL, Runs, RunsError, Spec};

/// What is practised.
#[derive(Debug, Clone)]
pub struct DrillPlan {
    /// How often.
    pub rounds: usize,
    /// Sleeping tasks in each round.
    pub tasks: usize,
    /// The line they go into.
    pub queue: String,
    /// How long each step may take before the drill gives up.
    pub patience: Duration,
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drill {
    /// What was halted: a tenant of its own, so that nothing else was.
    pub scope: String,
    /// One per round.
    pub rounds: Vec<Round>,
}

/// Microseconds after the commit of the latch, by the wall clocks of those who
/// wrote them down; all on one machine read the same one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Round {
    /// For each task: its worker told it to stop.
    pub seen: Vec<i64>,
    /// For each task: it was given back.
    pub stopped: Vec<i64>,
    /// For each worker: it said that nothing runs there any more.
    pub acknowledged: Vec<i64>,
}

/// Why there are no figures.
#[derive(Debug, Error)]
pub enum DrillError {
    /// The sleeping tasks did not start.
    #[error("only {running} of {wanted} tasks of the drill started")]
    NotStarted {
        /// Tasks under way.
        running: u32,
        /// Tasks wanted.
        wanted: usize,
    },
    /// They did not stop.
    #[error("{running} tasks of the drill still run, after {} s", waited.as_secs())]
    NotStopped {
        /// Tasks under way.
        running: u32,
        /// How long was waited.
        waited: Duration,
    },
    /// Nobody said so.
    #[error("no worker has acknowledged the halt of the drill, after {} s", waited.as_secs())]
    NotAcknowledged {
        /// How long was waited.
        waited: Duration,
    },
    /// The store or the runs refused.
    #[error(transparent)]
    Runs(#[from] RunsError),
}

impl From<RunStoreError> for DrillError {
    fn from(error: RunStoreError) -> Self {
        Self::Runs(error.into())
    }
}

impl Hint for DrillError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Runs(error) => error.kind(),
            _ => ErrorKind::Unavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Runs(error) => error.hint(),
            Self::NotStarted { .. } => {
                Some("fewer tasks than the workers have slots, or no other work beside it".into())
            }
            Self::NotStopped { .. } | Self::NotAcknowledged { .. } => {
                Some("see who is silent with `fondaco halt status`".into())
            }
        }
    }
}

/// Lets tasks sleep on workers, halts them, and reads when each step happened.
/// The latch is cleared and the run cancelled afterwards, also when it fails.
pub fn drill(runs: Runs<'_>, plan: &DrillPlan) -> Result<Drill, DrillError> {
    let tenant = format!("drill-{}", runs.machine.run_id());
    let scope = Scope::Tenant(tenant.clone());
    let mut drill = Drill {
        scope: scope.to_string(),
        rounds: Vec::new(),
    };
    for _ in 0..plan.rounds {
        let run = submit(runs, plan, &tenant)?;
        let round = round(runs, plan, run, &scope);
        let cleared = clear(
            runs.store,
            runs.machine,
            runs.actor,
            scope.clone(),
            "the drill is over".into(),
            true,
        );
        let cancelled = runs.cancel(run, "the drill is over");
        drill.rounds.push(round?);
        cleared?;
        cancelled?;
    }
    Ok(drill)
}

fn submit(runs: Runs<'_>, plan: &DrillPlan, tenant: &str) -> Result<RunId, DrillError> {
    let tasks: Vec<_> = (1..=plan.tasks)
        .map(|no| json!({"key": format!("sleeper/{no}"), "kind": "sleep", "input": {"ms": 3_600_000}}))
        .collect();
    let kind = RunKind::Workflow.as_str();
    let spec = Spec::of(&json!({"kind": kind, "name": "halt drill", "tasks": tasks}))
        .map_err(RunsError::from)?;
    let overrides = Overrides {
        queue: Some(plan.queue.clone()),
        tenant: Some(tenant.to_owned()),
        priority: Some(i32::MAX / 2),
        ..Overrides::default()
    };
    Ok(runs.submit(&spec, None, &overrides)?.id)
}

fn round(runs: Runs<'_>, plan: &DrillPlan, run: RunId, scope: &Scope) -> Result<Round, DrillError> {
    let mut patience = Patience::of(runs, plan.patience)?;
    while !all_started(runs, run, plan.tasks)? {
        if patience.is_over() {
            let running = runs.store.run(run)?.counts.running;
            let wanted = plan.tasks;
            return Err(DrillError::NotStarted { running, wanted });
        }
    }
    let order = (scope.clone(), HaltMode::Halted, "a drill".to_owned());
    let latch = set(runs.store, runs.machine, runs.actor, order)?.halt;
    let mut patience = Patience::of(runs, plan.patience)?;
    loop {
        let now = runs.store.run(run)?;
        if now.state == RunState::Halted {
            break;
        }
        if patience.is_over() {
            return Err(DrillError::NotStopped {
                running: now.counts.running,
                waited: plan.patience,
            });
        }
    }
    let mut patience = Patience::of(runs, plan.patience)?;
    let acknowledged = loop {
        let acks = runs.store.halt_acks()?;
        let of_it = acks
            .iter()
            .filter(|ack| ack.scope == *scope && ack.epoch == latch.epoch);
        let times: Vec<i64> = of_it.map(|ack| ack.at.0 - latch.at.0).collect();
        if !times.is_empty() {
            break times;
        }
        if patience.is_over() {
            return Err(DrillError::NotAcknowledged {
                waited: plan.patience,
            });
        }
    };
    let (seen, stopped) = from_events(runs, run, latch.at)?;
    Ok(Round {
        seen,
        stopped,
        acknowledged,
    })
}

/// Whether every task has been begun, as its events say: one that is leased
/// only may never see the halt.
fn all_started(runs: Runs<'_>, run: RunId, tasks: usize) -> Result<bool, DrillError> {
    let events = runs.store.events(run, 0, usize::MAX)?;
    let started = events
        .iter()
        .filter(|one| matches!(one.event, Event::TaskStarted { .. }));
    Ok(started.count() >= tasks)
}

fn from_events(
    runs: Runs<'_>,
    run: RunId,
    latched: UnixMicros,
) -> Result<(Vec<i64>, Vec<i64>), DrillError> {
    let (mut seen, mut stopped) = (Vec::new(), Vec::new());
    for one in runs.store.events(run, 0, usize::MAX)? {
        let after = one.at.0 - latched.0;
        match one.event {
            Event::TaskEscalated {
                rung: Rung::Token, ..
            } => seen.push(after),
            Event::TaskReleased { .. } => stopped.push(after),
            _ => {}
        }
    }
    Ok((seen, stopped))
}

/// Waits for something new, for so long.
struct Patience<'a> {
    runs: Runs<'a>,
    notices: Box<dyn Notices>,
    until: Duration,
}

impl<'a> Patience<'a> {
    fn of(runs: Runs<'a>, time: Duration) -> Result<Self, DrillError> {
        Ok(Self {
            runs,
            notices: runs.store.subscribe()?,
            until: runs.machine.monotonic() + time,
        })
    }

    /// Waits for news, a moment at most; true when the time is up.
    fn is_over(&mut self) -> bool {
        let _: Option<Notice> = self.notices.wait(POLL / 5);
        self.runs.machine.monotonic() >= self.until
    }
}
