//! A worker's turns.

use std::time::Duration;

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::{Exchange, External, Notice, RunStoreError, TaskQuery, Want};
use fondaco_domain::UnixMicros;
use fondaco_domain::halt::{Epoch, HaltCommand, HaltMode, Scope};
use fondaco_domain::run::{Command, Rejection, RunCommand, RunState};
use fondaco_domain::task::{Fence, TaskCommand, TaskKind, TaskNo, TaskState};

use super::{
    agrees, at, beat, begin, claim, completed, exchange, names, nothing_of, report, say,
    submission, take, told, want, worker,
};

pub(super) fn order(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut one = submission(1, "q", 3);
    one.tasks[2].priority = 5;
    let mut other = submission(2, "q", 1);
    let mut urgent = submission(3, "q", 2);
    // The run's and the task's, added.
    urgent.new.priority = 4;
    urgent.tasks[1].priority = 2;
    other.tasks[0].priority = 0;
    store.submit(one.clone(), at(2))?;
    store.submit(other.clone(), at(1))?;
    store.submit(urgent.clone(), at(3))?;
    store.submit(submission(4, "elsewhere", 1), at(0))?;
    let first = claim(store, "q", 3)?;
    let rest = claim(store, "q", 9)?;
    assert_eq!(names(&first), [(urgent.id, 1), (one.id, 2), (urgent.id, 0)]);
    assert_eq!(names(&rest), [(other.id, 0), (one.id, 0), (one.id, 1)]);
    assert_eq!(claim(store, "q", 9)?, []);
    agrees(store)
}

pub(super) fn wants(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut one = submission(1, "q", 3);
    one.tasks[1].kind = TaskKind::Sleep;
    let two = submission(2, "p", 2);
    store.submit(one.clone(), at(1))?;
    store.submit(two.clone(), at(2))?;
    let sleeps = Want {
        kinds: vec![TaskKind::Sleep],
        ..want("q", 9)
    };
    assert_eq!(names(&take(store, sleeps, 10)?), [(one.id, 1)]);
    let of_two = Want {
        queues: vec!["q".to_owned(), "p".to_owned()],
        run: Some(two.id),
        ..want("", 1)
    };
    assert_eq!(names(&take(store, of_two, 10)?), [(two.id, 0)]);
    for nothing in [
        want("q", 0),
        want("nowhere", 9),
        Want {
            kinds: Vec::new(),
            ..want("q", 9)
        },
        Want {
            queues: Vec::new(),
            ..want("", 9)
        },
    ] {
        assert_eq!(take(store, nothing, 10)?, []);
    }
    // Not before they are ready.
    assert_eq!(take(store, want("q", 9), 0)?, []);
    let both = Want {
        queues: vec!["p".to_owned(), "q".to_owned()],
        until: UnixMicros(5_000),
        ..want("", 9)
    };
    let claimed = take(store, both, 10)?;
    assert_eq!(names(&claimed), [(one.id, 0), (one.id, 2), (two.id, 1)]);
    let until = claimed[2].task.lease.as_ref().map(|lease| lease.until);
    assert_eq!(until, Some(UnixMicros(5_000)));
    assert!(nothing_of(&store.exchange(exchange(), at(11))?));
    agrees(store)
}

pub(super) fn start(store: &dyn Store) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 3);
    store.submit(asked.clone(), at(1))?;
    let leased = claim(store, "q", 1)?;
    assert_eq!(leased[0].task.state, TaskState::Leased);
    let started = begin(store, "q", 9)?;
    let states: Vec<_> = started.iter().map(|one| one.task.state).collect();
    assert_eq!(states, [TaskState::Running, TaskState::Running]);
    let held = store.held()?;
    let places: Vec<_> = held.iter().map(|one| (one.run, one.task.0)).collect();
    assert_eq!(places, [(asked.id, 0), (asked.id, 1), (asked.id, 2)]);
    assert_eq!(store.run(asked.id)?.counts.running, 3);
    agrees(store)
}

pub(super) fn isolated(store: &dyn Store) -> Result<(), RunStoreError> {
    let (one, two) = (submission(1, "q", 2), submission(2, "q", 1));
    store.submit(one.clone(), at(1))?;
    store.submit(two.clone(), at(2))?;
    let held = claim(store, "q", 9)?;
    assert_eq!(names(&held), [(one.id, 0), (one.id, 1), (two.id, 0)]);
    let fence = held[0].task.fence;
    let stale = fence.next();
    let start = |fence| TaskCommand::Start { fence };
    let reports = vec![
        report(&held[0], start(fence)),
        report(&held[1], start(stale)),
        report(&held[0], completed(fence)),
        report(&held[2], start(fence)),
        report(&held[0], completed(fence)),
        report(&held[2], completed(stale)),
    ];
    let answers = say(store, reports, 11)?;
    assert_eq!(
        answers,
        [
            Ok(1),
            Err(Rejection::StaleFence {
                given: stale,
                current: fence
            }),
            Ok(1),
            Ok(1),
            Ok(0),
            Ok(1)
        ]
    );
    let states = |run| -> Result<Vec<TaskState>, RunStoreError> {
        let tasks = store.tasks(run, &TaskQuery::default())?;
        Ok(tasks.iter().map(|task| task.state).collect())
    };
    assert_eq!(states(one.id)?, [TaskState::Completed, TaskState::Leased]);
    assert_eq!(states(two.id)?, [TaskState::Running]);
    assert_eq!(told(store, two.id)?.last(), Some(&"late_result"));
    agrees(store)
}

pub(super) fn in_one(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 100);
    for no in 1..100 {
        asked.tasks[no].needs = vec![TaskNo(no as u32 - 1)];
    }
    store.submit(asked.clone(), at(1))?;
    let mut held = begin(store, "q", 9)?;
    for turn in 1..=100 {
        let mut next = want("q", 9);
        next.start = true;
        let asked = Exchange {
            reports: vec![report(&held[0], completed(held[0].task.fence))],
            want: Some(next),
            ..exchange()
        };
        held = store.exchange(asked, at(10 + turn))?.claimed;
        assert_eq!(held.len(), usize::from(turn < 100));
    }
    assert_eq!(store.run(asked.id)?.state, RunState::Completed);
    agrees(store)
}

pub(super) fn beats(store: &dyn Store) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 2);
    store.submit(asked.clone(), at(1))?;
    let held = begin(store, "q", 2)?;
    let before = told(store, asked.id)?;
    let mut first = beat(&held[0], 2_000);
    first.external = Some(External {
        executor: "local".to_owned(),
        reference: Some("4711".to_owned()),
    });
    first.progress = Some("a third".to_owned());
    // A lease never ends earlier than it did.
    let beats = vec![first.clone(), beat(&held[0], 500)];
    let asked_for = Exchange {
        beats,
        ..exchange()
    };
    assert_eq!(store.exchange(asked_for, at(11))?.lost, []);
    assert_eq!(told(store, asked.id)?, before);
    let kept = store.held()?;
    let ends: Vec<_> = kept.iter().map(|one| one.lease.until.0).collect();
    assert_eq!(ends, [2_000, 1_000]);
    let counts: Vec<_> = kept.iter().map(|one| one.beats).collect();
    assert_eq!(counts, [2, 0]);
    assert_eq!(kept[0].external, first.external);
    let attempts = store.attempts(asked.id, TaskNo(0))?;
    assert_eq!(attempts[0].beats, 2);
    assert_eq!(attempts[0].progress, first.progress);
    assert_eq!(attempts[0].external, first.external);
    agrees(store)
}

pub(super) fn lost(store: &dyn Store) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 3);
    store.submit(asked.clone(), at(1))?;
    let held = begin(store, "q", 3)?;
    let fence = held[0].task.fence;
    // One ended, one went to another worker; the third is its own.
    store.command(
        asked.id,
        Command::Task(TaskNo(0), TaskCommand::Cancel),
        at(11),
    )?;
    let adopt = TaskCommand::Adopt {
        fence,
        worker: worker(8),
        until: UnixMicros(1_000),
    };
    store.command(asked.id, Command::Task(TaskNo(1), adopt), at(12))?;
    let beats = held.iter().map(|one| beat(one, 3_000)).collect();
    let asked_for = Exchange {
        beats,
        ..exchange()
    };
    let lost = store.exchange(asked_for, at(13))?.lost;
    assert_eq!(
        lost,
        [(asked.id, TaskNo(0), fence), (asked.id, TaskNo(1), fence)]
    );
    let mut stale = beat(&held[2], 4_000);
    stale.fence = Fence(9);
    let asked_for = Exchange {
        beats: vec![stale],
        ..exchange()
    };
    let lost = store.exchange(asked_for, at(14))?.lost;
    assert_eq!(lost, [(asked.id, TaskNo(2), Fence(9))]);
    let ends: Vec<_> = store.held()?.iter().map(|one| one.lease.until.0).collect();
    assert_eq!(ends, [1_000, 3_000]);
    agrees(store)
}

/// Any of them may get lost on the way, so a store is given time; but not all
/// of them, again and again.
pub(super) fn notices(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut news = store.subscribe()?;
    let mut until = |wanted: &dyn Fn(&Notice) -> bool| {
        let mut heard = Vec::new();
        while let Some(notice) = news.wait(Duration::from_secs(10)) {
            let found = wanted(&notice);
            heard.push(notice);
            if found {
                return;
            }
        }
        panic!("not heard of in time; heard {heard:?}");
    };
    let asked = submission(1, "q", 2);
    store.submit(asked.clone(), at(1))?;
    until(&|notice| *notice == Notice::Wake);
    let held = begin(store, "q", 2)?;
    let set = HaltCommand::Set {
        scope: Scope::Tenant("elsewhere".to_owned()),
        mode: HaltMode::Halted,
        reason: "drill".to_owned(),
    };
    store.halt(set, at(11))?;
    let epoch = Epoch(1);
    until(&|notice| *notice == Notice::Halt { epoch });
    let reason = "enough".to_owned();
    let cancel = Command::Run(RunCommand::Cancel { reason });
    store.command(asked.id, cancel, at(12))?;
    let stop = |no: usize| Notice::Stop {
        run: asked.id,
        task: held[no].task.no,
        fence: held[no].task.fence,
        owner: worker(7),
    };
    until(&|notice| *notice == stop(0));
    until(&|notice| *notice == stop(1));
    let stopped = |no: usize| {
        let fence = held[no].task.fence;
        report(&held[no], TaskCommand::Stopped { fence })
    };
    say(store, vec![stopped(0), stopped(1)], 13)?;
    let ended = Notice::Ended {
        run: asked.id,
        state: RunState::Cancelled,
    };
    until(&|notice| *notice == ended);
    Ok(())
}
