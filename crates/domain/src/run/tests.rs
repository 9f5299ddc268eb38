//! Runs: tables of their transitions, and whatever commands come in any order.

mod begin;
mod model_days;
mod plan;
mod random;
mod world;

use self::world::World;
use super::*;
use crate::UnixMicros;
use crate::halt::{Epoch, HaltBook, HaltCommand, HaltMode, HaltRejection, Scope};
use crate::task::{SkipReason, TaskCommand, TaskKind, TaskNo, TaskPlan, TaskState};

#[test]
fn a_run_ends_by_its_rule() {
    use CompletionRule::{AllRequired, ModelDays};
    use RunState::{Completed, Failed, Partial};
    // c: completed, f: failed, s: skipped, x: cancelled by itself; large
    // letters are optional tasks.
    for (rule, ends, expected) in [
        (ModelDays, "ccc", (Completed, false)),
        (ModelDays, "sss", (Completed, false)),
        (ModelDays, "csc", (Completed, false)),
        (ModelDays, "cfs", (Partial, false)),
        (ModelDays, "cx", (Partial, false)),
        (ModelDays, "fff", (Failed, false)),
        (ModelDays, "fs", (Failed, false)),
        (ModelDays, "xs", (Failed, false)),
        // What is optional succeeds or fails beside them.
        (ModelDays, "CCCfCf", (Failed, false)),
        (ModelDays, "CCxS", (Failed, false)),
        (ModelDays, "FFcXc", (Completed, true)),
        (ModelDays, "FFcXf", (Partial, false)),
        (ModelDays, "CFsC", (Completed, true)),
        (ModelDays, "FF", (Completed, true)),
        (AllRequired, "cc", (Completed, false)),
        (AllRequired, "cs", (Completed, false)),
        (AllRequired, "cf", (Failed, false)),
        (AllRequired, "cx", (Failed, false)),
        (AllRequired, "cF", (Completed, true)),
        (AllRequired, "fC", (Failed, false)),
        (ModelDays, "", (Completed, false)),
    ] {
        let plans = (0..)
            .zip(ends.chars())
            .map(|(no, end): (u32, char)| TaskPlan {
                required: end.is_lowercase(),
                ..TaskPlan::new(no.to_string(), TaskKind::Noop)
            });
        let mut world = World::new(rule, plans.collect(), true);
        for (no, end) in (0..).zip(ends.chars()) {
            match end.to_ascii_lowercase() {
                's' => world.skip(no, SkipReason::AlreadyCompleted),
                'x' => world.tell_task(no, TaskCommand::Cancel),
                'f' => {
                    world.begin(no);
                    world.fail(no)
                }
                _ => {
                    world.begin(no);
                    world.complete(no)
                }
            }
            .unwrap();
        }
        let ended = (world.run.state, world.run.degraded);
        assert_eq!(ended, expected, "{rule:?} {ends}");
        world.check();
    }
}

#[test]
fn an_optional_failure_degrades() {
    let mut optional = TaskPlan::new("optional", TaskKind::Noop);
    optional.required = false;
    let plans = vec![TaskPlan::new("a", TaskKind::Noop), optional];
    let mut world = World::new(CompletionRule::AllRequired, plans, true);
    world.begin(0);
    world.begin(1);
    world.fail(1).unwrap();
    world.complete(0).unwrap();
    assert_eq!(world.run.state, RunState::Completed);
    assert!(world.run.degraded);
}

#[test]
fn a_halt_waits_for_what_runs_and_resumes_only_when_cleared_and_asked() {
    let mut world = World::plain(CompletionRule::ModelDays, 2);
    world.begin(0);
    assert_eq!(world.tell_run(RunCommand::Halt), Err(Rejection::NoHalt));
    world.set(HaltMode::Halted);
    assert!(matches!(world.lease(1), Err(Rejection::Halted { .. })));
    world.tell_run(RunCommand::Halt).unwrap();
    assert_eq!(world.run.state, RunState::Halting);
    let fence = world.fence(0);
    world.tell_task(0, TaskCommand::Stopped { fence }).unwrap();
    assert_eq!(world.run.state, RunState::Halted);
    assert_eq!(
        (world.state_of(0), world.fence(0)),
        (TaskState::Ready, fence.next())
    );
    assert!(matches!(
        world.tell_run(RunCommand::Resume),
        Err(Rejection::Halted { .. })
    ));
    world.clear();
    assert_eq!(world.run.state, RunState::Halted);
    assert_eq!(
        world.lease(0),
        Err(Rejection::RunIs {
            state: RunState::Halted
        })
    );
    world.tell_run(RunCommand::Resume).unwrap();
    assert_eq!(world.run.state, RunState::Running);
    for no in [0, 1] {
        world.begin(no);
        world.complete(no).unwrap();
    }
    assert_eq!(world.run.state, RunState::Completed);
    world.check();
}

#[test]
fn a_run_whose_last_task_finishes_while_halting_ends_as_it_would_have() {
    let mut world = World::plain(CompletionRule::ModelDays, 1);
    world.begin(0);
    world.set(HaltMode::Drain);
    world.tell_run(RunCommand::Halt).unwrap();
    world.complete(0).unwrap();
    assert_eq!(world.run.state, RunState::Completed);
}

#[test]
fn killed_takes_tasks_at_once_and_drops_what_comes_after() {
    let mut world = World::plain(CompletionRule::ModelDays, 1);
    world.begin(0);
    let old = world.fence(0);
    world.set(HaltMode::Killed);
    let events = world.tell_run(RunCommand::Halt).unwrap();
    assert_eq!(events, ["run_halting", "task_released", "run_halted"]);
    let late = TaskCommand::Complete {
        fence: old,
        output: None,
    };
    assert_eq!(world.tell_task(0, late).unwrap(), ["late_result"]);
    assert_eq!(world.state_of(0), TaskState::Ready);
    world.check();
}

#[test]
fn cancelling_ends_what_waits_and_waits_for_what_runs() {
    let mut world = World::plain(CompletionRule::ModelDays, 3);
    world.begin(0);
    world.begin(1);
    world.cancel().unwrap();
    assert_eq!(world.cancel().unwrap(), [] as [&str; 0]);
    assert_eq!(world.state_of(2), TaskState::Cancelled);
    world.complete(0).unwrap();
    assert_eq!(world.run.state, RunState::Cancelling);
    world.fail(1).unwrap();
    assert_eq!(world.run.state, RunState::Cancelled);
    assert_eq!(world.cancel().unwrap(), [] as [&str; 0]);
    assert_eq!(world.complete(1).unwrap(), ["late_result"]);
    world.check();
}

#[test]
fn planning_may_fail_while_queued_only() {
    let fail = || RunCommand::FailPlanning {
        reason: "no dates".to_owned(),
    };
    let open = vec![TaskPlan::new("a", TaskKind::Noop)];
    let mut world = World::new(CompletionRule::ModelDays, open.clone(), false);
    world.tell_run(fail()).unwrap();
    assert_eq!(world.run.state, RunState::Failed);
    assert_eq!(world.run.reason.as_deref(), Some("no dates"));
    world.check();

    let mut whole = World::plain(CompletionRule::ModelDays, 1);
    assert_eq!(whole.tell_run(fail()), Err(Rejection::PlanIsWhole));
    let mut begun = World::new(CompletionRule::ModelDays, open, false);
    begun.lease(0).unwrap();
    assert!(matches!(
        begun.tell_run(fail()),
        Err(Rejection::RunIs { .. })
    ));
}

#[test]
fn a_plan_in_parts_tells_late_comers_what_their_needs_became() {
    let mut world = World::new(
        CompletionRule::ModelDays,
        vec![
            TaskPlan::new("a", TaskKind::Noop),
            TaskPlan::new("b", TaskKind::Noop),
        ],
        false,
    );
    world.begin(0);
    world.complete(0).unwrap();
    world.begin(1);
    world.fail(1).unwrap();
    assert_eq!(world.run.state, RunState::Running);
    let needing = |key: &str, need: u32| TaskPlan {
        needs: vec![TaskNo(need)],
        ..TaskPlan::new(key, TaskKind::Noop)
    };
    let tasks = vec![needing("c", 0), needing("d", 1), needing("e", 3)];
    world.tell(Command::Plan { tasks, last: true }).unwrap();
    assert_eq!(world.state_of(2), TaskState::Ready);
    assert_eq!(world.state_of(3), TaskState::Skipped);
    assert_eq!(world.state_of(4), TaskState::Skipped);
    world.check();
}

#[test]
fn plans_that_make_no_sense_are_refused_whole() {
    let need = |needs: &[u32]| TaskPlan {
        needs: needs.iter().copied().map(TaskNo).collect(),
        ..TaskPlan::new("z", TaskKind::Noop)
    };
    for bad in [
        TaskPlan::new("", TaskKind::Noop),
        TaskPlan::new("a", TaskKind::Noop),
        need(&[1]),
        need(&[0, 0]),
    ] {
        let first = vec![TaskPlan::new("a", TaskKind::Noop)];
        let mut world = World::new(CompletionRule::ModelDays, first, false);
        let answer = world.tell(Command::Plan {
            tasks: vec![bad],
            last: true,
        });
        assert!(matches!(
            answer,
            Err(Rejection::Key { .. } | Rejection::Need { .. })
        ));
        world.check();
    }
}

#[test]
fn a_latch_is_set_freely_and_cleared_with_care() {
    let mut book = HaltBook::default();
    let now = UnixMicros(1);
    let set = |mode| HaltCommand::Set {
        scope: Scope::Global,
        mode,
        reason: "drill".to_owned(),
    };
    let clear = |reason: &str, confirmed| HaltCommand::Clear {
        scope: Scope::Global,
        reason: reason.to_owned(),
        confirmed,
    };
    let halt = book
        .step(&set(HaltMode::Halted), "a", now)
        .unwrap()
        .unwrap();
    book.apply(halt);
    assert_eq!(book.step(&set(HaltMode::Halted), "a", now), Ok(None));
    assert!(matches!(
        book.step(&set(HaltMode::Drain), "a", now),
        Err(HaltRejection::Milder { .. })
    ));
    assert_eq!(
        book.step(&clear(" ", true), "a", now),
        Err(HaltRejection::NoReason)
    );
    assert_eq!(
        book.step(&clear("over", false), "a", now),
        Err(HaltRejection::Unconfirmed)
    );
    let cleared = book.step(&clear("over", true), "a", now).unwrap().unwrap();
    assert_eq!(cleared.epoch, Epoch(2));
    book.apply(cleared);
    assert_eq!(book.covering(&[Scope::Global]).may_start(), Ok(()));
    assert_eq!(book.step(&clear("over", true), "a", now), Ok(None));
}

#[test]
fn only_the_latch_that_was_confirmed_is_cleared() {
    let mut book = HaltBook::default();
    let now = UnixMicros(1);
    let set = |mode| HaltCommand::Set {
        scope: Scope::Global,
        mode,
        reason: "drill".to_owned(),
    };
    let clear_at = |epoch| HaltCommand::ClearAt {
        scope: Scope::Global,
        reason: "over".to_owned(),
        epoch: Epoch(epoch),
    };
    assert_eq!(book.step(&clear_at(0), "a", now), Ok(None));
    for mode in [HaltMode::Drain, HaltMode::Halted] {
        let halt = book.step(&set(mode), "a", now).unwrap().unwrap();
        book.apply(halt);
    }
    assert_eq!(
        book.step(&clear_at(1), "a", now),
        Err(HaltRejection::Changed {
            scope: Scope::Global,
            found: Epoch(2)
        })
    );
    let cleared = book.step(&clear_at(2), "a", now).unwrap().unwrap();
    assert_eq!(cleared.mode, HaltMode::Active);
    book.apply(cleared);
    // An order that comes twice is as good as once.
    assert_eq!(book.step(&clear_at(2), "a", now), Ok(None));
}

#[test]
fn scopes_are_read_back() {
    let world = World::plain(CompletionRule::ModelDays, 0);
    for scope in world.run.scopes() {
        assert_eq!(Scope::parse(&scope.to_string()), Some(scope));
    }
    for bad in ["", "all", "kind:x", "spec:12", "run:1"] {
        assert_eq!(Scope::parse(bad), None);
    }
}

#[test]
fn a_changed_or_missing_event_is_found() {
    let mut world = World::plain(CompletionRule::ModelDays, 1);
    world.begin(0);
    let id = world.run.id;
    let mut changed = world.events.clone();
    changed[1].body.push(' ');
    assert_eq!(
        fold(id, &changed),
        Err(FoldError::Chain { run: id, seq: 2 })
    );
    let mut missing = world.events.clone();
    missing.remove(1);
    assert_eq!(
        fold(id, &missing),
        Err(FoldError::Gap { run: id, wanted: 2 })
    );
    assert_eq!(fold(id, &[]), Err(FoldError::Beginning { run: id }));
}
