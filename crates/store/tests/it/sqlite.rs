//! What only a file can be: reopened, owned, newer, damaged, changed.

use std::path::{Path, PathBuf};

use fondaco_app::ports::runs::{Disagreement, RunStore, RunStoreError};
use fondaco_domain::task::Lease;
use fondaco_domain::{UnixMicros, WorkerId};
use fondaco_store::runs::conformance::{at, submission};
use fondaco_store::runs::{SqliteOptions, SqliteRuns};
use rusqlite::Connection;

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    (folder, path)
}

fn open(path: &Path) -> Result<SqliteRuns, RunStoreError> {
    SqliteRuns::open(path, SqliteOptions::default())
}

#[test]
fn what_was_answered_is_there_after_reopening() {
    let (_folder, path) = place();
    let asked = submission(1, "q", 3);
    let before = {
        let store = open(&path).unwrap();
        store.submit(asked.clone(), at(1)).unwrap();
        let lease = Lease {
            owner: WorkerId::new(1, [1; 10]),
            until: UnixMicros(100),
        };
        store.claim("q", lease, 2, at(2)).unwrap();
        (
            store.runs().unwrap(),
            store.tasks(asked.id).unwrap(),
            store.events(asked.id).unwrap(),
        )
    };
    let store = open(&path).unwrap();
    assert_eq!(store.runs().unwrap(), before.0);
    assert_eq!(store.tasks(asked.id).unwrap(), before.1);
    assert_eq!(store.events(asked.id).unwrap(), before.2);
    assert_eq!(store.check().unwrap(), []);
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
    assert!(matches!(open(&path), Err(RunStoreError::Storage { .. })));
}

#[test]
fn rows_changed_behind_its_back_are_found() {
    let changes = [
        "update run set priority = 9",
        "update task set detail = 'x' where no = 1",
        "delete from outbox where run_seq = 2",
        "drop trigger event_is_fixed; update event set actor = 'x' where run_seq = 2",
        "drop trigger event_is_kept; delete from event where run_seq = 1",
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
    assert!(matches!(found[0][..], [Disagreement::Run(_)]));
    assert!(matches!(found[1][..], [Disagreement::Task { .. }]));
    assert!(matches!(found[2][..], [Disagreement::Outbox { .. }]));
    assert!(matches!(found[3][..], [Disagreement::Fold(_)]));
    assert!(matches!(found[4][0], Disagreement::Fold(_)));
}

#[test]
fn events_can_neither_be_changed_nor_removed() {
    let (_folder, path) = place();
    let store = open(&path).unwrap();
    store.submit(submission(1, "q", 1), at(1)).unwrap();
    let raw = Connection::open(&path).unwrap();
    assert!(raw.execute("update event set actor = 'x'", []).is_err());
    assert!(raw.execute("delete from event", []).is_err());
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
                assert!(store.submit(submission(number, "q", 2), at(1)).is_err());
            });
        }
    });
    assert_eq!(store.runs().unwrap().len(), 16);
    assert_eq!(store.check().unwrap(), []);
}
