//! Orders to stop.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::support::{Worker, events, happens, masked, sleepers, stands, submit, until};
use crate::harness::Place;

/// One that does not listen.
fn stubborn() -> Value {
    json!([{"key": "deaf", "kind": "sleep", "input": {"ms": 3_600_000, "stubborn": true}}])
}

fn halt(place: &Place, scope: &str) -> String {
    place.ok(&[
        "halt",
        "set",
        "--scope",
        scope,
        "--reason",
        "prices look wrong",
    ])
}

/// A child that ignores everything is killed, and its worker says so by name.
#[test]
fn a_stubborn_child_is_killed_and_the_halt_is_acknowledged() {
    let place = Place::new();
    let worker = Worker::start(&place, &["--executor", "local", "--slots", "1"]);
    let run = submit(&place, &stubborn(), &[]);
    happens(&place, &run, "task_started");
    let began = Instant::now();
    insta::assert_snapshot!(masked(&place, &halt(&place, "global")), @r"
    global is halted: prices look wrong
    epoch 1, <time> by cli
    1 run was told
    see who has obeyed with `fondaco halt status`
    ");
    let status = place.json(&["halt", "status"]);
    let missing = status["halts"][0]["missing"].as_array().unwrap();
    assert_eq!(missing.len(), 1, "nobody obeys before the child is gone");
    stands(&place, &run, "halted");
    // Not before the rung that kills, five seconds after the order.
    assert!(began.elapsed() >= Duration::from_secs(4));
    let rungs: Vec<String> = events(&place, &run, "task_escalated")
        .iter()
        .map(|event| event["event"]["rung"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(rungs, ["token", "terminate", "kill"]);
    let by = until("it is acknowledged", || {
        let status = place.json(&["halt", "status"]);
        let acks = status["halts"][0]["acknowledged"].as_array().unwrap();
        acks.first().cloned()
    });
    assert_eq!(by["pid"], worker.pid());
    // What is cleared does not go on by itself.
    let (code, _) = place.refused(&["halt", "clear", "--scope", "global", "--reason", "mended"]);
    assert_eq!(code, 4);
    let words = [
        "halt", "clear", "--scope", "global", "--reason", "mended", "--yes",
    ];
    insta::assert_snapshot!(masked(&place, &place.ok(&words)), @r"
    global is active: mended
    epoch 2, <time> by cli
    1 halted run waits for `fondaco run resume`
    ");
    assert_eq!(place.json(&["run", "show", &run])["run"]["state"], "halted");
    let watched = place.run(&["run", "watch", &run, "--silent"]);
    assert_eq!(watched.code, 9);
    place.ok(&["run", "resume", &run]);
    until("it goes on", || {
        (events(&place, &run, "task_started").len() == 2).then_some(())
    });
    place.ok(&["run", "cancel", &run]);
    stands(&place, &run, "cancelled");
}

/// Nothing starts below a halt, and the rest goes on.
#[test]
fn a_halt_covers_its_scope_only() {
    let place = Place::new();
    halt(&place, "tenant:desk");
    let inside = submit(&place, &sleepers(1, 1), &["--tenant", "desk"]);
    let outside = submit(&place, &sleepers(1, 1), &[]);
    let _worker = Worker::start(&place, &[]);
    stands(&place, &outside, "completed");
    assert_eq!(events(&place, &inside, "task_leased").len(), 0);
    let (code, error) = place.refused(&["halt", "set", "--scope", "desk", "--reason", "x"]);
    assert_eq!(code, 2);
    insta::assert_snapshot!(error["error"]["hint"].as_str().unwrap(), @r"
    write global, tenant:NAME, kind:KIND, strategy:NAME, spec:HASH or run:ID
    ");
}

/// The file stops what runs while the database is locked away, and is latched
/// as soon as it answers; deleting it clears nothing.
#[test]
fn the_file_stops_everything_while_the_database_is_locked() {
    let place = Place::new();
    let mut worker = Worker::start(&place, &["--executor", "local", "--slots", "1"]);
    let run = submit(&place, &stubborn(), &[]);
    let reference = until("its child is known", || {
        let shown = place.json(&["run", "show", &run, "--task", "deaf"]);
        let reference = shown["tasks"][0]["tries"][0]["reference"].as_str();
        reference.map(str::to_owned)
    });
    let home = place.path().join("home");
    let other = rusqlite::Connection::open(home.join("runs.db")).unwrap();
    other.busy_timeout(Duration::from_secs(30)).unwrap();
    other.execute_batch("begin immediate").unwrap();
    std::fs::write(home.join("HALT"), "smoke in the room\n").unwrap();
    worker.says("emergency stop: smoke in the room");
    let child: u32 = reference.split(':').next().unwrap().parse().unwrap();
    until("its child is gone", || (!lives(child)).then_some(()));
    std::fs::remove_file(home.join("HALT")).unwrap();
    other.execute_batch("rollback").unwrap();
    drop(other);
    let latched = until("it is latched", || {
        let status = place.json(&["halt", "status"]);
        status["halts"].as_array().unwrap().first().cloned()
    });
    assert_eq!(latched["scope"], "global");
    assert_eq!(latched["mode"], "halted");
    assert_eq!(latched["reason"], "smoke in the room");
    stands(&place, &run, "halted");
}

/// Whether a process runs that has not ended.
fn lives(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .starts_with(" Z")
    })
}

/// A worker that sleeps has not obeyed, and is named.
#[test]
fn who_does_not_answer_is_named() {
    let place = Place::new();
    let _owner = Worker::start(&place, &["--queue", "elsewhere"]);
    let silent = Worker::start(&place, &[]);
    silent.signal(Signal::STOP);
    halt(&place, "global");
    let status = until("the other has obeyed", || {
        let status = place.json(&["halt", "status"]);
        let acks = status["halts"][0]["acknowledged"].as_array().unwrap();
        (acks.len() == 2).then_some(status)
    });
    let missing = status["halts"][0]["missing"].as_array().unwrap();
    // Both that the process enlisted: one computes, one asks models.
    assert_eq!(missing.len(), 2);
    for worker in missing {
        assert_eq!(worker["pid"], silent.pid());
    }
    silent.signal(Signal::CONT);
    until("all have obeyed", || {
        let status = place.json(&["halt", "status"]);
        let missing = status["halts"][0]["missing"].as_array().unwrap();
        missing.is_empty().then_some(())
    });
}

/// A drill measures, and leaves nothing halted.
#[test]
fn a_drill_leaves_nothing_behind() {
    let place = Place::new();
    let drill = place.json(&["halt", "drill", "--rounds", "3", "--tasks", "2"]);
    assert_eq!(drill["in_this_process"], true);
    for step in ["seen", "stopped"] {
        assert_eq!(drill[step]["count"], 6, "{drill:#}");
    }
    assert_eq!(drill["acknowledged"]["count"], 3);
    assert_eq!(place.json(&["halt", "status"])["halts"], json!([]));
    let open = place.json(&["run", "list", "--state", "queued,running,halted"]);
    assert_eq!(open["runs"], json!([]));
}
