//! Whatever commands come, in any order.

use proptest::prelude::*;

use super::super::*;
use super::world::{Answer, World};
use crate::halt::HaltMode;
use crate::retry::{ErrorClass, RetryPolicy};
use crate::task::{
    Fence, OnNeedFailed, SkipReason, TaskCommand, TaskKind, TaskNo, TaskPlan, TaskState,
};

/// A random move: a command by number, on a task, under a fence that may be
/// one behind.
#[derive(Debug, Clone, Copy)]
struct Move {
    what: u8,
    task: u32,
    behind: bool,
    wait: i64,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = (0..22_u8, 0..6_u32, prop::bool::weighted(0.15), 0..20_i64).prop_map(
        |(what, task, behind, wait)| Move {
            what,
            task,
            behind,
            wait,
        },
    );
    prop::collection::vec(one, 0..80)
}

fn plans() -> impl Strategy<Value = Vec<TaskPlan>> {
    let one = (0..8_u8, 0..3_u8, any::<bool>(), 1..3_u32);
    prop::collection::vec(one, 6).prop_map(|tasks| {
        let plan = |(no, (needs, choice, required, max_attempts)): (u32, (u8, u8, bool, u32))| {
            let needs = (0..no.min(3)).filter(|bit| needs >> bit & 1 == 1);
            TaskPlan {
                needs: needs.map(TaskNo).collect(),
                on_need_failed: [
                    OnNeedFailed::Skip,
                    OnNeedFailed::Fail,
                    OnNeedFailed::Proceed,
                ][usize::from(choice)],
                required,
                retry: RetryPolicy {
                    max_attempts,
                    first: 5,
                    longest: 9,
                },
                ..TaskPlan::new(no.to_string(), TaskKind::Noop)
            }
        };
        (0..).zip(tasks).map(plan).collect()
    })
}

fn play(world: &mut World, one: Move) {
    world.now = world.now.plus(one.wait);
    let current = world.fence(one.task);
    let fence = if one.behind {
        Fence(current.0.saturating_sub(1))
    } else {
        current
    };
    let failure = |class| TaskCommand::Fail {
        fence,
        class,
        error: "x".to_owned(),
    };
    let before = (world.run.clone(), world.state_of(one.task));
    let answer = match one.what {
        0..=4 => world.lease(one.task),
        5..=8 => world.tell_task(one.task, TaskCommand::Start { fence }),
        9..=11 => world.tell_task(
            one.task,
            TaskCommand::Complete {
                fence,
                output: None,
            },
        ),
        12 => world.tell_task(one.task, failure(ErrorClass::Permanent)),
        13 => world.tell_task(one.task, failure(ErrorClass::LostWorker)),
        14 | 15 => world.tell_task(one.task, TaskCommand::Stopped { fence }),
        16 => world.skip(one.task, SkipReason::IncompletePriceData),
        17 => {
            let modes = [HaltMode::Drain, HaltMode::Halted, HaltMode::Killed];
            world.set(modes[one.task as usize % 3]);
            world.tell_run(RunCommand::Halt)
        }
        18 | 19 => {
            world.clear();
            world.tell_run(RunCommand::Resume)
        }
        20 if one.task == 0 => world.cancel(),
        20 => world.tell_task(one.task, TaskCommand::Cancel),
        _ => world.tell_task(one.task, TaskCommand::Seize),
    };
    judge(world, one, fence, &before, &answer);
}

fn judge(world: &World, one: Move, fence: Fence, before: &(Run, TaskState), answer: &Answer) {
    let happened = |name| answer.as_ref().is_ok_and(|events| events.contains(&name));
    let halts = world.halts.covering(&world.run.scopes());
    if happened("task_leased") || happened("task_started") {
        assert_eq!(halts.may_start(), Ok(()));
    }
    if happened("task_completed") {
        assert_eq!(before.1, TaskState::Running);
        assert_eq!(fence, world.fence(one.task));
    }
    if before.1.is_terminal() {
        assert_eq!(world.state_of(one.task), before.1);
    }
    if before.0.state.is_terminal() {
        assert_eq!(world.run, before.0);
    }
}

proptest! {
    #[test]
    fn whatever_comes_the_rows_stay_true(plans in plans(), moves in moves(), days in any::<bool>()) {
        let rule = if days { CompletionRule::ModelDays } else { CompletionRule::AllRequired };
        let mut world = World::new(rule, plans, true);
        for one in moves {
            play(&mut world, one);
            world.check();
        }
    }
}
