//! Stores that cannot be used, and what is said then.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;

use super::support::{Worker, masked, sleepers, stands, submit};
use crate::harness::{Place, Ran};

fn with_run() -> (Place, String) {
    let place = Place::new();
    let run = submit(&place, &sleepers(2, 1), &[]);
    (place, run)
}

fn open(place: &Place) -> Connection {
    let connection = Connection::open(place.path().join("home/runs.db")).unwrap();
    connection.busy_timeout(Duration::from_secs(30)).unwrap();
    connection
}

#[track_caller]
fn fails(place: &Place, words: &[&str], code: i32) -> String {
    let Ran {
        code: found,
        stdout,
        stderr,
    } = place.run(words);
    assert_eq!((found, stdout.as_str()), (code, ""), "{stderr}");
    masked(place, &stderr)
}

#[test]
fn a_newer_schema_is_left_alone() {
    let (place, _) = with_run();
    open(&place)
        .execute("insert into schema_version values (999)", [])
        .unwrap();
    insta::assert_snapshot!(fails(&place, &["run", "list"], 2), @r"
    error: <place>/home/runs.db has schema 999; this program knows 5
    hint: use the newer program
    ");
    let doctor = place.run(&["doctor", "--output", "json"]);
    assert_eq!(doctor.code, 9);
    assert!(
        doctor.stdout.contains("has schema 999"),
        "{}",
        doctor.stdout
    );
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let place = Place::new();
    let home = place.path().join("home");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join("runs.db"), "no database ".repeat(1_000)).unwrap();
    let ran = place.run(&["run", "list"]);
    assert_eq!(ran.stdout, "");
    assert!(matches!(ran.code, 5 | 8), "{}: {}", ran.code, ran.stderr);
    assert!(ran.stderr.contains("not a database"), "{}", ran.stderr);
    let left = std::fs::read_to_string(home.join("runs.db")).unwrap();
    assert_eq!(left, "no database ".repeat(1_000));
}

#[test]
fn a_locked_database_is_said() {
    let (place, _) = with_run();
    let other = open(&place);
    other.execute_batch("begin exclusive").unwrap();
    let words = ["halt", "set", "--scope", "global", "--reason", "why"];
    insta::assert_snapshot!(fails(&place, &words, 7), @r"
    error: nothing is halted: another process has <place>/home/runs.db locked
    hint: write the reason into a file <place>/home/HALT: every worker with that home stops
    ");
    insta::assert_snapshot!(fails(&place, &["run", "list"], 7), @r"
    error: another process has <place>/home/runs.db locked
    hint: wait for it to end, or stop it
    ");
}

#[test]
fn an_address_that_names_no_store_is_said() {
    let place = Place::new();
    let words = ["run", "list", "--store", "mysql://localhost/runs"];
    insta::assert_snapshot!(fails(&place, &words, 2), @r"
    error: `mysql://localhost/runs` names no store of runs
    hint: write sqlite:PATH or postgres://USER@HOST/DATABASE
    ");
}

/// Rows that somebody changed behind its back.
#[test]
fn damage_is_found() {
    let (place, run) = with_run();
    assert_eq!(Worker::spawn(&place, &["--once"]).ends(), Some(0));
    insta::assert_snapshot!(masked(&place, &place.ok(&["db", "check"])), @r"
    <place>/home/runs.db  SQLite 3.51.3, synchronous=full, schema 5, owner
    1 run: rows and events agree
    ");
    open(&place)
        .execute("update task set failures = failures + 1", [])
        .unwrap();
    let ran = place.run(&["db", "check"]);
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert!(ran.stdout.contains(&run), "{}", ran.stdout);
    let ran = place.run(&["doctor"]);
    assert_eq!(ran.code, 9, "{}", ran.stdout);
    assert!(ran.stdout.contains("fail  fold"), "{}", ran.stdout);
}

#[test]
fn a_doctor_looks_at_everything() {
    let (place, _) = with_run();
    let doctor = place.json(&["doctor"]);
    let checks: Vec<_> = doctor["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["what"].clone(), finding["health"].clone()))
        .filter(|(what, _)| what != "disk")
        .collect();
    let all = [
        "store",
        "file",
        "clock",
        "fold",
        "leases",
        "workers",
        "halts",
        "schedules",
        "plans",
    ];
    let all: Vec<_> = all.iter().map(|what| (json!(what), json!("ok"))).collect();
    assert_eq!(checks, all);
    // A worker that was killed is missed.
    Worker::start(&place, &[]).kill();
    let doctor = place.ok(&["doctor"]);
    assert!(doctor.contains("died without a word"), "{doctor}");
}

/// An export holds each thing once, on a line of its own, and is whole.
#[test]
fn everything_can_be_taken_out() {
    let (place, run) = with_run();
    assert_eq!(Worker::spawn(&place, &["--once"]).ends(), Some(0));
    place.ok(&["db", "export", "all.jsonl"]);
    let text = std::fs::read_to_string(place.path().join("all.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let count = |name: &str| lines.iter().filter(|line| line.get(name).is_some()).count();
    assert_eq!((count("export"), count("spec"), count("run")), (1, 1, 1));
    assert_eq!((count("task"), count("attempt")), (2, 2));
    let shown = place.json(&["run", "events", &run]);
    assert_eq!(count("event"), shown["events"].as_array().unwrap().len());
    assert_eq!(place.ok(&["db", "export", "-"]), text);
    let (code, _) = place.refused(&["db", "export", "all.jsonl"]);
    assert_eq!(code, 4);
}

/// What is young, open, halted or taken up again stays.
#[test]
fn a_store_is_kept_small() {
    let place = Place::new();
    let failing = json!([{"key": "a", "kind": "sleep", "input": {"ms": 1, "fail": "permanent"}}]);
    let parent = submit(&place, &failing, &[]);
    let [older, newer] = [1, 2].map(|count| submit(&place, &sleepers(count, 1), &[]));
    assert_eq!(Worker::spawn(&place, &["--once"]).ends(), Some(0));
    let retried = place.json(&["run", "retry", &parent]);
    let open = retried["run"]["id"].as_str().unwrap().to_owned();
    let halted = submit(&place, &sleepers(3, 1), &[]);
    let scope = format!("run:{halted}");
    place.ok(&["halt", "set", "--scope", &scope, "--reason", "why"]);
    stands(&place, &halted, "halted");
    let left = || -> Vec<String> {
        let runs = place.json(&["run", "list"]);
        let runs = runs["runs"].as_array().unwrap().iter();
        runs.map(|run| run["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let everything = left();
    assert_eq!(everything.len(), 5);
    let prune = |words: &[&str]| place.json(&[&["db", "prune"], words].concat());
    assert_eq!(prune(&[])["count"], 0, "all are young");
    let would = prune(&["--older-than", "1ms", "--dry-run"]);
    assert_eq!(would["runs"], json!([newer, older]));
    assert_eq!(would["taken_up"], json!([parent]));
    assert_eq!(left(), everything);
    let words = ["--older-than", "1ms", "--keep"];
    let pruned = prune(&[&words[..], &["1"]].concat());
    assert_eq!(pruned["runs"], json!([older]));
    let words = ["db", "prune", "--older-than", "1ms"];
    insta::assert_snapshot!(masked(&place, &place.ok(&words)), @r"
    removed 1 run that ended before <time>
    kept 1 run, which an open run takes up again
    ");
    assert_eq!(left(), [halted, open, parent]);
    place.ok(&["db", "check"]);
}

/// Small, so that it takes a moment; the figures are not looked at.
#[test]
fn a_measurement_has_all_its_parts() {
    let place = Place::new();
    let words = ["bench", "runs", "--clients", "4", "--time", "200ms"];
    let few = ["--tasks", "50", "--large", "2500", "--starts", "3"];
    let figures = place.json(&[&words[..], &few].concat());
    assert!(figures["transitions"]["events"].as_u64().unwrap() > 0);
    assert_eq!(figures["tasks"]["count"], 50);
    assert_eq!(figures["starts"]["latency"]["count"], 3);
    assert!(figures["workflows"]["count"].as_u64().unwrap() > 0);
    assert_eq!(figures["accepted"]["count"], 2_500);
    assert_eq!(figures["restarted"]["open"], 2_500);
    assert_eq!(figures["raw_fdatasync"]["count"], 200);
    assert!(!place.path().join("home/bench").exists());
}
