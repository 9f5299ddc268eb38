//! Every command on a task in every state, as a table.

use super::*;
use crate::halt::{Epoch, Halt, HaltMode, Halts, Scope};
use crate::retry::ErrorClass;
use crate::run::{Decision, Facts, NewRun, Rejection, Run, RunKind, RunState};
use crate::{ContentHash, RunId};

const NOW: UnixMicros = UnixMicros(1_000);

fn worker() -> WorkerId {
    WorkerId::new(1, [1; 10])
}

fn run(state: RunState) -> Run {
    let new = NewRun::new(RunKind::Workflow, ContentHash::of(b"spec"));
    let mut run = Run::accepted(RunId::new(1, [0; 10]), new, Epoch(0), NOW);
    run.state = state;
    run
}

fn task(state: TaskState) -> Task {
    let mut plan = TaskPlan::new("a", TaskKind::Noop);
    plan.retry.max_attempts = 2;
    plan.retry.first = 50;
    plan.retry.longest = 50;
    let mut task = Task::planned(TaskNo(0), plan, NOW);
    task.waiting = 1;
    task.state = state;
    task.fence = Fence(3);
    if state.is_held() {
        task.lease = Some(Lease {
            owner: worker(),
            until: UnixMicros(2_000),
        });
    }
    task
}

fn halted(mode: HaltMode) -> Facts {
    Facts::of(Halts {
        epoch: Epoch(7),
        in_force: vec![Halt {
            scope: Scope::Global,
            epoch: Epoch(7),
            mode,
            reason: "drill".to_owned(),
            actor: "test".to_owned(),
            at: NOW,
        }],
    })
}

/// What comes of it in a few letters: types of events, or `!` and a refusal.
fn told(outcome: Result<Decision, Rejection>) -> String {
    match outcome {
        Ok(decision) if decision.events.is_empty() => "-".to_owned(),
        Ok(decision) => decision
            .events
            .iter()
            .map(|event| event.type_name().trim_start_matches("task_"))
            .collect::<Vec<_>>()
            .join("+"),
        Err(Rejection::TaskIs { .. }) => "!task".to_owned(),
        Err(Rejection::RunIs { .. }) => "!run".to_owned(),
        Err(Rejection::Halted { .. }) => "!halt".to_owned(),
        Err(Rejection::StaleFence { .. }) => "!fence".to_owned(),
        Err(Rejection::NotYet { .. }) => "!early".to_owned(),
        Err(other) => panic!("{other}"),
    }
}

fn row(run_state: RunState, facts: &Facts, command: &TaskCommand) -> String {
    TaskState::ALL
        .map(|state| told(step(&run(run_state), &task(state), command, facts, NOW)))
        .join(" ")
}

/// Who takes over an attempt.
fn heir() -> WorkerId {
    WorkerId::new(2, [2; 10])
}

fn commands(fence: Fence) -> [TaskCommand; 15] {
    let need = TaskNo(9);
    [
        TaskCommand::NeedEnded {
            need,
            satisfied: true,
        },
        TaskCommand::NeedEnded {
            need,
            satisfied: false,
        },
        TaskCommand::Lease {
            worker: worker(),
            until: UnixMicros(9_000),
        },
        TaskCommand::Start { fence },
        TaskCommand::Complete {
            fence,
            output: Some("other".to_owned()),
        },
        TaskCommand::Fail {
            fence,
            class: ErrorClass::Transient,
            error: "x".to_owned(),
        },
        TaskCommand::Fail {
            fence,
            class: ErrorClass::Permanent,
            error: "x".to_owned(),
        },
        TaskCommand::Stopped { fence },
        TaskCommand::Seize,
        TaskCommand::Skip {
            reason: SkipReason::AlreadyCompleted,
            detail: None,
        },
        TaskCommand::Cancel,
        TaskCommand::Adopt {
            fence,
            worker: heir(),
            until: UnixMicros(9_000),
        },
        TaskCommand::Adopt {
            fence,
            worker: worker(),
            until: UnixMicros(9_000),
        },
        TaskCommand::Escalate {
            fence,
            rung: Rung::Kill,
        },
        TaskCommand::Pass {
            fence,
            reason: SkipReason::IncompletePriceData,
            detail: None,
        },
    ]
}

/// Columns: blocked ready leased running completed failed skipped cancelled.
fn check(run_state: RunState, facts: &Facts, fence: u64, expected: [&str; 15]) {
    for (command, expected) in commands(Fence(fence)).iter().zip(expected) {
        assert_eq!(row(run_state, facts, command), expected, "{command:?}");
    }
}

#[test]
fn under_the_current_fence() {
    let late = "late_result";
    check(
        RunState::Running,
        &Facts::default(),
        3,
        [
            "need_ended - - - - - - -",
            "skipped - - - - - - -",
            "!task leased !task !task !task !task !task !task",
            "!task !task started - !task !task !task !task",
            &format!("{late} {late} {late} completed {late} {late} {late} {late}"),
            &format!("{late} {late} retried retried {late} {late} {late} {late}"),
            &format!("{late} {late} failed failed {late} {late} {late} {late}"),
            &format!("{late} {late} released released {late} {late} {late} {late}"),
            "- - released released - - - -",
            "skipped skipped !task !task - - - -",
            "cancelled cancelled cancelled cancelled - - - -",
            "!fence !fence adopted adopted !fence !fence !fence !fence",
            "!fence !fence - - !fence !fence !fence !fence",
            "- - escalated escalated - - - -",
            &format!("{late} {late} {late} skipped {late} {late} {late} {late}"),
        ],
    );
}

#[test]
fn under_an_old_fence_nothing_a_worker_says_counts() {
    let late = ["late_result"; 8].join(" ");
    check(
        RunState::Running,
        &Facts::default(),
        2,
        [
            "need_ended - - - - - - -",
            "skipped - - - - - - -",
            "!task leased !task !task !task !task !task !task",
            "!fence !fence !fence !fence !fence !fence !fence !fence",
            &late,
            &late,
            &late,
            &late,
            "- - released released - - - -",
            "skipped skipped !task !task - - - -",
            "cancelled cancelled cancelled cancelled - - - -",
            "!fence !fence !fence !fence !fence !fence !fence !fence",
            "!fence !fence !fence !fence !fence !fence !fence !fence",
            "- - - - - - - -",
            &late,
        ],
    );
}

#[test]
fn nothing_starts_under_a_halt_and_killed_drops_results() {
    let start = TaskCommand::Start { fence: Fence(3) };
    let lease = &commands(Fence(3))[2];
    let complete = &commands(Fence(3))[4];
    for (mode, starts, completes) in [
        (HaltMode::Reducing, true, "completed"),
        (HaltMode::Drain, false, "completed"),
        (HaltMode::Halted, false, "completed"),
        (HaltMode::Killed, false, "late_result+released"),
    ] {
        let halts = halted(mode);
        let one = |state, command| {
            told(step(
                &run(RunState::Running),
                &task(state),
                command,
                &halts,
                NOW,
            ))
        };
        let expected = |word: &'static str| if starts { word } else { "!halt" };
        assert_eq!(one(TaskState::Ready, lease), expected("leased"), "{mode:?}");
        assert_eq!(
            one(TaskState::Leased, &start),
            expected("started"),
            "{mode:?}"
        );
        assert_eq!(one(TaskState::Running, complete), completes, "{mode:?}");
    }
}

#[test]
fn a_run_that_winds_down_starts_nothing_and_a_cancelled_one_retries_nothing() {
    for (state, failed, stopped) in [
        (RunState::Halting, "retried", "released"),
        (RunState::Cancelling, "cancelled", "cancelled"),
    ] {
        let one = |at, command: &TaskCommand| {
            told(step(
                &run(state),
                &task(at),
                command,
                &Facts::default(),
                NOW,
            ))
        };
        let all = commands(Fence(3));
        assert_eq!(one(TaskState::Ready, &all[2]), "!run");
        assert_eq!(one(TaskState::Leased, &all[3]), "!run");
        assert_eq!(one(TaskState::Running, &all[4]), "completed");
        assert_eq!(one(TaskState::Running, &all[5]), failed);
        assert_eq!(one(TaskState::Running, &all[7]), stopped);
    }
}

#[test]
fn a_retry_waits_grows_the_fence_and_ends_with_the_policy() {
    let running = run(RunState::Running);
    let mut once = task(TaskState::Running);
    let fail = &commands(Fence(3))[5];
    let decision = step(&running, &once, fail, &Facts::default(), NOW).unwrap();
    once.apply(&decision.events[0], NOW);
    assert_eq!(
        (once.state, once.fence, once.ready_at, once.failures),
        (TaskState::Ready, Fence(4), UnixMicros(1_050), 1)
    );
    let lease = &commands(Fence(4))[2];
    let early = step(&running, &once, lease, &Facts::default(), UnixMicros(1_049));
    assert_eq!(told(early), "!early");

    let mut twice = task(TaskState::Running);
    twice.failures = 1;
    let end = step(&running, &twice, fail, &Facts::default(), NOW);
    assert_eq!(told(end), "failed");
}

#[test]
fn the_same_completion_twice_is_one() {
    let mut task = task(TaskState::Completed);
    task.output = Some("other".to_owned());
    let again = step(
        &run(RunState::Running),
        &task,
        &commands(Fence(3))[4],
        &Facts::default(),
        NOW,
    );
    assert_eq!(told(again), "-");
}

#[test]
fn a_failed_need_does_what_the_plan_says() {
    for (choice, expected) in [
        (OnNeedFailed::Skip, "skipped"),
        (OnNeedFailed::Fail, "failed"),
        (OnNeedFailed::Proceed, "need_ended"),
    ] {
        let mut task = task(TaskState::Blocked);
        task.plan.on_need_failed = choice;
        let outcome = step(
            &run(RunState::Running),
            &task,
            &commands(Fence(3))[1],
            &Facts::default(),
            NOW,
        );
        assert_eq!(told(outcome), expected);
    }
}

#[test]
fn a_lease_is_renewed_under_its_fence_and_never_shortened() {
    let held = task(TaskState::Running);
    let until = |fence, at| renew(&held, Fence(fence), UnixMicros(at)).map(|lease| lease.until);
    assert_eq!(until(3, 5_000), Ok(UnixMicros(5_000)));
    assert_eq!(until(3, 1), Ok(UnixMicros(2_000)));
    assert!(until(2, 5_000).is_err());
    assert!(renew(&task(TaskState::Ready), Fence(3), NOW).is_err());
}

/// The attempt goes on under the fence it has, whoever holds it, halted or not.
#[test]
fn an_adopted_attempt_is_the_same_attempt() {
    let fence = Fence(3);
    let adopt = &commands(fence)[11];
    for (state, facts) in [
        (RunState::Running, Facts::default()),
        (RunState::Halting, halted(HaltMode::Halted)),
        (RunState::Cancelling, Facts::default()),
    ] {
        let mut task = task(TaskState::Running);
        task.attempt = 1;
        let decision = step(&run(state), &task, adopt, &facts, NOW).unwrap();
        let before = task.clone();
        task.apply(&decision.events[0], NOW);
        let lease = task.lease.clone().unwrap();
        assert_eq!((lease.owner, lease.until), (heir(), UnixMicros(9_000)));
        task.lease.clone_from(&before.lease);
        assert_eq!(task, before, "nothing but the lease changes");
    }
}

/// A rung is a note: it changes nothing, and the worker still ends the task.
#[test]
fn a_rung_is_written_down_and_changes_nothing() {
    for rung in Rung::ALL {
        let before = task(TaskState::Running);
        let command = TaskCommand::Escalate {
            fence: Fence(3),
            rung,
        };
        let running = run(RunState::Halting);
        let decision = step(&running, &before, &command, &halted(HaltMode::Halted), NOW).unwrap();
        let mut after = before.clone();
        after.apply(&decision.events[0], NOW);
        assert_eq!(after, before);
        assert!(decision.effects.is_empty());
    }
    let rungs = Rung::ALL.map(Rung::after);
    assert_eq!(rungs, [0, 2_000_000, 5_000_000, 10_000_000]);
}

/// What an earlier run did is done from the beginning, whatever it needs.
#[test]
fn an_adopted_task_is_completed_when_it_is_planned() {
    let mut plan = TaskPlan::new("b", TaskKind::Noop);
    plan.needs = vec![TaskNo(0)];
    plan.adopted = Some(Adopted {
        from: RunId::new(2, [0; 10]),
        output: Some("result".to_owned()),
    });
    let task = Task::planned(TaskNo(1), plan, NOW);
    assert_eq!((task.state, task.waiting), (TaskState::Completed, 0));
    assert_eq!(task.output.as_deref(), Some("result"));
    assert!(task.satisfies());
}

/// What is not to be done is skipped from the beginning, whatever it needs.
#[test]
fn a_task_may_be_skipped_when_it_is_planned() {
    let mut plan = TaskPlan::new("b", TaskKind::ModelDay);
    plan.needs = vec![TaskNo(0)];
    plan.skip = Some(SkipReason::AlreadyCompleted);
    let task = Task::planned(TaskNo(1), plan, NOW);
    assert_eq!((task.state, task.waiting), (TaskState::Skipped, 0));
    assert_eq!(task.skip, Some(SkipReason::AlreadyCompleted));
    assert!(task.satisfies());
}

#[test]
fn skip_reasons_of_model_days_have_their_texts_exactly() {
    assert_eq!(SkipReason::AlreadyCompleted.text(), "Already completed");
    assert_eq!(
        SkipReason::IncompletePriceData.text(),
        "Incomplete price data"
    );
    assert_eq!(
        SkipReason::RateLimited.text(),
        "Rate limited during download"
    );
}
