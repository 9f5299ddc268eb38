//! What a command makes of a task.

use serde::{Deserialize, Serialize};

use super::{Fence, Lease, OnNeedFailed, Rung, SkipReason, Task, TaskNo, TaskState};
use crate::retry::ErrorClass;
use crate::run::{
    Decision, Effect, Event, Facts, LateReason, Rejection, ReleaseReason, Run, RunState,
};
use crate::{UnixMicros, WorkerId};

/// What somebody wants of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum TaskCommand {
    /// One of its needs ended, well or not.
    NeedEnded {
        /// Which.
        need: TaskNo,
        /// Whether with success.
        satisfied: bool,
    },
    /// A worker wants it.
    Lease {
        /// Who.
        worker: WorkerId,
        /// Until when.
        until: UnixMicros,
    },
    /// Another worker goes on with what this fence began: the attempt was
    /// found alive after its worker was gone.
    Adopt {
        /// As it was given.
        fence: Fence,
        /// Who goes on.
        worker: WorkerId,
        /// Until when.
        until: UnixMicros,
    },
    /// Its worker goes one rung further to make it stop.
    Escalate {
        /// As it was given.
        fence: Fence,
        /// Which rung.
        rung: Rung,
    },
    /// The worker begins.
    Start {
        /// As it was given.
        fence: Fence,
    },
    /// The worker is done.
    Complete {
        /// As it was given.
        fence: Fence,
        /// Reference of the result.
        output: Option<String>,
    },
    /// The attempt failed, as its worker or its executor says.
    Fail {
        /// As it was given.
        fence: Fence,
        /// What kind of failure.
        class: ErrorClass,
        /// In words.
        error: String,
    },
    /// The worker gives it back unfinished: it was told to stop.
    Stopped {
        /// As it was given.
        fence: Fence,
    },
    /// Take it from its worker at once: a halt that drops results.
    Seize,
    /// The worker found that it is not to be done.
    Pass {
        /// As it was given.
        fence: Fence,
        /// Why.
        reason: SkipReason,
        /// More about it.
        detail: Option<String>,
    },
    /// It need not be done.
    Skip {
        /// Why.
        reason: SkipReason,
        /// More about it.
        detail: Option<String>,
    },
    /// It must not be done. A worker that holds it is told to stop, and what
    /// it still says is late.
    Cancel,
}

/// Decides what a command makes of a task, and changes nothing.
///
/// A terminal task absorbs: what a worker still reports is recorded as late,
/// and whoever wants it ended hears no error. Only leasing and starting are
/// refused with a reason, since the worker must know that it has not got it.
pub fn step(
    run: &Run,
    task: &Task,
    command: &TaskCommand,
    facts: &Facts,
    now: UnixMicros,
) -> Result<Decision, Rejection> {
    match command {
        TaskCommand::NeedEnded { need, satisfied } => Ok(need_ended(task, *need, *satisfied)),
        TaskCommand::Lease { worker, until } => {
            facts.may_begin(run)?;
            expect(task, TaskState::Ready)?;
            if now < task.ready_at {
                return Err(Rejection::NotYet {
                    ready_at: task.ready_at,
                });
            }
            Ok(Decision::of(Event::TaskLeased {
                task: task.no,
                fence: task.fence,
                worker: *worker,
                until: *until,
            }))
        }
        TaskCommand::Adopt {
            fence,
            worker,
            until,
        } => adopt(task, *fence, *worker, *until),
        TaskCommand::Escalate { fence, rung } => Ok(escalate(task, *fence, *rung)),
        TaskCommand::Start { fence } => start(run, task, *fence, facts),
        TaskCommand::Complete { fence, output } => {
            Ok(complete(task, *fence, output.as_ref(), facts))
        }
        TaskCommand::Pass {
            fence,
            reason,
            detail,
        } => Ok(pass(task, *fence, *reason, detail.as_deref(), facts)),
        TaskCommand::Fail {
            fence,
            class,
            error,
        } => Ok(fail(run, task, *fence, *class, error, now)),
        TaskCommand::Stopped { fence } => Ok(stopped(run, task, *fence)),
        TaskCommand::Seize => Ok(seize(task)),
        TaskCommand::Skip { reason, detail } => skip(task, *reason, detail.as_deref()),
        TaskCommand::Cancel => Ok(cancel(task)),
    }
}

/// Moves the end of a lease, never back. A heartbeat: a write of the row and
/// no event. A worker that is refused has lost its task and must stop.
pub fn renew(task: &Task, fence: Fence, until: UnixMicros) -> Result<Lease, Rejection> {
    let Some(lease) = task.lease.as_ref().filter(|_| task.fence == fence) else {
        return Err(Rejection::StaleFence {
            given: fence,
            current: task.fence,
        });
    };
    Ok(Lease {
        owner: lease.owner,
        until: lease.until.max(until),
    })
}

fn expect(task: &Task, wanted: TaskState) -> Result<(), Rejection> {
    if task.state == wanted {
        Ok(())
    } else {
        Err(Rejection::TaskIs {
            task: task.no,
            state: task.state,
        })
    }
}

fn need_ended(task: &Task, need: TaskNo, satisfied: bool) -> Decision {
    if task.state != TaskState::Blocked {
        return Decision::nothing();
    }
    match task.plan.on_need_failed {
        OnNeedFailed::Skip if !satisfied => Decision::of(Event::TaskSkipped {
            task: task.no,
            reason: SkipReason::NeedFailed,
            detail: Some(format!("task {}", need.0)),
        }),
        OnNeedFailed::Fail if !satisfied => Decision::of(Event::TaskFailed {
            task: task.no,
            class: ErrorClass::Permanent,
            error: format!("task {} that it needs failed", need.0),
        }),
        _ => one_need_less(task, need),
    }
}

fn one_need_less(task: &Task, need: TaskNo) -> Decision {
    let left = task.waiting.saturating_sub(1);
    let decision = Decision::of(Event::TaskNeedEnded {
        task: task.no,
        need,
        left,
    });
    if left == 0 {
        decision.and(Effect::Wake)
    } else {
        decision
    }
}

fn adopt(
    task: &Task,
    fence: Fence,
    worker: WorkerId,
    until: UnixMicros,
) -> Result<Decision, Rejection> {
    let lease = renew(task, fence, until)?;
    if lease.owner == worker {
        return Ok(Decision::nothing());
    }
    Ok(Decision::of(Event::TaskAdopted {
        task: task.no,
        worker,
        until,
    }))
}

fn escalate(task: &Task, fence: Fence, rung: Rung) -> Decision {
    if task.fence != fence || !task.state.is_held() {
        return Decision::nothing();
    }
    Decision::of(Event::TaskEscalated {
        task: task.no,
        rung,
    })
}

fn start(run: &Run, task: &Task, fence: Fence, facts: &Facts) -> Result<Decision, Rejection> {
    if task.fence != fence {
        return Err(Rejection::StaleFence {
            given: fence,
            current: task.fence,
        });
    }
    if task.state == TaskState::Running {
        return Ok(Decision::nothing());
    }
    facts.may_begin(run)?;
    expect(task, TaskState::Leased)?;
    Ok(Decision::of(Event::TaskStarted { task: task.no }))
}

/// The compare-and-set on task, fence and state.
fn complete(task: &Task, fence: Fence, output: Option<&String>, facts: &Facts) -> Decision {
    let same_fence = task.fence == fence;
    if same_fence && task.state == TaskState::Completed && task.output.as_ref() == output {
        return Decision::nothing();
    }
    if !same_fence || task.state != TaskState::Running {
        return late(task, fence, LateReason::NotHeld);
    }
    if facts.halts.drops_results() {
        return late(task, fence, LateReason::Killed).then(seize(task));
    }
    Decision::of(Event::TaskCompleted {
        task: task.no,
        output: output.cloned(),
    })
}

/// As [`complete`], with a reason in place of a result.
fn pass(
    task: &Task,
    fence: Fence,
    reason: SkipReason,
    detail: Option<&str>,
    facts: &Facts,
) -> Decision {
    let same_fence = task.fence == fence;
    if same_fence && task.state == TaskState::Skipped && task.skip == Some(reason) {
        return Decision::nothing();
    }
    if !same_fence || task.state != TaskState::Running {
        return late(task, fence, LateReason::NotHeld);
    }
    if facts.halts.drops_results() {
        return late(task, fence, LateReason::Killed).then(seize(task));
    }
    Decision::of(Event::TaskSkipped {
        task: task.no,
        reason,
        detail: detail.map(str::to_owned),
    })
}

fn fail(
    run: &Run,
    task: &Task,
    fence: Fence,
    class: ErrorClass,
    error: &str,
    now: UnixMicros,
) -> Decision {
    if task.fence != fence || !task.state.is_held() {
        return late(task, fence, LateReason::NotHeld);
    }
    if run.state == RunState::Cancelling {
        return Decision::of(Event::TaskCancelled { task: task.no });
    }
    match task.plan.retry.delay(task.failures + 1, class) {
        Some(delay) => Decision::of(Event::TaskRetried {
            task: task.no,
            fence: task.fence.next(),
            ready_at: now.plus(delay),
            class,
            error: error.to_owned(),
        })
        .and(Effect::Wake),
        None => Decision::of(Event::TaskFailed {
            task: task.no,
            class,
            error: error.to_owned(),
        }),
    }
}

fn stopped(run: &Run, task: &Task, fence: Fence) -> Decision {
    if task.fence != fence || !task.state.is_held() {
        return late(task, fence, LateReason::NotHeld);
    }
    if run.state == RunState::Cancelling {
        return Decision::of(Event::TaskCancelled { task: task.no });
    }
    let reason = if run.state == RunState::Halting {
        ReleaseReason::Halt
    } else {
        ReleaseReason::GivenBack
    };
    release(task, reason).and(Effect::Wake)
}

fn seize(task: &Task) -> Decision {
    match &task.lease {
        Some(lease) => release(task, ReleaseReason::Killed).and(Effect::Stop {
            task: task.no,
            fence: task.fence,
            owner: lease.owner,
        }),
        None => Decision::nothing(),
    }
}

fn release(task: &Task, reason: ReleaseReason) -> Decision {
    Decision::of(Event::TaskReleased {
        task: task.no,
        fence: task.fence.next(),
        reason,
    })
}

fn skip(task: &Task, reason: SkipReason, detail: Option<&str>) -> Result<Decision, Rejection> {
    match task.state {
        TaskState::Blocked | TaskState::Ready => Ok(Decision::of(Event::TaskSkipped {
            task: task.no,
            reason,
            detail: detail.map(str::to_owned),
        })),
        TaskState::Leased | TaskState::Running => Err(Rejection::TaskIs {
            task: task.no,
            state: task.state,
        }),
        _ => Ok(Decision::nothing()),
    }
}

fn cancel(task: &Task) -> Decision {
    if task.state.is_terminal() {
        return Decision::nothing();
    }
    let decision = Decision::of(Event::TaskCancelled { task: task.no });
    match &task.lease {
        Some(lease) => decision.and(Effect::Stop {
            task: task.no,
            fence: task.fence,
            owner: lease.owner,
        }),
        None => decision,
    }
}

fn late(task: &Task, fence: Fence, reason: LateReason) -> Decision {
    Decision::of(Event::LateResult {
        task: task.no,
        fence,
        reason,
    })
}
