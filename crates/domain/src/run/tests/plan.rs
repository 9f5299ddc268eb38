//! Plans: large ones, and those that take over what was done before.

use super::world::{World, new_run};
use super::*;
use crate::RunId;
use crate::task::Adopted;

fn adopted(key: &str, needs: &[u32]) -> TaskPlan {
    TaskPlan {
        needs: needs.iter().copied().map(TaskNo).collect(),
        adopted: Some(Adopted {
            from: RunId::new(2, [0; 10]),
            output: Some(format!("of {key}")),
        }),
        ..TaskPlan::new(key, TaskKind::Noop)
    }
}

fn needing(key: &str, needs: &[u32]) -> TaskPlan {
    TaskPlan {
        adopted: None,
        ..adopted(key, needs)
    }
}

/// Sizes, first numbers and ends of the events that a plan was written in.
fn planned(world: &World) -> Vec<(u32, usize, bool)> {
    let of = |recorded: &Recorded| match &recorded.event {
        Event::Planned { first, tasks, last } => Some((first.0, tasks.len(), *last)),
        _ => None,
    };
    world.events.iter().filter_map(of).collect()
}

#[test]
fn a_plan_is_written_in_events_of_a_bounded_size() {
    let full = PLAN_EVENT as u32;
    for (tasks, expected) in [
        (0, vec![(0, 0, true)]),
        (1, vec![(0, 1, true)]),
        (PLAN_EVENT, vec![(0, PLAN_EVENT, true)]),
        (
            PLAN_EVENT + 1,
            vec![(0, PLAN_EVENT, false), (full, 1, true)],
        ),
        (
            2 * PLAN_EVENT + 3,
            vec![
                (0, PLAN_EVENT, false),
                (full, PLAN_EVENT, false),
                (2 * full, 3, true),
            ],
        ),
    ] {
        let world = World::plain(CompletionRule::ModelDays, tasks);
        assert_eq!(planned(&world), expected);
        assert_eq!(world.run.counts.total as usize, tasks);
        assert!(world.run.planned);
        world.check();
    }
}

#[test]
fn a_part_of_a_plan_that_is_not_the_last_leaves_the_run_open() {
    let many = |from: usize, count: usize| {
        (from..from + count)
            .map(|no| TaskPlan::new(no.to_string(), TaskKind::Noop))
            .collect::<Vec<_>>()
    };
    let first = PLAN_EVENT + 5;
    let mut world = World::new(CompletionRule::ModelDays, many(0, first), false);
    assert!(!world.run.planned);
    let tasks = many(first, 2);
    world.tell(Command::Plan { tasks, last: true }).unwrap();
    let parts = planned(&world);
    assert_eq!(parts.last(), Some(&(first as u32, 2, true)));
    assert!(parts[..parts.len() - 1].iter().all(|part| !part.2));
    assert!(world.run.planned);
    world.check();
}

#[test]
fn a_large_run_is_cancelled_in_steps() {
    let extra = 7;
    let mut world = World::plain(CompletionRule::ModelDays, 2 * SWEEP + extra);
    world.begin(0);
    let cancelled = |events: &[&str]| {
        let of_tasks = events.iter().filter(|name| **name == "task_cancelled");
        of_tasks.count()
    };
    assert_eq!(cancelled(&world.cancel().unwrap()), SWEEP);
    assert!(world.effects.contains(&Effect::Sweep));
    assert_eq!(world.run.state, RunState::Cancelling);
    let sweep = |world: &mut World| world.tell_run(RunCommand::Sweep).unwrap();
    assert_eq!(cancelled(&sweep(&mut world)), SWEEP);
    assert!(world.effects.contains(&Effect::Sweep));
    assert_eq!(cancelled(&sweep(&mut world)), extra - 1);
    assert!(
        !world.effects.contains(&Effect::Sweep),
        "nothing waits any more"
    );
    assert_eq!(sweep(&mut world), [""; 0]);
    assert_eq!(world.run.state, RunState::Cancelling, "one still runs");
    world.complete(0).unwrap();
    assert_eq!(world.run.state, RunState::Cancelled);
    assert_eq!(sweep(&mut world), [""; 0]);
    world.check();
}

#[test]
fn a_run_that_is_not_cancelled_is_not_swept() {
    let mut world = World::plain(CompletionRule::ModelDays, 2);
    assert_eq!(world.tell_run(RunCommand::Sweep).unwrap(), [""; 0]);
    assert_eq!(world.state_of(0), TaskState::Ready);
}

/// Nothing of a run that is being cancelled starts, although its tasks wait
/// to be swept.
#[test]
fn what_waits_to_be_swept_does_not_start() {
    let mut world = World::plain(CompletionRule::ModelDays, SWEEP + 1);
    world.cancel().unwrap();
    let last = SWEEP as u32;
    assert_eq!(world.state_of(last), TaskState::Ready);
    assert_eq!(
        world.lease(last),
        Err(Rejection::RunIs {
            state: RunState::Cancelling
        })
    );
}

#[test]
fn what_an_earlier_run_did_counts_as_done() {
    let tasks = vec![
        adopted("a", &[]),
        needing("b", &[0]),
        adopted("c", &[1]),
        needing("d", &[0, 2]),
        needing("e", &[1, 2]),
    ];
    let mut world = World::new(CompletionRule::AllRequired, tasks, true);
    let states: Vec<_> = world.tasks().iter().map(|task| task.state).collect();
    assert_eq!(
        states,
        [
            TaskState::Completed,
            TaskState::Ready,
            TaskState::Completed,
            TaskState::Ready,
            TaskState::Blocked,
        ]
    );
    assert_eq!(
        world.run.counts,
        Counts {
            total: 5,
            pending: 3,
            completed: 2,
            ..Counts::default()
        }
    );
    assert_eq!(world.tasks()[2].output.as_deref(), Some("of c"));
    assert_eq!(world.tasks()[4].waiting, 1);
    world.check();
    for no in [1, 3, 4] {
        world.begin(no);
        world.complete(no).unwrap();
    }
    assert_eq!(world.run.state, RunState::Completed);
    world.check();
}

/// `c` needs `b`, which is not done: that `c` is must not depend on it.
#[test]
fn an_adopted_task_does_not_care_what_becomes_of_its_needs() {
    let tasks = vec![needing("b", &[]), adopted("c", &[0])];
    let mut world = World::new(CompletionRule::AllRequired, tasks, true);
    world.begin(0);
    world.fail(0).unwrap();
    assert_eq!(world.state_of(1), TaskState::Completed);
    assert_eq!(world.run.state, RunState::Failed);
    world.check();
}

#[test]
fn a_run_with_nothing_left_to_do_is_completed_when_its_plan_is_whole() {
    for rule in [CompletionRule::AllRequired, CompletionRule::ModelDays] {
        let mut world = World::new(rule, vec![adopted("a", &[])], false);
        assert_eq!(world.run.state, RunState::Queued);
        let tasks = vec![adopted("b", &[0])];
        world.tell(Command::Plan { tasks, last: true }).unwrap();
        assert_eq!(world.run.state, RunState::Completed);
        assert_eq!(world.run.counts.completed, 2);
        assert_eq!(world.run.required_completed, 2);
        world.check();

        let at_once = World::new(rule, vec![adopted("a", &[]), adopted("b", &[0])], true);
        assert_eq!(at_once.run.state, RunState::Completed);
        at_once.check();
    }
}

#[test]
fn an_adopted_task_of_an_earlier_part_satisfies_a_later_one() {
    let mut world = World::new(CompletionRule::AllRequired, vec![adopted("a", &[])], false);
    let tasks = vec![needing("b", &[0]), needing("c", &[1])];
    world.tell(Command::Plan { tasks, last: true }).unwrap();
    assert_eq!(world.state_of(1), TaskState::Ready);
    assert_eq!(world.state_of(2), TaskState::Blocked);
    world.check();
}

/// Failing the planning of a run ends what of it was planned already.
#[test]
fn planning_that_fails_late_leaves_nothing_open() {
    let tasks = (0..5).map(|no| TaskPlan::new(no.to_string(), TaskKind::Noop));
    let mut world = World::of(new_run(CompletionRule::ModelDays), tasks.collect(), false);
    let reason = "a task twice".to_owned();
    world.tell_run(RunCommand::FailPlanning { reason }).unwrap();
    assert_eq!(world.run.state, RunState::Failed);
    assert_eq!(
        (world.run.counts.open(), world.run.counts.cancelled),
        (0, 5)
    );
    world.check();
}

/// More than one sweep of them.
#[test]
fn planning_that_fails_very_late_leaves_nothing_open() {
    let tasks = (0..=SWEEP).map(|no| TaskPlan::new(no.to_string(), TaskKind::Noop));
    let mut world = World::of(new_run(CompletionRule::ModelDays), tasks.collect(), false);
    let reason = "a task twice".to_owned();
    world.tell_run(RunCommand::FailPlanning { reason }).unwrap();
    assert_eq!(world.run.state, RunState::Failed);
    assert_eq!(world.run.counts.open(), 0);
    assert!(!world.effects.contains(&Effect::Sweep), "nothing waits");
    world.check();
}
