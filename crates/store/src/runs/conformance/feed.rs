//! The events of all runs in one order, and how many runs are open.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::{FeedRow, RunQuery, RunStoreError};
use fondaco_domain::RunId;
use fondaco_domain::run::{Command, Recorded, RunCommand, RunKind, RunState};

use super::{agrees, at, begin, completed, report, say, submission};

/// What a reader of the feed waits for at most.
const PATIENCE: Duration = Duration::from_mins(1);

fn all(store: &dyn Store) -> Result<Vec<FeedRow>, RunStoreError> {
    store.feed(0, usize::MAX)
}

/// Of each run, its events are there once and in their order.
fn tells_all_events(store: &dyn Store, feed: &[FeedRow]) -> Result<(), RunStoreError> {
    let mut told: BTreeMap<RunId, Vec<&Recorded>> = BTreeMap::new();
    for row in feed {
        told.entry(row.run).or_default().push(&row.event);
    }
    let runs = store.runs(&RunQuery::default())?;
    assert_eq!(told.len(), runs.len());
    for run in runs {
        let events = store.events(run.id, 0, usize::MAX)?;
        assert_eq!(told.remove(&run.id), Some(events.iter().collect()));
    }
    Ok(())
}

pub(super) fn order(store: &dyn Store) -> Result<(), RunStoreError> {
    assert_eq!(all(store)?, []);
    assert_eq!(store.feed_end()?, 0);
    let mut large = submission(1, "q", 3);
    large.tasks[1].input = Some(format!("{{\"x\":\"{}\"}}", "y".repeat(20_000)));
    store.submit(large, at(1))?;
    store.submit(submission(2, "q", 2), at(2))?;
    let held = begin(store, "q", 2)?;
    let reports = held
        .iter()
        .map(|one| report(one, completed(one.task.fence)));
    say(store, reports.collect(), 11)?;
    let feed = all(store)?;
    tells_all_events(store, &feed)?;
    assert!(feed.iter().any(|row| row.event.body.len() > 20_000));
    assert!(feed[0].no > 0);
    assert!(feed.is_sorted_by(|one, other| one.no < other.no));
    assert_eq!(store.feed_end()?, feed[feed.len() - 1].no);
    // From every place on.
    for (n, row) in feed.iter().enumerate() {
        assert_eq!(store.feed(row.no, usize::MAX)?, feed[n + 1..]);
        assert_eq!(store.feed(row.no - 1, 1)?, feed[n..=n]);
    }
    assert_eq!(store.feed(0, 0)?, []);
    assert_eq!(store.feed(u64::MAX, 9)?, []);
    Ok(())
}

pub(super) fn removed(store: &dyn Store) -> Result<(), RunStoreError> {
    let runs = [1, 2, 3].map(|number| submission(number, "q", 1));
    for (run, micros) in runs.iter().zip(1..) {
        store.submit(run.clone(), at(micros))?;
        let cancel = RunCommand::Cancel {
            reason: "enough".to_owned(),
        };
        store.command(run.id, Command::Run(cancel), at(micros))?;
    }
    let before = all(store)?;
    store.remove(runs[1].id)?;
    let mut left = before.clone();
    left.retain(|row| row.run != runs[1].id);
    assert_eq!(all(store)?, left);
    // From a row that is gone on.
    let gone = before.iter().find(|row| row.run == runs[1].id);
    let after = gone.map_or(0, |row| row.no);
    left.retain(|row| row.no > after);
    assert_eq!(store.feed(after, usize::MAX)?, left);
    // What comes after the newest, which is gone, comes after it.
    let newest = store.feed_end()?;
    store.remove(runs[2].id)?;
    store.submit(submission(4, "q", 1), at(9))?;
    let later = store.feed(newest, usize::MAX)?;
    assert_eq!(later.len(), 2);
    assert!(later.iter().all(|row| row.run == submission(4, "", 0).id));
    agrees(store)
}

/// A reader beside writers reads each row once, and none appears before one
/// that it has read.
pub(super) fn while_written(store: &dyn Store) -> Result<(), RunStoreError> {
    let (writers, each) = (4_u8, 10_u8);
    let done = AtomicBool::new(false);
    let read = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let deadline = Instant::now() + PATIENCE;
            let mut read: Vec<FeedRow> = Vec::new();
            loop {
                let over = done.load(Ordering::SeqCst);
                let page = store.feed(read.last().map_or(0, |row| row.no), 3)?;
                if page.is_empty() && (over || Instant::now() > deadline) {
                    return Ok::<_, RunStoreError>(read);
                }
                read.extend(page);
            }
        });
        let write = |writer: u8| {
            scope.spawn(move || {
                for n in 0..each {
                    store.submit(submission(1 + writer * each + n, "q", 2), at(1))?;
                }
                Ok::<_, RunStoreError>(())
            })
        };
        let threads: Vec<_> = (0..writers).map(write).collect();
        for thread in threads {
            assert!(matches!(thread.join(), Ok(Ok(()))));
        }
        done.store(true, Ordering::SeqCst);
        reader.join()
    });
    let Ok(read) = read else {
        panic!("the reader failed");
    };
    let read = read?;
    assert_eq!(read, all(store)?);
    tells_all_events(store, &read)
}

pub(super) fn open_runs(store: &dyn Store) -> Result<(), RunStoreError> {
    assert_eq!(store.open_runs()?, []);
    for number in 1..=6 {
        let mut asked = submission(number, if number == 3 { "p" } else { "q" }, 1);
        if number > 3 {
            asked.new.kind = RunKind::Workflow;
        }
        store.submit(asked, at(1))?;
    }
    for number in [1, 4, 5] {
        let cancel = RunCommand::Cancel {
            reason: "enough".to_owned(),
        };
        let id = submission(number, "", 0).id;
        store.command(id, Command::Run(cancel), at(2))?;
    }
    begin(store, "p", 1)?;
    let simulations = [
        (RunKind::Simulation, RunState::Queued, 1),
        (RunKind::Simulation, RunState::Running, 1),
    ];
    let workflows = [(RunKind::Workflow, RunState::Queued, 1)];
    let expected = if RunKind::Simulation < RunKind::Workflow {
        [&simulations[..], &workflows[..]].concat()
    } else {
        [&workflows[..], &simulations[..]].concat()
    };
    assert_eq!(store.open_runs()?, expected);
    Ok(())
}
