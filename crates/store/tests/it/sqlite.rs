//! What only a file can be: reopened, owned, newer, damaged, changed, filled
//! with files beside it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fondaco_app::ports::halts::HaltStore;
use fondaco_app::ports::records::{RecordStore, TrailQuery};
use fondaco_app::ports::runs::{
    Disagreement, Exchange, INLINE, Report, RunQuery, RunStore, RunStoreError, TaskQuery, Want,
};
use fondaco_domain::halt::{HaltCommand, HaltMode, Scope};
use fondaco_domain::run::{Command, RunCommand};
use fondaco_domain::task::{TaskCommand, TaskKind};
use fondaco_domain::{ContentHash, UnixMicros, WorkerId};
use fondaco_store::runs::conformance::{at, submission};
use fondaco_store::runs::{SqliteOptions, SqliteRuns, Synchronous};
use rusqlite::Connection;

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    (folder, path)
}

fn open(path: &Path) -> Result<SqliteRuns, RunStoreError> {
    SqliteRuns::open(path, SqliteOptions::default())
}

fn turn(limit: usize) -> Exchange {
    Exchange {
        worker: WorkerId::new(1, [1; 10]),
        reports: Vec::new(),
        beats: Vec::new(),
        want: Some(Want {
            queues: vec!["q".to_owned()],
            kinds: TaskKind::ALL.to_vec(),
            run: None,
            limit,
            until: UnixMicros(100),
            start: false,
        }),
    }
}

#[test]
fn what_was_answered_is_there_after_reopening() {
    let (_folder, path) = place();
    let asked = submission(1, "q", 3);
    let all = TaskQuery::default();
    let seen = |store: &SqliteRuns| {
        (
            store.runs(&RunQuery::default()).unwrap(),
            store.tasks(asked.id, &all).unwrap(),
            store.events(asked.id, 0, usize::MAX).unwrap(),
            store.held().unwrap(),
            store.spec(&asked.new.spec).unwrap(),
            store.feed(0, usize::MAX).unwrap(),
        )
    };
    let before = {
        let store = open(&path).unwrap();
        store.submit(asked.clone(), at(1)).unwrap();
        store.exchange(turn(2), at(2)).unwrap();
        seen(&store)
    };
    let store = open(&path).unwrap();
    assert_eq!(seen(&store), before);
    assert_eq!(store.check().unwrap(), []);
}

#[test]
fn numbers_of_the_feed_are_never_given_again() {
    let (_folder, path) = place();
    let before = {
        let store = open(&path).unwrap();
        let asked = submission(1, "q", 1);
        store.submit(asked.clone(), at(1)).unwrap();
        let reason = "enough".to_owned();
        let cancel = Command::Run(RunCommand::Cancel { reason });
        store.command(asked.id, cancel, at(2)).unwrap();
        let before = store.feed_end().unwrap();
        store.remove(asked.id).unwrap();
        assert_eq!(store.feed_end().unwrap(), 0);
        before
    };
    let store = open(&path).unwrap();
    store.submit(submission(2, "q", 1), at(3)).unwrap();
    let feed = store.feed(0, 9).unwrap();
    assert!(feed[0].no > before);
}

#[test]
fn a_file_of_the_first_schema_is_brought_up_to_date() {
    let (_folder, path) = place();
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch(include_str!("../../migrations/sqlite/0001.sql"))
        .unwrap();
    raw.execute_batch(
        "create table schema_version(version integer primary key) strict;
         insert into schema_version values(1);
         insert into halt values('global', 1, 'drain', 'drill', 'desk', 5);",
    )
    .unwrap();
    drop(raw);
    let store = open(&path).unwrap();
    assert_eq!(store.halts().unwrap().len(), 1);
    assert_eq!(store.trail(&TrailQuery::default()).unwrap(), []);
    store.submit(submission(1, "q", 1), at(1)).unwrap();
    assert_eq!(store.feed(0, 9).unwrap().len(), 2);
}

/// What the fourth schema counts is counted for the runs of the third, open
/// ones and ended ones.
#[test]
fn a_file_of_the_third_schema_is_brought_up_to_date() {
    let (_folder, path) = place();
    let kept = |store: &SqliteRuns| store.runs(&RunQuery::default()).unwrap();
    let before = {
        let store = open(&path).unwrap();
        for (number, required) in [(1, [true, false, true]), (2, [false, false, false])] {
            let mut asked = submission(number, "q", 3);
            for (task, required) in asked.tasks.iter_mut().zip(required) {
                task.required = required;
                task.input = Some("\"required\":true".to_owned());
            }
            store.submit(asked, at(1)).unwrap();
        }
        let mut begin = turn(5);
        begin.want = begin.want.map(|want| Want {
            start: true,
            ..want
        });
        let held = store.exchange(begin, at(2)).unwrap().claimed;
        let reports = held.iter().map(|one| Report {
            run: one.run,
            task: one.task.no,
            command: TaskCommand::Complete {
                fence: one.task.fence,
                output: None,
            },
        });
        let said = Exchange {
            reports: reports.collect(),
            want: None,
            ..turn(0)
        };
        store.exchange(said, at(3)).unwrap();
        kept(&store)
    };
    let counted: Vec<_> = before.iter().map(|run| run.required_completed).collect();
    assert_eq!(counted.iter().sum::<u32>(), 2, "{counted:?}");
    let done: u32 = before.iter().map(|run| run.counts.completed).sum();
    assert_eq!(done, 5);
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch(
        "alter table run drop column required_completed;
         delete from schema_version where version > 3;",
    )
    .unwrap();
    drop(raw);
    let store = open(&path).unwrap();
    assert_eq!(kept(&store), before);
    assert_eq!(store.check().unwrap(), []);
}

#[test]
fn records_are_never_changed() {
    let (_folder, path) = place();
    let store = open(&path).unwrap();
    let set = HaltCommand::Set {
        scope: Scope::Global,
        mode: HaltMode::Drain,
        reason: "drill".to_owned(),
    };
    store.halt(set, at(1)).unwrap();
    let raw = Connection::open(&path).unwrap();
    for change in ["update record set actor = 'x'", "delete from record"] {
        let refused = raw.execute(change, []).unwrap_err().to_string();
        assert!(refused.starts_with("records are"), "{refused}");
    }
    assert_eq!(store.trail(&TrailQuery::default()).unwrap().len(), 1);
}

#[test]
fn one_owner_at_a_time() {
    let (_folder, path) = place();
    let owner = open(&path).unwrap();
    assert!(matches!(open(&path), Err(RunStoreError::Owned(_))));
    drop(owner);
    open(&path).unwrap();
}

#[test]
fn a_newer_schema_and_a_file_of_something_else_are_refused() {
    let (_folder, path) = place();
    drop(open(&path).unwrap());
    let raw = Connection::open(&path).unwrap();
    raw.execute("insert into schema_version values(99)", [])
        .unwrap();
    drop(raw);
    assert!(matches!(
        open(&path),
        Err(RunStoreError::Newer { found: 99, .. })
    ));

    let (_folder, path) = place();
    std::fs::write(&path, "candles, not runs ".repeat(500)).unwrap();
    assert!(matches!(open(&path), Err(RunStoreError::Damaged(_))));
}

#[test]
fn rows_changed_behind_its_back_are_found() {
    let changes = [
        "update run set reason = 'x'",
        "update task set detail = 'x' where no = 1",
        "delete from outbox where seq = 2",
        "drop trigger event_is_fixed; update event set actor = 'x' where run_seq = 2",
        "drop trigger event_is_kept; delete from event where run_seq = 1",
        "update task set queue = 'elsewhere' where no = 1",
        "update task set priority = 9 where no = 0",
    ];
    let found = changes.map(|change| {
        let (_folder, path) = place();
        let store = open(&path).unwrap();
        store.submit(submission(1, "q", 2), at(1)).unwrap();
        assert_eq!(store.check().unwrap(), []);
        Connection::open(&path)
            .unwrap()
            .execute_batch(change)
            .unwrap();
        store.check().unwrap()
    });
    assert!(matches!(found[0][..], [Disagreement::Run { .. }]));
    assert!(matches!(found[1][..], [Disagreement::Task { .. }]));
    assert!(matches!(found[2][..], [Disagreement::Outbox { .. }]));
    assert!(matches!(found[3][..], [Disagreement::Fold { .. }]));
    assert!(matches!(found[4][0], Disagreement::Fold { .. }));
    assert!(matches!(found[5][..], [Disagreement::Task { .. }]));
    assert!(matches!(found[6][..], [Disagreement::Task { .. }]));
}

#[test]
fn events_and_specs_can_neither_be_changed_nor_removed() {
    let (_folder, path) = place();
    let store = open(&path).unwrap();
    store.submit(submission(1, "q", 1), at(1)).unwrap();
    let raw = Connection::open(&path).unwrap();
    for sql in [
        "update event set actor = 'x'",
        "delete from event",
        "update spec_version set body = 'x'",
        "delete from spec_version",
    ] {
        assert!(raw.execute(sql, []).is_err(), "{sql}");
    }
}

#[test]
fn callers_from_many_threads_are_all_answered() {
    let (_folder, path) = place();
    let store = open(&path).unwrap();
    std::thread::scope(|scope| {
        for number in 0..16_u8 {
            let store = &store;
            scope.spawn(move || {
                store
                    .submit(submission(number, "q", 2), at(i64::from(number)))
                    .unwrap();
                // Its neighbours in the same commit are not touched by this.
                assert!(store.submit(submission(number, "q", 3), at(1)).is_err());
                assert_eq!(
                    store
                        .run(submission(number, "", 0).id)
                        .unwrap()
                        .counts
                        .total,
                    2
                );
            });
        }
    });
    assert_eq!(store.runs(&RunQuery::default()).unwrap().len(), 16);
    assert_eq!(store.check().unwrap(), []);
}

#[test]
fn a_file_locked_by_another_process_stops_neither_readers_nor_the_store() {
    let (_folder, path) = place();
    let options = SqliteOptions {
        patience: Duration::ZERO,
        ..SqliteOptions::default()
    };
    let store = SqliteRuns::open(&path, options).unwrap();
    store.submit(submission(1, "q", 1), at(1)).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("begin immediate").unwrap();
    // Readers see what was committed.
    assert_eq!(store.runs(&RunQuery::default()).unwrap().len(), 1);
    let answer = store.submit(submission(2, "q", 1), at(2));
    assert!(matches!(answer, Err(RunStoreError::Locked(at)) if at == path));
    other.execute_batch("rollback").unwrap();
    store.submit(submission(2, "q", 1), at(3)).unwrap();
    assert_eq!(store.check().unwrap(), []);
}

/// The files beside the database.
fn bodies(path: &Path) -> Vec<PathBuf> {
    let mut folder = path.as_os_str().to_owned();
    folder.push(".bodies");
    let Ok(shelves) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    shelves
        .flat_map(|shelf| std::fs::read_dir(shelf.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect()
}

#[test]
fn large_bodies_lie_beside_the_database_and_are_compared_when_read() {
    let (_folder, path) = place();
    let store = open(&path).unwrap();
    let small = store.keep_body(&[7; INLINE]).unwrap();
    assert!(bodies(&path).is_empty());
    let body = vec![7; INLINE + 1];
    let large = store.keep_body(&body).unwrap();
    let files = bodies(&path);
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].file_name().unwrap(), large.as_str());
    assert_eq!(std::fs::read(&files[0]).unwrap(), body);
    assert_eq!(store.body(&small).unwrap().len(), INLINE);

    std::fs::write(&files[0], vec![8; INLINE + 1]).unwrap();
    assert!(matches!(store.body(&large), Err(RunStoreError::Damaged(_))));
    std::fs::remove_file(&files[0]).unwrap();
    assert!(matches!(store.body(&large), Err(RunStoreError::NoBody(_))));
}

#[test]
fn an_event_whose_body_is_gone_is_damage() {
    let (_folder, path) = place();
    let store = open(&path).unwrap();
    let mut asked = submission(1, "q", 1);
    asked.tasks[0].input = Some("x".repeat(INLINE));
    store.submit(asked.clone(), at(1)).unwrap();
    assert_eq!(store.check().unwrap(), []);
    let files = bodies(&path);
    assert_eq!(files.len(), 1);
    std::fs::remove_file(&files[0]).unwrap();
    assert!(matches!(
        store.events(asked.id, 0, usize::MAX),
        Err(RunStoreError::Damaged(_))
    ));
}

#[test]
fn a_store_without_the_wait_for_the_disk_says_so() {
    let (_folder, path) = place();
    let options = SqliteOptions {
        synchronous: Synchronous::Normal,
        ..SqliteOptions::default()
    };
    let store = SqliteRuns::open(&path, options).unwrap();
    let engine = store.vitals().unwrap().engine;
    assert!(engine.starts_with("SQLite 3."), "{engine}");
    assert!(engine.ends_with("synchronous=normal"), "{engine}");
}

#[test]
fn two_specs_of_one_hash_are_one_version() {
    let (_folder, path) = place();
    let store = open(&path).unwrap();
    for number in [1, 2] {
        let mut asked = submission(number, "q", 1);
        asked.spec = "{}".to_owned();
        asked.new.spec = ContentHash::of(b"{}");
        store.submit(asked, at(1)).unwrap();
    }
    let raw = Connection::open(&path).unwrap();
    let count = "select count(*) from spec_version";
    assert_eq!(raw.query_row(count, [], |row| row.get(0)), Ok(1));
}
