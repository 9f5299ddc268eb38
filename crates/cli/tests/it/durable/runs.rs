//! Submitted, looked at, taken up again.

use serde_json::json;

use super::support::{Worker, events, happens, masked, sleepers, stands, submit, until};
use crate::harness::Place;

fn three() -> serde_json::Value {
    json!([
        {"key": "fetch", "kind": "sleep", "input": {"ms": 1, "output": "prices"}},
        {"key": "check", "kind": "noop", "needs": ["fetch"]},
        {"key": "report", "kind": "noop", "needs": ["check"]},
    ])
}

/// The same, and its second task fails for good.
fn failing() -> serde_json::Value {
    json!([
        {"key": "fetch", "kind": "sleep", "input": {"ms": 1, "output": "prices"}},
        {"key": "check", "kind": "sleep", "needs": ["fetch"], "input": {"ms": 1, "fail": "permanent"}},
        {"key": "report", "kind": "noop", "needs": ["check"]},
    ])
}

#[test]
fn a_run_from_its_spec_to_its_end() {
    let place = Place::new();
    let spec = json!({"kind": "workflow", "name": "nightly", "tasks": three()});
    std::fs::write(place.path().join("nightly.json"), spec.to_string()).unwrap();
    insta::assert_snapshot!(masked(&place, &place.ok(&["run", "submit", "nightly.json"])), @r"
    run <id>  queued
    3 tasks, in queue `default`
    ");
    let list = place.json(&["run", "list"]);
    let id = list["runs"][0]["id"].as_str().unwrap();
    insta::assert_snapshot!(masked(&place, &place.ok(&["run", "show", id])), @r"
    run <id>  queued
    tasks  3: 3 pending
    queue  default, priority 0, tenant default
    spec   workflow <short>
    created  <time>

    No  Task  Kind   State  Tries
     0  fetch   sleep  ready  0  no worker runs
     1  check   noop   blocked  0  waits for `fetch` (ready)
     2  report  noop   blocked  0  waits for `check` (blocked)
    ");
    let mut worker = Worker::spawn(&place, &["--once"]);
    assert_eq!(worker.ends(), Some(0));
    insta::assert_snapshot!(masked(&place, &place.ok(&["run", "list"])), @r"
    Run   Kind  State  Done  Failed  Queue  Created
    <short>  workflow  completed   3/3   0  default  <time>
    ");
    // The end of its id is enough.
    let short = &id[id.len() - 6..];
    insta::assert_snapshot!(masked(&place, &place.ok(&["run", "watch", short])), @r"
    <time>  1  submitted  workflow in queue `default`
    <time>  2  planned  3 tasks, the last
    <time>  3  run_started
    <time>  4  task_leased `fetch`  fence 0, worker <id>
    <time>  5  task_started `fetch`
    <time>  6  task_completed `fetch`  prices
    <time>  7  task_need_ended `check`  `fetch` ended, 0 left
    <time>  8  task_leased `check`  fence 0, worker <id>
    <time>  9  task_started `check`
    <time>   10  task_completed `check`
    <time>   11  task_need_ended `report`  `check` ended, 0 left
    <time>   12  task_leased `report`  fence 0, worker <id>
    <time>   13  task_started `report`
    <time>   14  task_completed `report`
    <time>   15  run_ended  completed
    run <id>  completed
    ");
    assert_eq!(
        place.json(&["run", "show", id])["tasks"][0]["output"],
        "prices"
    );
}

#[test]
fn a_run_that_failed_is_taken_up_again() {
    let place = Place::new();
    let id = submit(&place, &failing(), &[]);
    assert_eq!(Worker::spawn(&place, &["--once"]).ends(), Some(0));
    let ran = place.run(&["run", "watch", &id, "--silent"]);
    assert_eq!(ran.code, 9);
    insta::assert_snapshot!(masked(&place, &(ran.stdout + &ran.stderr)), @r"
    run <id>  failed: 1 of 3 tasks were not done
    error: run <id> failed: 1 of 3 tasks were not done
    hint: see why with `fondaco run show <id>`; `fondaco run retry <id>` does what is left
    ");
    insta::assert_snapshot!(masked(&place, &place.ok(&["run", "show", &id])), @r"
    run <id>  failed: 1 of 3 tasks were not done
    tasks  3: 1 completed, 1 failed, 1 skipped
    queue  default, priority 0, tenant default
    spec   workflow <short>
    created  <time>
    started  <time>
    ended  <time>

    No  Task  Kind   State  Tries
     0  fetch   sleep  completed  1  prices
     1  check   sleep  failed   1  told to fail in attempt 1
     2  report  noop   skipped  0  A task it needs failed: task 1
    ");
    let retried = place.json(&["run", "retry", &id]);
    assert_eq!(retried["run"]["parent"], id.as_str());
    let again = retried["run"]["id"].as_str().unwrap().to_owned();
    let shown = place.json(&["run", "show", &again]);
    assert_eq!(shown["tasks"][0]["state"], "completed");
    assert_eq!(shown["tasks"][0]["adopted_from"], id.as_str());
    assert_eq!(shown["tasks"][0]["output"], "prices");
    assert_eq!(shown["tasks"][1]["state"], "ready");
    // A replay adopts nothing, or what does not depend on its step.
    let replayed = place.json(&["run", "replay", &id]);
    assert_eq!(replayed["run"]["counts"]["completed"], 0);
    let forked = place.json(&["run", "replay", &id, "--from", "check"]);
    assert_eq!(forked["run"]["counts"]["completed"], 1);
    let (code, error) = place.refused(&["run", "replay", &id, "--from", "chekc"]);
    assert_eq!(code, 3);
    assert_eq!(error["error"]["hint"], "did you mean `check`?");
}

#[test]
fn what_is_done_is_not_done_again() {
    let place = Place::new();
    let id = submit(&place, &three(), &[]);
    let (code, error) = place.refused(&["run", "retry", &id]);
    assert_eq!(
        (code, error["error"]["kind"].as_str()),
        (4, Some("conflict"))
    );
    assert_eq!(Worker::spawn(&place, &["--once"]).ends(), Some(0));
    let (code, _) = place.refused(&["run", "retry", &id]);
    assert_eq!(code, 4);
    let before = place.json(&["run", "show", &id]);
    let cancelled = place.json(&["run", "cancel", &id]);
    assert_eq!(cancelled["state"], "completed");
    assert_eq!(place.json(&["run", "show", &id])["run"], before["run"]);
}

#[test]
fn a_cancelled_run_has_its_own_code() {
    let place = Place::new();
    let id = submit(&place, &three(), &[]);
    place.ok(&["run", "cancel", &id, "--reason", "wrong dates"]);
    let ran = place.run(&["run", "watch", &id]);
    assert_eq!(ran.code, 130);
    assert!(
        ran.stderr.contains("was cancelled: wrong dates"),
        "{}",
        ran.stderr
    );
}

#[test]
fn one_key_is_one_run() {
    let place = Place::new();
    let first = submit(&place, &three(), &["--key", "monday"]);
    let second = submit(&place, &three(), &["--key", "monday"]);
    assert_eq!(first, second);
    std::fs::write(
        place.path().join("other.json"),
        json!({"kind": "workflow", "tasks": failing()}).to_string(),
    )
    .unwrap();
    let (code, error) = place.refused(&["run", "submit", "other.json", "--key", "monday"]);
    assert_eq!(code, 4);
    assert_eq!(error["error"]["hint"], "use a new key for a new request");
    let runs = place.json(&["run", "list"]);
    assert_eq!(runs["runs"].as_array().unwrap().len(), 1);
}

#[test]
fn a_spec_that_is_none_is_refused_where_it_is_wrong() {
    let place = Place::new();
    let mut told = String::new();
    for spec in [
        "{\n  \"kind\": \"workflow\",\n  \"tasks\": [{]\n}",
        r#"{"kind": "workflows"}"#,
        r#"{"kind": "workflow", "tasks": [{"key": "a", "kind": "noop", "needs": ["b"]}]}"#,
        r#"{"kind": "workflow", "tasks": [{"key": "a", "kind": "analysis"}]}"#,
        r#"{"kind": "analysis"}"#,
    ] {
        std::fs::write(place.path().join("spec.json"), spec).unwrap();
        let ran = place.run(&["run", "submit", "spec.json"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{spec}");
        told.push_str(&ran.stderr);
    }
    insta::assert_snapshot!(told, @r#"
    error: the spec is not JSON: line 3, column 14: key must be a string
    error: the spec is of kind "workflows", which is unknown
    hint: did you mean `workflow`?
    error: the spec cannot be planned
      because: task `a` needs `b`, which is no task
    hint: mend the spec and submit it again
    error: the spec cannot be planned
      because: task `a`: a task of kind `analysis` comes with a run of kind `analysis`, and cannot be one of a workflow: submit that run instead
    hint: mend the spec and submit it again
    error: the spec cannot be planned
      because: the analysis job is not in its form
      because: missing field `version` at line 1 column 19
    hint: mend the spec and submit it again
    "#);
    let (code, _) = place.refused(&["run", "submit", "nowhere.json"]);
    assert_eq!(code, 3);
}

#[test]
fn a_run_is_named_by_enough_of_its_id() {
    let place = Place::new();
    let id = submit(&place, &three(), &[]);
    submit(&place, &failing(), &[]);
    for (part, code) in [("0", 2), ("ffffffff", 3), (&id[..8], 4), (&id[28..], 0)] {
        let ran = place.run(&["run", "show", part]);
        assert_eq!(ran.code, code, "{part}: {}", ran.stderr);
    }
}

#[test]
fn pages_go_on_where_the_last_one_ended() {
    let place = Place::new();
    let id = submit(&place, &sleepers(5, 1), &[]);
    let first = place.json(&["run", "show", &id, "--limit", "2"]);
    let second = place.json(&["run", "show", &id, "--limit", "3", "--after", "1"]);
    assert_eq!(first["next"], 1);
    assert_eq!(second["tasks"][0]["key"], "sleeper/2");
    assert_eq!(second["next"], json!(null));
    for _ in 0..2 {
        submit(&place, &sleepers(1, 1), &[]);
    }
    let runs = place.json(&["run", "list", "--limit", "2"]);
    let before = runs["next"].as_str().unwrap();
    let rest = place.json(&["run", "list", "--before", before]);
    assert_eq!(rest["runs"].as_array().unwrap().len(), 1);
    assert_eq!(rest["runs"][0]["id"], id.as_str());
}

/// Each reason for waiting, in the words of `run show`.
#[test]
fn a_task_that_waits_says_why() {
    let place = Place::new();
    let why = |id: &str, task: usize| -> String {
        let shown = place.json(&["run", "show", id]);
        let why = shown["tasks"][task]["why"].as_str().unwrap();
        masked(&place, why)
    };
    let blocked = submit(&place, &three(), &["--queue", "nobody"]);
    assert_eq!(why(&blocked, 0), "no worker runs");
    assert_eq!(why(&blocked, 1), "waits for `fetch` (ready)");
    let _worker = Worker::start(&place, &["--slots", "1"]);
    assert_eq!(
        why(&blocked, 0),
        "none of 2 workers takes `sleep` from queue `nobody`"
    );
    let holder = submit(
        &place,
        &sleepers(1, 3_600_000),
        &["--concurrency-key", "desk"],
    );
    stands(&place, &holder, "running");
    assert!(why(&holder, 0).starts_with("with worker <id>, process "));
    let second = submit(
        &place,
        &sleepers(1, 1),
        &["--concurrency-key", "desk", "--priority", "3"],
    );
    assert_eq!(why(&second, 0), "key `desk` is held by run <id>");
    let third = submit(&place, &sleepers(1, 2), &["--priority", "2"]);
    let fourth = submit(&place, &sleepers(1, 3), &["--tenant", "desk"]);
    assert_eq!(why(&third, 0), "the next in queue `default`");
    assert_eq!(why(&fourth, 0), "behind 1 in queue `default`");
    let words = ["halt", "set", "--scope", "tenant:desk", "--mode", "drain"];
    place.ok(&[&words[..], &["--reason", "lunch"]].concat());
    assert_eq!(why(&fourth, 0), "tenant:desk is drain since <time>: lunch");
    place.ok(&["run", "cancel", &holder]);
    stands(&place, &holder, "cancelled");
    stands(&place, &second, "completed");
    let words = ["halt", "clear", "--scope", "tenant:desk", "--yes"];
    place.ok(&[&words[..], &["--reason", "back"]].concat());
    until("the fourth was halted", || {
        let shown = place.json(&["run", "show", &fourth]);
        (shown["run"]["state"] == "halted").then_some(())
    });
    assert_eq!(
        why(&fourth, 0),
        "its run was halted and has not been resumed"
    );
    place.ok(&["run", "resume", &fourth]);
    stands(&place, &fourth, "completed");
}

/// A plan of several chunks is whole, and its end is told once.
#[test]
fn a_large_plan_is_planned_in_parts() {
    let place = Place::new();
    let tasks: serde_json::Value = (0..2_500)
        .map(|no| json!({"key": format!("task/{no}"), "kind": "noop"}))
        .collect();
    let id = submit(&place, &tasks, &[]);
    let shown = place.json(&["run", "show", &id, "--limit", "1"]);
    assert_eq!(shown["run"]["counts"]["total"], 2_500);
    assert_eq!(shown["run"]["planned"], true);
    assert_eq!(
        Worker::spawn(&place, &["--once", "--slots", "64"]).ends(),
        Some(0)
    );
    stands(&place, &id, "completed");
    assert_eq!(events(&place, &id, "run_ended").len(), 1);
    happens(&place, &id, "run_ended");
}
