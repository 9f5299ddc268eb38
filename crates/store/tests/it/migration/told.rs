//! Both stores written and compared.

use std::fs;

use fondaco_app::migration::parity::{AGAIN, Field, GRACE, SeenBy};
use fondaco_app::migration::{From, Phase};
use fondaco_app::ports::legacy::LegacyFiles;
use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::runs::RunQuery;
use fondaco_domain::UnixMicros;
use serde_json::json;

use super::world::{End, World, tree};

#[test]
fn what_is_told_as_it_happens_is_what_is_told_anew() {
    let world = World::new();
    let migration = world.in_phase(Phase::DualWrite);
    let mut follower = world.follower(&migration);
    world.settle(&mut follower);
    let (one, _) = world.start(&["AAPL"]);
    let (batch, cancelled) = world.start(&["MSFT", "TSLA"]);
    for _ in 0..10 {
        world.work(2, &[("TSLA", End::LlmOnly)]);
        world.settle(&mut follower);
    }
    world.cancel(cancelled);
    world.work(100, &[]);
    world.settle(&mut follower);
    // One whose follower was ended before it kept its place.
    fs::remove_file(world.home.path().join(".told")).unwrap();
    world.settle(&mut world.follower(&migration));
    let anew = tempfile::tempdir().unwrap();
    world.settle(&mut world.follower(&world.migration_at(anew.path())));
    let told = tree(world.home.path());
    assert_eq!(told, tree(anew.path()));
    let contract = format!("data/task_status/results/{one}/result.v1alpha1.json");
    assert!(told.contains_key(&contract), "{:?}", told.keys());
    assert!(told.contains_key(&format!("data/task_status/{batch}_1.json")));
    assert_eq!(migration.files().differences(UnixMicros(0)).unwrap(), []);
    let swept = migration.look_over().unwrap();
    // The one, the list, and its two parts.
    assert_eq!((swept.equal, swept.only_new, swept.only_legacy), (4, 0, 0));
}

#[test]
fn files_that_nobody_reads_are_not_written_until_somebody_does() {
    let world = World::new();
    let migration = world.in_phase(Phase::LegacyRemoved);
    let mut follower = world.follower(&migration);
    world.settle(&mut follower);
    let name = world.ended("AAPL", End::Both);
    world.settle(&mut follower);
    assert_eq!(tree(world.home.path()).len(), 0);
    let read = migration.read_task(&name).unwrap().unwrap();
    assert_eq!(read.from, From::New);
    world.in_phase(Phase::DualWrite);
    world.settle(&mut follower);
    assert!(world.file(&name).exists());
    assert_eq!(migration.look_over().unwrap().only_new, 0);
}

#[test]
fn the_new_store_answers_first_and_what_differs_is_kept_with_both_values() {
    let world = World::new();
    let migration = world.in_phase(Phase::DualRead);
    let name = world.ended("AAPL", End::Both);
    world.settle(&mut world.follower(&migration));
    world.tamper(&name, |file| {
        file["decision"] = json!("SELL");
        file["progress"] = json!(60);
    });
    let at = world.hands.wall();
    let read = migration.read_task(&name).unwrap().unwrap();
    assert_eq!(read.from, From::New);
    assert_eq!(read.task.decision.as_deref(), Some("BUY"));
    let log = migration.files().differences(UnixMicros(0)).unwrap();
    assert_eq!(log, read.differences);
    let told: Vec<_> = log
        .iter()
        .map(|it| (it.field, it.new.clone(), it.legacy.clone(), it.at, it.seen))
        .collect();
    assert_eq!(
        told,
        [
            (Field::Progress, json!(100), json!(60), at, SeenBy::Read),
            (
                Field::Decision,
                json!("BUY"),
                json!("SELL"),
                at,
                SeenBy::Read
            ),
        ]
    );
    // Who asks again and again makes no more lines, but for one an hour.
    for _ in 0..5 {
        migration.read_task(&name).unwrap();
    }
    assert_eq!(
        migration.files().differences(UnixMicros(0)).unwrap().len(),
        2
    );
    world.hands.pass(AGAIN / 1_000_000);
    migration.read_task(&name).unwrap();
    let log = migration.files().differences(UnixMicros(0)).unwrap();
    assert_eq!(log.len(), 4);
    // Another process reads the same log.
    let since = world.hands.wall();
    assert_eq!(world.folder().differences(since).unwrap().len(), 2);
}

#[test]
fn legacy_files_answer_and_are_compared_before_anything_is_switched() {
    let world = World::new();
    let migration = world.in_phase(Phase::ApplicationService);
    let name = world.ended("AAPL", End::Both);
    world.settle(&mut world.follower(&migration));
    world.tamper(&name, |file| file["error"] = json!("odd"));
    let read = migration.read_task(&name).unwrap().unwrap();
    assert_eq!(read.from, From::Legacy);
    assert_eq!(read.task.error.as_deref(), Some("odd"));
    assert_eq!(read.differences.len(), 1);
    assert_eq!(read.differences[0].field, Field::Error);
}

#[test]
fn a_file_that_is_behind_for_a_moment_says_nothing_different() {
    let world = World::new();
    let migration = world.in_phase(Phase::DualRead);
    let (name, _) = world.start(&["AAPL"]);
    world.settle(&mut world.follower(&migration));
    world.work(6, &[]);
    let read = || migration.read_task(&name).unwrap().unwrap().differences;
    assert_eq!(read(), []);
    world.hands.pass(GRACE / 1_000_000);
    let fields: Vec<Field> = read().iter().map(|it| it.field).collect();
    assert!(fields.contains(&Field::Progress), "{fields:?}");
}

#[test]
fn a_run_that_was_removed_is_found_in_its_file() {
    let world = World::new();
    let migration = world.in_phase(Phase::DualRead);
    let (name, run) = world.start(&["AAPL"]);
    world.work(100, &[]);
    world.settle(&mut world.follower(&migration));
    world.store.remove(run).unwrap();
    world.settle(&mut world.follower(&migration));
    let read = migration.read_task(&name).unwrap().unwrap();
    assert_eq!(read.from, From::Legacy);
    assert_eq!(read.task.decision.as_deref(), Some("BUY"));
}

#[test]
fn the_log_is_bounded_and_keeps_the_newest() {
    let world = World::new();
    let folder = world.folder();
    let one = |number: i64| fondaco_app::migration::parity::Difference {
        at: UnixMicros(number),
        task: format!("task_{number}"),
        field: Field::Status,
        new: json!("completed"),
        legacy: json!("failed"),
        seen: SeenBy::Read,
    };
    for first in (0..5_000).step_by(100) {
        let some: Vec<_> = (first..first + 100).map(one).collect();
        folder.note(&some).unwrap();
    }
    let kept = folder.differences(UnixMicros(0)).unwrap();
    assert!((1_000..=2_200).contains(&kept.len()), "{}", kept.len());
    assert_eq!(kept.last(), Some(&one(4_999)));
    // A crash in the middle of a line.
    let path = world.home.path().join("parity_diff.jsonl");
    let mut text = fs::read_to_string(&path).unwrap();
    text.push_str("{\"at\":17,\"ta");
    fs::write(&path, text).unwrap();
    assert_eq!(folder.differences(UnixMicros(0)).unwrap(), kept);
    folder.note(&[one(5_000)]).unwrap();
    let after = folder.differences(UnixMicros(0)).unwrap();
    assert_eq!(after.last(), Some(&one(5_000)));
}

#[test]
fn two_at_once_leave_what_one_leaves() {
    let world = World::new();
    world.in_phase(Phase::DualWrite);
    let names: Vec<String> = (0..4).map(|_| world.start(&["AAPL", "MSFT"]).0).collect();
    std::thread::scope(|scope| {
        let tellers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let migration = world.migration();
                    for _ in 0..30 {
                        let runs = world.store.runs(&RunQuery::default()).unwrap();
                        for run in runs {
                            migration.tell(run.id).unwrap();
                        }
                        for name in &names {
                            migration.read_task(name).unwrap().unwrap();
                        }
                    }
                })
            })
            .collect();
        world.work(1_000, &[("MSFT", End::QuantOnly)]);
        for teller in tellers {
            teller.join().unwrap();
        }
    });
    world.settle(&mut world.follower(&world.migration()));
    let anew = tempfile::tempdir().unwrap();
    world.settle(&mut world.follower(&world.migration_at(anew.path())));
    assert_eq!(tree(world.home.path()), tree(anew.path()));
    assert_eq!(world.folder().differences(UnixMicros(0)).unwrap(), []);
}
