//! What stays of attempts that ended.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use fondaco_app::ports::exec::{Executor, Outcome};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::task::Rung;

use crate::rig::{Rig, attempt, local_at, local_with};
use crate::script::Script;

fn done() -> Script {
    let output = String::new();
    Script::Complete { output }
}

fn failing() -> Script {
    Script::Fail {
        class: ErrorClass::Permanent,
        error: "no".into(),
    }
}

/// Waits, without a bell for it, until something is so.
fn until(condition: impl Fn() -> bool) {
    let start = std::time::Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_mins(1));
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

fn make_old(folder: &Path, age: Duration) {
    let then = SystemTime::now() - age;
    fs::File::open(folder).unwrap().set_modified(then).unwrap();
}

fn run<E: Executor>(rig: &Rig<E>, task: u32, script: &Script) {
    rig.outcome_of(task, script);
}

#[test]
fn what_went_well_goes_when_the_store_has_it() {
    let rig = local_with(|_| ());
    let folder = rig.folder(attempt(1));
    run(&rig, 1, &done());
    assert!(folder.exists(), "the store may not have it yet");
    rig.settled(attempt(1));
    until(|| !folder.exists());
    // And the folder of the run, which is empty now.
    until(|| !folder.parent().unwrap().exists());
}

#[test]
fn what_was_handed_over_goes_after_a_while() {
    let rig = local_with(|settings| settings.keep.handed = Duration::ZERO);
    let folder = rig.folder(attempt(1));
    run(&rig, 1, &done());
    // Something else goes on, so the thread is awake.
    let other = rig.begin(2, &Script::Wait);
    until(|| !folder.exists());
    rig.stop(other, Rung::Token);
    assert_eq!(rig.end_of(other).1, Outcome::Stopped);
}

#[test]
fn the_latest_failures_stay() {
    let rig = local_with(|settings| settings.keep.failed = 2);
    for task in 1..=4 {
        run(&rig, task, &failing());
        rig.settled(attempt(task));
        let folder = rig.folder(attempt(task));
        until(|| folder.join("settled").exists());
        make_old(&folder, Duration::from_secs(u64::from(100 - task)));
    }
    assert_eq!(rig.sweep().unwrap(), 2);
    let stays: Vec<_> = (1..=4)
        .filter(|task| rig.folder(attempt(*task)).join("log").exists())
        .collect();
    assert_eq!(stays, [3, 4]);
}

#[test]
fn what_is_old_goes_unless_it_runs() {
    let rig = local_with(|_| ());
    let age = Duration::from_hours(8 * 24);
    run(&rig, 1, &done());
    run(&rig, 2, &failing());
    run(&rig, 3, &done());
    let runs = rig.begin(4, &Script::Wait);
    assert_eq!(rig.told_by(runs), "waiting");
    for task in [1, 2, 4] {
        make_old(&rig.folder(attempt(task)), age);
    }
    assert_eq!(rig.sweep().unwrap(), 2);
    let stays: Vec<_> = (1..=4)
        .filter(|task| rig.folder(attempt(*task)).exists())
        .collect();
    assert_eq!(stays, [3, 4]);
    rig.stop(runs, Rung::Token);
    assert_eq!(rig.end_of(runs).1, Outcome::Stopped);
}

#[test]
fn a_new_parent_sweeps_by_itself() {
    let rig = local_with(|_| ());
    run(&rig, 1, &failing());
    let folder = rig.folder(attempt(1));
    make_old(&folder, Duration::from_hours(8 * 24));
    let _next = local_at(rig.home.clone(), |_| ());
    until(|| !folder.exists());
}
