//! Runs that are submitted again and again.

use rusqlite::Connection;
use serde_json::json;

use super::support::{Worker, masked, until};
use crate::harness::Place;

fn with_spec() -> Place {
    let place = Place::new();
    let spec = json!({"kind": "workflow", "tasks": [{"key": "tick", "kind": "noop"}]});
    std::fs::write(place.path().join("tick.json"), spec.to_string()).unwrap();
    place
}

#[test]
fn a_schedule_fires_while_a_worker_runs() {
    let place = with_spec();
    let words = ["schedule", "add", "pulse", "--every", "1s"];
    let words = [&words[..], &["--spec", "tick.json", "--overlap", "allow"]].concat();
    insta::assert_snapshot!(masked(&place, &place.ok(&words)), @"pulse fires next at <time>");
    let worker = Worker::start(&place, &[]);
    let runs = until("two runs completed", || {
        let runs = place.json(&["run", "list", "--state", "completed"]);
        let runs = runs["runs"].as_array().unwrap().clone();
        (runs.len() >= 2).then_some(runs)
    });
    worker.kill();
    place.ok(&["schedule", "pause", "pulse"]);
    let times = place.json(&["schedule", "next", "pulse", "--count", "100"]);
    let fired: Vec<_> = times["last"].as_array().unwrap().iter().collect();
    for run in &runs {
        let of_it = fired.iter().filter(|one| one["run"] == run["id"]);
        assert_eq!(of_it.count(), 1, "each run is of one tick");
    }
    let mut ticks: Vec<_> = fired.iter().map(|one| one["at"].to_string()).collect();
    ticks.dedup();
    assert_eq!(ticks.len(), fired.len(), "no tick twice");
    insta::assert_snapshot!(masked(&place, &place.ok(&["schedule", "list"])), @r"
    Schedule  Times   Kind  Queue  Next
    pulse   every 1s  workflow  default  paused
    ");
    place.ok(&["schedule", "remove", "pulse"]);
    let (code, _) = place.refused(&["schedule", "next", "pulse"]);
    assert_eq!(code, 3);
}

#[test]
fn times_are_told_before_they_come() {
    let place = with_spec();
    let words = ["schedule", "add", "nightly", "--cron", "30 2 29 2 *"];
    let words = [
        &words[..],
        &["--zone", "Europe/Berlin", "--spec", "tick.json"],
    ]
    .concat();
    place.ok(&words);
    let times = place.json(&["schedule", "next", "nightly", "--count", "2"]);
    let next = times["next"].as_array().unwrap();
    assert_eq!(next.len(), 2);
    for time in next {
        // Half past two of a winter night in Berlin.
        let at = time["at"].as_str().unwrap();
        assert_eq!(&at[4..], "-02-29T01:30:00.000000Z");
    }
    let (code, _) = place.refused(&words);
    assert_eq!(code, 4, "the name is taken");
}

#[test]
fn a_schedule_that_cannot_be_is_refused() {
    let place = with_spec();
    let add = ["schedule", "add", "bad", "--spec", "tick.json"];
    let mut told = String::new();
    for words in [
        &["--cron", "61 2 * * *"][..],
        &["--cron", "30 2 * * *", "--zone", "Berlin"],
        &["--cron", "30 2"],
        &[],
    ] {
        let ran = place.run(&[&add[..], words].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{words:?}");
        told.push_str(&ran.stderr);
    }
    insta::assert_snapshot!(told, @r#"
    error: the schedule can never fire as it is
      because: `61` is no minute of a cron expression
      because: Component error: Number out of bounds.
    hint: write 0 to 59 or *, with `,` for lists, `-` for ranges and `/` for steps
    error: the schedule can never fire as it is
      because: there is no time zone `Berlin`
    hint: write an IANA name such as Europe/Berlin or UTC
    error: the schedule can never fire as it is
      because: `30 2` has 2 fields
    hint: write minute, hour, day of month, month and day of week, with seconds first or without
    error: a schedule needs --cron or --every
    hint: write --cron "0 6 * * *" --zone Europe/Berlin, or --every 5m
    "#);
}

/// A zone that was known when it was added, and is not any more.
#[test]
fn a_schedule_that_cannot_fire_is_said() {
    let place = with_spec();
    let words = ["schedule", "add", "nightly", "--cron", "30 2 * * *"];
    let zone = ["--zone", "Europe/Berlin", "--spec", "tick.json"];
    place.ok(&[&words[..], &zone].concat());
    let store = Connection::open(place.path().join("home/runs.db")).unwrap();
    let changed = store
        .execute(
            "update schedule set timing = replace(timing, 'Europe/Berlin', 'Europe/Bonn')",
            [],
        )
        .unwrap();
    assert_eq!(changed, 1);
    drop(store);
    let why = "there is no time zone `Europe/Bonn`";
    let listed = place.ok(&["schedule", "list"]);
    assert!(listed.contains(&format!("never: {why}")), "{listed}");
    let said = Worker::spawn(&place, &[]).says("can never fire");
    let expected = format!("schedule `nightly` can never fire as it is: {why}");
    assert!(said.ends_with(&expected), "{said}");
}
