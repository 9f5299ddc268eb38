//! Random calls in any order: the file answers as memory does, word for word.

use fondaco_app::ports::runs::{RunStore, RunStoreError};
use fondaco_domain::halt::{HaltCommand, HaltMode, Scope};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::run::{Command, RunCommand};
use fondaco_domain::task::{Fence, Lease, SkipReason, TaskCommand, TaskNo};
use fondaco_domain::{RunId, UnixMicros, WorkerId};
use fondaco_store::runs::conformance::{at, submission};
use fondaco_store::runs::{MemoryRuns, SqliteOptions, SqliteRuns};
use proptest::prelude::*;

/// What to do, to which run and task, under which fence.
type Call = (u8, u8, u32, u64);

fn run_named(number: u8) -> RunId {
    submission(number, "", 0).id
}

/// The answer as text: values and refusals alike must agree.
fn call(store: &dyn RunStore, (what, run, task, fence): Call, now: i64) -> String {
    let id = run_named(run);
    let (no, fence, by) = (TaskNo(task), Fence(fence), at(now));
    let of_task = |command| show(&store.command(id, Command::Task(no, command), at(now)));
    let lease = Lease {
        owner: WorkerId::new(1, [7; 10]),
        until: UnixMicros(now + 5),
    };
    match what {
        0 | 1 => {
            let mut asked = submission(run, "q", 4);
            asked.tasks[2].needs = vec![TaskNo(0), TaskNo(1)];
            asked.tasks[3].needs = vec![TaskNo(2)];
            asked.tasks[0].retry.max_attempts = 3;
            asked.tasks[1].priority = i32::from(run);
            show(&store.submit(asked, by))
        }
        2..=5 => show(&store.claim("q", lease, task as usize, by)),
        6 | 7 => of_task(TaskCommand::Start { fence }),
        8 | 9 => of_task(TaskCommand::Complete {
            fence,
            output: Some("result".to_owned()),
        }),
        10 => of_task(TaskCommand::Fail {
            fence,
            class: ErrorClass::Transient,
            error: "lost".to_owned(),
        }),
        11 => of_task(TaskCommand::Stopped { fence }),
        12 => of_task(TaskCommand::Skip {
            reason: SkipReason::RateLimited,
            detail: None,
        }),
        13 => show(&store.renew(id, no, fence, UnixMicros(now + 9))),
        14 => {
            let mode = [HaltMode::Drain, HaltMode::Halted, HaltMode::Killed][task as usize % 3];
            let scope = Scope::Run(id);
            let reason = "drill".to_owned();
            let set = HaltCommand::Set {
                scope,
                mode,
                reason,
            };
            show(&store.halt(set, by))
        }
        15 => {
            let clear = HaltCommand::Clear {
                scope: Scope::Run(id),
                reason: "over".to_owned(),
                confirmed: true,
            };
            show(&store.halt(clear, by))
                + &show(&store.command(id, Command::Run(RunCommand::Resume), at(now)))
        }
        16 if task == 0 => {
            let reason = "enough".to_owned();
            let cancel = Command::Run(RunCommand::Cancel { reason });
            show(&store.command(id, cancel, by))
        }
        _ => show(&store.expired(UnixMicros(now))),
    }
}

fn show<T: std::fmt::Debug>(answer: &Result<T, RunStoreError>) -> String {
    format!("{answer:?}")
}

/// Every run, task, event, halt and outbox row.
fn everything(store: &dyn RunStore) -> String {
    let runs = store.runs().unwrap();
    let of = |id| (store.tasks(id).unwrap(), store.events(id).unwrap());
    let outbox = store.outbox("reader", 9_999).unwrap();
    let details: Vec<_> = runs.iter().map(|run| of(run.id)).collect();
    format!("{runs:?}{outbox:?}{details:?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_file_answers_as_memory_does(
        calls in prop::collection::vec((0..18_u8, 0..3_u8, 0..4_u32, 0..3_u64), 0..60),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = SqliteRuns::open(&folder.path().join("runs.db"), SqliteOptions::default());
        let (file, memory) = (file.unwrap(), MemoryRuns::default());
        for run in 0..3 {
            // Most calls need a run to be about.
            call(&file, (0, run, 0, 0), 0);
            call(&memory, (0, run, 0, 0), 0);
        }
        for (one, now) in calls.into_iter().zip(1..) {
            prop_assert_eq!(call(&file, one, now), call(&memory, one, now), "{:?}", one);
        }
        prop_assert_eq!(everything(&file), everything(&memory));
        prop_assert_eq!(file.check().unwrap(), []);
    }
}
