//! `kill -9` in a loop: what was acknowledged is there, the sequence of events
//! has no gap, the chain of hashes is whole, rows and events agree.
//!
//! This holds with the page cache alive, so it says nothing of power cuts.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use fondaco_app::ports::runs::{RunStore, RunStoreError, Submission};
use fondaco_domain::run::Command;
use fondaco_domain::task::{Lease, TaskCommand};
use fondaco_domain::{RunId, UnixMicros, WorkerId};
use fondaco_store::runs::conformance::{at, submission};
use fondaco_store::runs::{SqliteOptions, SqliteRuns};

const PLACE: &str = "FONDACO_TEST_CRASH_FILE";
const CYCLE: &str = "FONDACO_TEST_CRASH_CYCLE";

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let mut acknowledged = BTreeMap::new();
    for cycle in 0..20 {
        acknowledged.extend(run_and_kill(&path, cycle, 20 + cycle * 7));
        let store = SqliteRuns::open(&path, SqliteOptions::default()).unwrap();
        assert_eq!(store.check().unwrap(), [], "cycle {cycle}");
        for (id, events) in &acknowledged {
            let kept = store.events(*id).unwrap().len();
            assert!(kept >= *events, "cycle {cycle}: {kept} < {events} of {id}");
        }
    }
    assert!(acknowledged.len() > 20);
}

/// Starts a writer, waits for so many acknowledgements, kills it, and returns
/// all that it acknowledged: the events each run had.
fn run_and_kill(path: &Path, cycle: usize, acknowledgements: usize) -> BTreeMap<RunId, usize> {
    let mut child = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::writer", "--ignored", "--nocapture"])
        .env(PLACE, path)
        .env(CYCLE, cycle.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = BTreeMap::new();
    let mut seen = 0;
    for line in lines.map_while(Result::ok) {
        let Some((id, events)) = parse(&line) else {
            continue;
        };
        let last = acknowledged.entry(id).or_insert(events);
        *last = events.max(*last);
        seen += 1;
        if seen == acknowledgements {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(seen >= acknowledgements, "the writer ended by itself");
    acknowledged
}

fn parse(line: &str) -> Option<(RunId, usize)> {
    let (id, events) = line.strip_prefix("ack ")?.split_once(' ')?;
    Some((id.parse().ok()?, events.parse().ok()?))
}

/// The process that is killed: four threads that submit, claim and complete
/// until the end.
#[test]
#[ignore = "started and killed by the test above"]
fn writer() {
    let Some(path) = std::env::var_os(PLACE).map(PathBuf::from) else {
        return;
    };
    let cycle: u64 = std::env::var(CYCLE).unwrap().parse().unwrap();
    let store = SqliteRuns::open(&path, SqliteOptions::default()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let store = &store;
            scope.spawn(move || {
                for n in 0_u64.. {
                    one_run(store, named(cycle, thread, n)).unwrap();
                }
            });
        }
    });
}

fn named(cycle: u64, thread: u8, n: u64) -> Submission {
    let mut asked = submission(thread, &format!("q{thread}"), 2);
    asked.id = RunId::new(cycle * 1_000_000 + n, [thread; 10]);
    asked
}

fn one_run(store: &SqliteRuns, asked: Submission) -> Result<(), RunStoreError> {
    let (id, queue) = (asked.id, asked.new.queue.clone());
    store.submit(asked, at(1))?;
    acknowledge(id, 2);
    let lease = Lease {
        owner: WorkerId::new(1, [1; 10]),
        until: UnixMicros(100),
    };
    for claimed in store.claim(&queue, lease, 2, at(2))? {
        let fence = claimed.task.fence;
        let no = claimed.task.no;
        store.command(
            claimed.run,
            Command::Task(no, TaskCommand::Start { fence }),
            at(3),
        )?;
        let output = None;
        let complete = Command::Task(no, TaskCommand::Complete { fence, output });
        let done = store.command(claimed.run, complete, at(4))?;
        let events = store.events(claimed.run)?.len();
        assert!(events >= done.events);
        acknowledge(claimed.run, events);
    }
    Ok(())
}

fn acknowledge(run: RunId, events: usize) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "ack {run} {events}");
    let _ = out.flush();
}
