//! Whatever commands come, in any order.

use proptest::prelude::*;

use super::super::*;
use super::world::{Answer, World, new_run};
use crate::halt::HaltMode;
use crate::retry::{ErrorClass, RetryPolicy};
use crate::task::{
    Adopted, Fence, OnNeedFailed, Rung, SkipReason, TaskCommand, TaskKind, TaskNo, TaskPlan,
    TaskState,
};
use crate::{RunId, UnixMicros, WorkerId};

/// How many cases, as in the table of sizes.
#[expect(
    clippy::disallowed_methods,
    reason = "the size of a test, not a setting of the program"
)]
fn size(ci: u32, release: u32) -> u32 {
    if std::env::var("FONDACO_TORTURE").is_ok_and(|size| size == "release") {
        release
    } else {
        ci
    }
}

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
    let one = (0..28_u8, 0..6_u32, prop::bool::weighted(0.15), 0..20_i64).prop_map(
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
    let one = (
        0..8_u8,
        0..3_u8,
        any::<bool>(),
        1..3_u32,
        prop::bool::weighted(0.1),
    );
    prop::collection::vec(one, 6).prop_map(|tasks| {
        let plan = |(no, one): (u32, (u8, u8, bool, u32, bool))| {
            let (needs, choice, required, max_attempts, adopted) = one;
            let needs = (0..no.min(3)).filter(|bit| needs >> bit & 1 == 1);
            TaskPlan {
                needs: needs.map(TaskNo).collect(),
                on_need_failed: [
                    OnNeedFailed::Skip,
                    OnNeedFailed::Fail,
                    OnNeedFailed::Proceed,
                ][usize::from(choice)],
                required,
                adopted: adopted.then(|| Adopted {
                    from: RunId::new(9, [9; 10]),
                    output: None,
                }),
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
        21 => world.tell_task(one.task, TaskCommand::Seize),
        22 | 23 => {
            let worker = WorkerId::new(1, [u8::try_from(one.task % 3).unwrap(); 10]);
            let until = world.now.plus(30);
            world.tell_task(
                one.task,
                TaskCommand::Adopt {
                    fence,
                    worker,
                    until,
                },
            )
        }
        24 => {
            let rung = Rung::ALL[one.task as usize % 4];
            world.tell_task(one.task, TaskCommand::Escalate { fence, rung })
        }
        25 => world.tell_run(RunCommand::Expire),
        26 => world.tell_run(RunCommand::Sweep),
        _ => {
            let other = RunId::new(2, [2; 10]);
            world.key_holder =
                (world.key_holder.is_none() && !world.run.holds_key()).then_some(other);
            return;
        }
    };
    judge(world, one, fence, &before, &answer);
}

fn judge(world: &World, one: Move, fence: Fence, before: &(Run, TaskState), answer: &Answer) {
    let happened = |name| answer.as_ref().is_ok_and(|events| events.contains(&name));
    let halts = world.halts.covering(&world.run.scopes());
    if happened("task_leased") || happened("task_started") {
        assert_eq!(halts.may_start(), Ok(()));
    }
    // With nothing left to do it begins and ends at once, key or no key.
    if (happened("run_started") && !happened("run_ended")) || happened("run_resumed") {
        let free = world.key_holder.is_none() || before.0.holds_key();
        assert!(free || world.run.new.concurrency_key.is_none());
    }
    if happened("task_adopted") {
        assert_eq!(fence, world.fence(one.task), "adopted under its fence");
        assert_eq!(before.1, world.state_of(one.task));
    }
    if happened("task_escalated") {
        assert_eq!(
            (fence, before.1),
            (world.fence(one.task), world.state_of(one.task))
        );
    }
    if one.what == 25 && happened("run_cancelling") {
        assert!(
            world
                .run
                .new
                .deadline
                .is_some_and(|deadline| deadline <= world.now)
        );
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
    #![proptest_config(ProptestConfig::with_cases(size(256, 100_000)))]

    #[test]
    fn whatever_comes_the_rows_stay_true(
        plans in plans(),
        moves in moves(),
        days in any::<bool>(),
        keyed in any::<bool>(),
        deadline in prop::option::of(0..400_i64),
    ) {
        let rule = if days { CompletionRule::ModelDays } else { CompletionRule::AllRequired };
        let new = NewRun {
            concurrency_key: keyed.then(|| "desk".to_owned()),
            deadline: deadline.map(UnixMicros),
            ..new_run(rule)
        };
        let mut world = World::of(new, plans, true);
        for one in moves {
            play(&mut world, one);
            world.check();
        }
    }
}
