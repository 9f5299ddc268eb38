//! Workers that die, sleep, end and share.

use std::collections::BTreeMap;

use rustix::process::Signal;
use serde_json::Value;

use super::support::{Worker, events, happens, sleepers, stands, submit, until};
use crate::harness::{Place, finish};

/// Each task completed once, with its own result, and rows and events agree.
#[track_caller]
fn is_exact(place: &Place, run: &str, tasks: usize) {
    let shown = place.json(&["run", "show", run, "--limit", "1000"]);
    assert_eq!(shown["run"]["counts"]["completed"], tasks);
    for (no, task) in shown["tasks"].as_array().unwrap().iter().enumerate() {
        assert_eq!(task["output"], format!("slept {no}"));
    }
    let mut completions: BTreeMap<String, usize> = BTreeMap::new();
    for event in events(place, run, "task_completed") {
        *completions.entry(event["task"].to_string()).or_default() += 1;
    }
    assert_eq!(completions.len(), tasks);
    assert!(
        completions.values().all(|count| *count == 1),
        "{completions:?}"
    );
    place.ok(&["db", "check"]);
}

/// Killed again and again while it works, on threads and in processes.
#[test]
fn killed_workers_leave_nothing_undone_and_nothing_twice() {
    for executor in ["auto", "local"] {
        let place = Place::new();
        let tasks = 12;
        let run = submit(&place, &sleepers(tasks, 150), &[]);
        let words = ["--slots", "3", "--executor", executor];
        for goal in [1, 4, 7, 10] {
            let worker = Worker::start(&place, &words);
            until("it goes on", || {
                let shown = place.json(&["run", "show", &run]);
                let done = shown["run"]["counts"]["completed"].as_u64().unwrap();
                (done >= goal).then_some(())
            });
            worker.kill();
        }
        let _worker = Worker::start(&place, &words);
        stands(&place, &run, "completed");
        is_exact(&place, &run, tasks);
    }
}

/// A process that does not run for longer than its lease loses its task; what
/// it says when it wakes is late.
#[test]
fn a_paused_worker_completes_nothing_twice() {
    let place = Place::new();
    // It owns the store, so that the paused one does not take it along.
    let _owner = Worker::start(&place, &["--queue", "elsewhere"]);
    let mut paused = Worker::start(&place, &["--slots", "1"]);
    let run = submit(&place, &sleepers(1, 400), &[]);
    happens(&place, &run, "task_started");
    paused.signal(Signal::STOP);
    let second = Worker::start(&place, &["--slots", "1"]);
    stands(&place, &run, "completed");
    paused.signal(Signal::CONT);
    paused.signal(Signal::TERM);
    assert_eq!(paused.ends(), Some(0));
    is_exact(&place, &run, 1);
    let leases = events(&place, &run, "task_leased");
    assert!(leases.len() >= 2, "{leases:#?}");
    drop(second);
}

/// Told to end, it finishes what it has and takes nothing more.
#[test]
fn a_worker_drains() {
    let place = Place::new();
    let mut worker = Worker::start(&place, &["--slots", "1"]);
    let run = submit(&place, &sleepers(2, 700), &[]);
    happens(&place, &run, "task_started");
    worker.signal(Signal::TERM);
    assert_eq!(worker.ends(), Some(0));
    let shown = place.json(&["run", "show", &run]);
    assert_eq!(shown["run"]["counts"]["completed"], 1);
    assert_eq!(shown["run"]["counts"]["pending"], 1);
    assert_eq!(
        place.json(&["halt", "status"])["halts"],
        Value::Array(vec![])
    );
}

/// Told twice, it stops what it has and gives it back.
#[test]
fn a_second_signal_gives_back_what_runs() {
    let place = Place::new();
    let mut worker = Worker::start(&place, &["--slots", "1"]);
    let run = submit(&place, &sleepers(1, 3_600_000), &[]);
    happens(&place, &run, "task_started");
    worker.signal(Signal::TERM);
    worker.signal(Signal::INT);
    assert_eq!(worker.ends(), Some(0));
    let shown = place.json(&["run", "show", &run]);
    assert_eq!(shown["tasks"][0]["state"], "ready");
    assert_eq!(shown["tasks"][0]["failures"], 0);
}

/// Many commands on a store that nobody owns for long: each is carried out.
#[test]
fn clients_at_once_do_not_disturb_each_other() {
    let place = Place::new();
    std::fs::write(
        place.path().join("one.json"),
        r#"{"kind": "workflow", "tasks": [{"key": "a", "kind": "noop"}]}"#,
    )
    .unwrap();
    let place = &place;
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(move || {
                for _ in 0..3 {
                    let ran = finish(&mut place.command(&["run", "submit", "one.json"]));
                    assert_eq!(ran.code, 0, "{}", ran.stderr);
                }
            });
        }
    });
    let runs = place.json(&["run", "list", "--limit", "100"]);
    assert_eq!(runs["runs"].as_array().unwrap().len(), 24);
}

/// Two workers share the work of one run.
#[test]
fn workers_share() {
    let place = Place::new();
    let first = Worker::start(&place, &["--slots", "1"]);
    let second = Worker::start(&place, &["--slots", "1"]);
    let run = submit(&place, &sleepers(6, 300), &[]);
    stands(&place, &run, "completed");
    is_exact(&place, &run, 6);
    let mut workers: Vec<String> = events(&place, &run, "task_leased")
        .iter()
        .map(|event| event["event"]["worker"].to_string())
        .collect();
    workers.sort();
    workers.dedup();
    assert_eq!(workers.len(), 2);
    drop((first, second));
}
