//! What a command makes of a run.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Decision, Effect, Event, Run, RunState};
use crate::halt::{Epoch, Halt, HaltMode, Halts};
use crate::task::{Fence, TaskCommand, TaskNo, TaskPlan, TaskState};
use crate::{RunId, UnixMicros};

/// What a decision depends on and must not look up by itself: read in the
/// same transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The halts that cover the run's [`Run::scopes`].
    pub halts: Halts,
    /// The run that holds the run's concurrency key, itself or another.
    pub key_holder: Option<RunId>,
}

impl Facts {
    /// Halts, and a key that nobody holds.
    pub fn of(halts: Halts) -> Self {
        Self {
            halts,
            key_holder: None,
        }
    }

    /// Whether the run may begin as far as its key goes.
    fn key_is_free(&self, run: &Run) -> Result<(), Rejection> {
        match (&run.new.concurrency_key, self.key_holder) {
            (Some(key), Some(by)) if by != run.id => Err(Rejection::KeyHeld {
                key: key.clone(),
                by,
            }),
            _ => Ok(()),
        }
    }

    /// Whether tasks of the run may be leased and started.
    pub(crate) fn may_begin(&self, run: &Run) -> Result<(), Rejection> {
        self.halts.may_start().map_err(Rejection::halted)?;
        match run.state {
            RunState::Queued => self.key_is_free(run),
            RunState::Running => Ok(()),
            state => Err(Rejection::RunIs { state }),
        }
    }
}

/// What somebody wants of a run or of one of its tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Add tasks to the plan.
    Plan {
        /// Numbered on from those there are.
        tasks: Vec<TaskPlan>,
        /// Whether the plan is whole with them.
        last: bool,
    },
    /// Of the run itself.
    Run(RunCommand),
    /// Of one task.
    Task(TaskNo, TaskCommand),
}

/// What somebody wants of a run itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum RunCommand {
    /// The plan cannot be made.
    FailPlanning {
        /// Why.
        reason: String,
    },
    /// Obey the halts in force.
    Halt,
    /// Go on after a halt.
    Resume,
    /// End it.
    Cancel {
        /// Why.
        reason: String,
    },
    /// End it where its deadline has passed.
    Expire,
    /// Cancel more of what waits in a run that is being cancelled: one call
    /// cancels [`super::SWEEP`] tasks at most, so that no transaction is long.
    Sweep,
}

/// Why a command changes nothing. None of them is a fault of the system.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rejection")]
pub enum Rejection {
    /// A halt in force forbids it.
    #[error("{scope} is {} since epoch {}: {reason}", mode.as_str(), epoch.0)]
    Halted {
        /// The scope, as text.
        scope: String,
        /// What it forbids.
        mode: HaltMode,
        /// Its epoch.
        epoch: Epoch,
        /// Why it was set.
        reason: String,
    },
    /// The run does not allow it where it stands.
    #[error("the run is {}", state.as_str())]
    RunIs {
        /// Where it stands.
        state: RunState,
    },
    /// The task does not allow it where it stands.
    #[error("task {} is {}", task.0, state.as_str())]
    TaskIs {
        /// Which.
        task: TaskNo,
        /// Where it stands.
        state: TaskState,
    },
    /// It is ready later.
    #[error("the task is ready at {ready_at}")]
    NotYet {
        /// When.
        ready_at: UnixMicros,
    },
    /// The task has been taken from this worker.
    #[error("fence {} is old; {} counts", given.0, current.0)]
    StaleFence {
        /// What the worker had.
        given: Fence,
        /// What counts.
        current: Fence,
    },
    /// Another run of the same concurrency key is under way.
    #[error("key `{key}` is held by run {by}")]
    KeyHeld {
        /// The key.
        key: String,
        /// The run that holds it.
        by: RunId,
    },
    /// Nothing that covers the run is halted.
    #[error("no halt covers the run")]
    NoHalt,
    /// Resumed under the epoch it was halted in.
    #[error("the run was halted in epoch {}, and nothing has changed since", epoch.0)]
    SameEpoch {
        /// The epoch.
        epoch: Epoch,
    },
    /// The plan is whole already.
    #[error("the plan is whole")]
    PlanIsWhole,
    /// There is no such task.
    #[error("there is no task {}", task.0)]
    UnknownTask {
        /// The number asked for.
        task: TaskNo,
    },
    /// Two tasks of one name, or one without.
    #[error("`{key}` names no task, or two")]
    Key {
        /// The name.
        key: String,
    },
    /// A task needs one that is not before it in the plan, or one twice.
    #[error("`{key}` needs task {}: that is not before it, or named twice", need.0)]
    Need {
        /// Which.
        key: String,
        /// What it needs.
        need: TaskNo,
    },
}

impl Rejection {
    pub(crate) fn halted(halt: &Halt) -> Self {
        Self::Halted {
            scope: halt.scope.to_string(),
            mode: halt.mode,
            epoch: halt.epoch,
            reason: halt.reason.clone(),
        }
    }
}

/// Decides what a command makes of the run itself, and changes nothing; what
/// follows for its tasks is up to [`super::carry_out`]. A terminal run absorbs.
pub fn step(
    run: &Run,
    command: &RunCommand,
    facts: &Facts,
    now: UnixMicros,
) -> Result<Decision, Rejection> {
    if run.state.is_terminal() {
        return Ok(Decision::nothing());
    }
    match command {
        RunCommand::FailPlanning { reason } => fail_planning(run, reason),
        RunCommand::Halt => halt(run, &facts.halts),
        RunCommand::Resume => resume(run, facts),
        RunCommand::Cancel { reason } => Ok(cancel(run, reason)),
        RunCommand::Expire => Ok(expire(run, now)),
        RunCommand::Sweep => Ok(Decision::nothing()),
    }
}

/// What follows for the run once its counters say what they say. Called after
/// every command until it says nothing more.
pub(super) fn settle(run: &Run) -> Option<Decision> {
    let all_ended = run.planned && run.counts.open() == 0;
    match run.state {
        RunState::Queued if all_ended => Some(Decision::of(Event::RunStarted)),
        RunState::Running | RunState::Halting if all_ended => Some(ended_by_rule(run)),
        RunState::Halting if run.counts.running == 0 => Some(Decision::of(Event::RunHalted)),
        RunState::Cancelling if run.counts.open() == 0 => {
            Some(end(RunState::Cancelled, false, run.reason.clone()))
        }
        _ => None,
    }
}

fn fail_planning(run: &Run, reason: &str) -> Result<Decision, Rejection> {
    if run.planned {
        return Err(Rejection::PlanIsWhole);
    }
    if run.state != RunState::Queued {
        return Err(Rejection::RunIs { state: run.state });
    }
    Ok(end(RunState::Failed, false, Some(reason.to_owned())))
}

fn halt(run: &Run, halts: &Halts) -> Result<Decision, Rejection> {
    let Err(halt) = halts.may_start() else {
        return Err(Rejection::NoHalt);
    };
    match run.state {
        RunState::Queued | RunState::Running => {}
        RunState::Halting if halt.epoch > run.halt_epoch => {}
        _ => return Ok(Decision::nothing()),
    }
    Ok(Decision::of(Event::RunHalting {
        mode: halt.mode,
        epoch: halt.epoch,
        reason: halt.reason.clone(),
    }))
}

fn resume(run: &Run, facts: &Facts) -> Result<Decision, Rejection> {
    let halts = &facts.halts;
    match run.state {
        RunState::Running => return Ok(Decision::nothing()),
        RunState::Halted => {}
        state => return Err(Rejection::RunIs { state }),
    }
    halts.may_start().map_err(Rejection::halted)?;
    if halts.epoch <= run.halt_epoch {
        return Err(Rejection::SameEpoch {
            epoch: run.halt_epoch,
        });
    }
    facts.key_is_free(run)?;
    Ok(Decision::of(Event::RunResumed { epoch: halts.epoch }).and(Effect::Wake))
}

fn cancel(run: &Run, reason: &str) -> Decision {
    if run.state == RunState::Cancelling {
        return Decision::nothing();
    }
    Decision::of(Event::RunCancelling {
        reason: reason.to_owned(),
    })
}

fn expire(run: &Run, now: UnixMicros) -> Decision {
    match run.new.deadline {
        Some(deadline) if deadline <= now => {
            cancel(run, &format!("its deadline {deadline} has passed"))
        }
        _ => Decision::nothing(),
    }
}

fn ended_by_rule(run: &Run) -> Decision {
    let (state, degraded) = run.outcome();
    let failed = run.counts.failed + run.counts.cancelled;
    let reason =
        (failed > 0).then(|| format!("{failed} of {} tasks were not done", run.counts.total));
    end(state, degraded, reason)
}

fn end(state: RunState, degraded: bool, reason: Option<String>) -> Decision {
    Decision::of(Event::RunEnded {
        state,
        degraded,
        reason,
    })
    .and(Effect::Ended { state })
}
