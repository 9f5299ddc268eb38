//! What keeps a run from beginning, and what ends one before its time.

use super::world::{World, new_run};
use super::*;
use crate::RunId;

fn other() -> RunId {
    RunId::new(2, [2; 10])
}

fn keyed(key: Option<&str>) -> World {
    let new = NewRun {
        concurrency_key: key.map(str::to_owned),
        ..new_run(CompletionRule::ModelDays)
    };
    let tasks = vec![
        TaskPlan::new("a", TaskKind::Noop),
        TaskPlan::new("b", TaskKind::Noop),
    ];
    World::of(new, tasks, true)
}

fn held() -> Rejection {
    Rejection::KeyHeld {
        key: "desk".to_owned(),
        by: other(),
    }
}

#[test]
fn a_queued_run_waits_for_its_key() {
    let mut world = keyed(Some("desk"));
    world.key_holder = Some(other());
    assert_eq!(world.lease(0), Err(held()));
    assert_eq!(world.run.state, RunState::Queued);
    assert!(!world.run.holds_key());
    world.key_holder = None;
    world.lease(0).unwrap();
    assert!(world.run.holds_key());
    world.check();
}

/// Whoever is named as holder later: the run has begun, and the store names
/// two holders of one key never.
#[test]
fn a_run_that_has_begun_asks_for_its_key_no_more() {
    let mut world = keyed(Some("desk"));
    world.lease(0).unwrap();
    world.key_holder = Some(world.run.id);
    world.lease(1).unwrap();
    for no in [0, 1] {
        let fence = world.fence(no);
        world.tell_task(no, TaskCommand::Start { fence }).unwrap();
        world.complete(no).unwrap();
    }
    assert_eq!(world.run.state, RunState::Completed);
    assert!(!world.run.holds_key());
}

#[test]
fn a_run_without_a_key_waits_for_none() {
    let mut world = keyed(None);
    world.key_holder = Some(other());
    world.lease(0).unwrap();
}

/// Halted before it began, it does not hold its key, and another may have
/// taken it.
#[test]
fn a_halted_run_resumes_only_with_its_key() {
    let mut world = keyed(Some("desk"));
    world.set(HaltMode::Halted);
    world.tell_run(RunCommand::Halt).unwrap();
    assert_eq!(world.run.state, RunState::Halted);
    assert!(!world.run.holds_key());
    world.clear();
    world.key_holder = Some(other());
    assert_eq!(world.tell_run(RunCommand::Resume), Err(held()));
    assert_eq!(world.run.state, RunState::Halted);
    world.key_holder = None;
    world.tell_run(RunCommand::Resume).unwrap();
    assert!(world.run.holds_key(), "resumed, it has begun");
    world.check();
}

#[test]
fn a_halted_run_that_has_begun_keeps_its_key() {
    let mut world = keyed(Some("desk"));
    world.begin(0);
    let fence = world.fence(0);
    world.set(HaltMode::Halted);
    world.tell_run(RunCommand::Halt).unwrap();
    world.tell_task(0, TaskCommand::Stopped { fence }).unwrap();
    assert_eq!(world.run.state, RunState::Halted);
    assert!(world.run.holds_key());
    world.clear();
    world.key_holder = Some(world.run.id);
    world.tell_run(RunCommand::Resume).unwrap();
}

#[test]
fn a_deadline_cancels_what_has_not_ended_by_then() {
    let deadline = UnixMicros(100);
    let new = NewRun {
        deadline: Some(deadline),
        ..new_run(CompletionRule::ModelDays)
    };
    let tasks = vec![
        TaskPlan::new("a", TaskKind::Noop),
        TaskPlan::new("b", TaskKind::Noop),
    ];
    let mut world = World::of(new, tasks, true);
    world.begin(0);
    world.now = UnixMicros(99);
    assert_eq!(world.tell_run(RunCommand::Expire).unwrap(), [""; 0]);
    world.now = deadline;
    let events = world.tell_run(RunCommand::Expire).unwrap();
    assert_eq!(events, ["run_cancelling", "task_cancelled"]);
    assert_eq!(
        world.run.reason.as_deref(),
        Some("its deadline 1970-01-01T00:00:00.000100Z has passed")
    );
    let fence = world.fence(0);
    assert!(
        matches!(world.effects[..], [Effect::Stop { task: TaskNo(0), fence: told, .. }] if told == fence),
        "{:?}",
        world.effects
    );
    assert_eq!(world.tell_run(RunCommand::Expire).unwrap(), [""; 0]);
    world.tell_task(0, TaskCommand::Stopped { fence }).unwrap();
    assert_eq!(world.run.state, RunState::Cancelled);
    assert_eq!(world.tell_run(RunCommand::Expire).unwrap(), [""; 0]);
    world.check();
}

#[test]
fn a_run_without_a_deadline_never_expires() {
    let mut world = World::plain(CompletionRule::ModelDays, 1);
    world.now = UnixMicros(i64::MAX);
    assert_eq!(world.tell_run(RunCommand::Expire).unwrap(), [""; 0]);
}

#[test]
fn a_halt_covers_the_runs_of_its_scope_and_no_others() {
    let world = || {
        let new = NewRun {
            tenant: "desk".to_owned(),
            strategy: Some("sma-cross".to_owned()),
            ..new_run(CompletionRule::ModelDays)
        };
        World::of(new, vec![TaskPlan::new("a", TaskKind::Noop)], true)
    };
    let id = world().run.id;
    let spec = world().run.new.spec;
    for (scope, covers) in [
        ("global".to_owned(), true),
        ("tenant:desk".to_owned(), true),
        ("tenant:other".to_owned(), false),
        ("tenant:Desk".to_owned(), false),
        ("kind:simulation".to_owned(), true),
        ("kind:trading".to_owned(), false),
        ("strategy:sma-cross".to_owned(), true),
        ("strategy:sma".to_owned(), false),
        (format!("spec:{spec}"), true),
        (format!("spec:{}", crate::ContentHash::of(b"other")), false),
        (format!("run:{id}"), true),
        (format!("run:{}", other()), false),
    ] {
        let mut world = world();
        world.set_scope(Scope::parse(&scope).unwrap(), HaltMode::Halted);
        let refused = matches!(world.lease(0), Err(Rejection::Halted { .. }));
        assert_eq!(refused, covers, "{scope}");
        let told = world.tell_run(RunCommand::Halt);
        assert_eq!(told.is_ok(), covers, "{scope}");
    }
    // Without a strategy, no halt of a strategy is about it.
    let mut plain = World::plain(CompletionRule::ModelDays, 1);
    plain.set_scope(Scope::Strategy("sma-cross".to_owned()), HaltMode::Killed);
    plain.lease(0).unwrap();
}
