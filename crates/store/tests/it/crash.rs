//! `kill -9` in a loop: what was acknowledged is there, the sequence of events
//! has no gap, the chain of hashes is whole, rows and events agree, and the
//! outbox holds each event once.
//!
//! This holds with the page cache alive, so it says nothing of power cuts.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use fondaco_app::ports::runs::{
    Exchange, INLINE, Report, RunQuery, RunStore, RunStoreError, Submission, Want,
};
use fondaco_domain::run::{Command, RunCommand};
use fondaco_domain::task::{TaskCommand, TaskKind};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};
use fondaco_store::runs::conformance::{at, submission};
use fondaco_store::runs::{SqliteOptions, SqliteRuns};

const PLACE: &str = "FONDACO_TEST_CRASH_FILE";
const CYCLE: &str = "FONDACO_TEST_CRASH_CYCLE";

/// Cycles that one file goes through.
const TOGETHER: u32 = 25;

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let cycles = crate::size(60, 10_000);
    for first in (0..cycles).step_by(TOGETHER as usize) {
        one_file(first..cycles.min(first + TOGETHER));
    }
}

fn one_file(cycles: std::ops::Range<u32>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let mut all = BTreeMap::new();
    for cycle in cycles {
        let acknowledged = run_and_kill(&path, cycle, 8 + cycle as usize * 7 % 40);
        let store = SqliteRuns::open(&path, SqliteOptions::default()).unwrap();
        assert_eq!(store.vitals().unwrap().fault, None, "cycle {cycle}");
        assert_kept(&store, &acknowledged, cycle);
        all.extend(acknowledged);
    }
    let store = SqliteRuns::open(&path, SqliteOptions::default()).unwrap();
    assert_eq!(store.check().unwrap(), []);
    assert_kept(&store, &all, 0);
    let events: usize = store
        .runs(&RunQuery::default())
        .unwrap()
        .iter()
        .map(|run| store.events(run.id, 0, usize::MAX).unwrap().len())
        .sum();
    assert_eq!(store.outbox("reader", usize::MAX).unwrap().len(), events);
    assert_eq!(store.feed(0, usize::MAX).unwrap().len(), events);
}

fn assert_kept(store: &SqliteRuns, acknowledged: &BTreeMap<RunId, Acknowledged>, cycle: u32) {
    for (id, acknowledged) in acknowledged {
        if let Acknowledged::Removed = acknowledged {
            let gone = store.run(*id);
            assert!(matches!(gone, Err(RunStoreError::NoRun(_))), "{cycle}");
            continue;
        }
        let Acknowledged::Events(events) = acknowledged else {
            continue;
        };
        let kept = match store.events(*id, 0, usize::MAX) {
            Ok(kept) => kept.len(),
            // Its removal was under way, and committed before the answer.
            Err(RunStoreError::NoRun(_)) => continue,
            Err(error) => panic!("cycle {cycle}: {error:?}"),
        };
        assert!(kept >= *events, "cycle {cycle}: {kept} < {events} of {id}");
        assert_eq!(store.check_run(*id).unwrap(), [], "cycle {cycle}");
    }
}

/// What a run was when the writer last said something of it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Acknowledged {
    Events(usize),
    Removing,
    Removed,
}

/// Starts a writer, waits for so many acknowledgements, kills it, and returns
/// all that it acknowledged.
fn run_and_kill(path: &Path, cycle: u32, wanted: usize) -> BTreeMap<RunId, Acknowledged> {
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
        let Some((id, what)) = parse(&line) else {
            continue;
        };
        acknowledged.insert(id, what);
        seen += 1;
        if seen == wanted {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(seen >= wanted, "the writer ended by itself");
    acknowledged
}

fn parse(line: &str) -> Option<(RunId, Acknowledged)> {
    let (id, what) = line.strip_prefix("ack ")?.split_once(' ')?;
    let what = match what {
        "removing" => Acknowledged::Removing,
        "removed" => Acknowledged::Removed,
        events => Acknowledged::Events(events.parse().ok()?),
    };
    Some((id.parse().ok()?, what))
}

/// The process that is killed: four threads that submit, work, cancel and
/// remove until the end.
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
                    one_run(store, named(cycle, thread, n), n).unwrap();
                }
            });
        }
    });
}

/// Every third has a spec that lies in a file of its own.
fn named(cycle: u64, thread: u8, n: u64) -> Submission {
    let mut asked = submission(thread, &format!("q{thread}"), 2);
    asked.id = RunId::new(cycle * 1_000_000 + n, [thread; 10]);
    if n % 3 == 2 {
        asked.spec = format!("\"{}{}\"", asked.id, "x".repeat(INLINE));
        asked.new.spec = ContentHash::of(asked.spec.as_bytes());
    }
    asked
}

fn one_run(store: &SqliteRuns, asked: Submission, n: u64) -> Result<(), RunStoreError> {
    let (id, spec) = (asked.id, asked.new.spec.clone());
    let want = Want {
        queues: vec![asked.new.queue.clone()],
        kinds: TaskKind::ALL.to_vec(),
        run: Some(id),
        limit: 2,
        until: UnixMicros(100),
        start: true,
    };
    store.submit(asked, at(1))?;
    acknowledge(id, 2);
    let mut exchange = Exchange {
        worker: WorkerId::new(1, [1; 10]),
        reports: Vec::new(),
        beats: Vec::new(),
        want: Some(want),
    };
    let claimed = store.exchange(exchange.clone(), at(2))?.claimed;
    // Two of each: started, leased and begun.
    acknowledge(id, 2 + 1 + 2 + 2);
    exchange.want = None;
    exchange.reports = claimed
        .iter()
        .map(|one| Report {
            run: id,
            task: one.task.no,
            command: TaskCommand::Complete {
                fence: one.task.fence,
                output: None,
            },
        })
        .collect();
    if n % 4 == 1 {
        let reason = "enough".to_owned();
        let cancel = Command::Run(RunCommand::Cancel { reason });
        store.command(id, cancel, at(3))?;
        acknowledge(id, 8);
    }
    store.exchange(exchange, at(4))?;
    let events = store.events(id, 0, usize::MAX)?.len();
    acknowledge(id, events);
    store.spec(&spec)?;
    if n % 5 == 3 {
        acknowledge(id, "removing");
        store.remove(id)?;
        acknowledge(id, "removed");
    }
    Ok(())
}

fn acknowledge(run: RunId, what: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "ack {run} {what}");
    let _ = out.flush();
}
