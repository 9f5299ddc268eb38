//! What only a file can be: reopened, newer, damaged, shared.

use std::path::PathBuf;

use fondaco_app::ports::research::{Horizon, ResearchStore};
use fondaco_domain::{ErrorKind, Hint, UnixMillis};
use fondaco_store::research::{ResearchError, SqliteResearch};
use rusqlite::Connection;

use super::{ALL, ids, news, story};

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("research.db");
    (folder, path)
}

#[test]
fn what_was_added_is_there_after_reopening() {
    let (_folder, path) = place();
    let added = story("a", UnixMillis(5), &["A"]);
    SqliteResearch::open(&path)
        .unwrap()
        .add_stories(std::slice::from_ref(&added))
        .unwrap();
    let store = SqliteResearch::open(&path).unwrap();
    assert_eq!(store.stories(&news(ALL)).unwrap(), [added]);
    assert_eq!(store.place().unwrap(), 1);
}

#[test]
fn a_newer_file_and_one_that_is_none_are_refused() {
    let (_folder, path) = place();
    SqliteResearch::open(&path).unwrap();
    let raw = Connection::open(&path).unwrap();
    raw.execute("insert into schema_version values(99)", [])
        .unwrap();
    drop(raw);
    let error = SqliteResearch::open(&path).unwrap_err();
    assert!(
        matches!(
            error,
            ResearchError::Newer {
                found: 99,
                known: 1,
                ..
            }
        ),
        "{error}"
    );

    let (_folder, path) = place();
    std::fs::write(&path, "not a database, whatever its name says").unwrap();
    let error = SqliteResearch::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
}

#[test]
fn rows_are_never_changed() {
    let (_folder, path) = place();
    let store = SqliteResearch::open(&path).unwrap();
    store
        .add_stories(&[story("a", UnixMillis(5), &["A"])])
        .unwrap();
    store
        .add_filings(&[super::filing("A", "Q3", UnixMillis(1), 1.0)])
        .unwrap();
    store
        .add_actions(&[super::action("A", "2024-11-08", UnixMillis(1), 1.0)])
        .unwrap();
    let raw = Connection::open(&path).unwrap();
    for table in ["import", "story", "sighting", "filing", "action"] {
        for change in [
            format!("delete from {table}"),
            format!("update {table} set rowid = 9"),
        ] {
            // One of the tables has no row numbers.
            let change = change.replace("sighting set rowid", "sighting set place");
            let refused = raw.execute(&change, []).unwrap_err().to_string();
            assert!(refused.contains(" are "), "{change}: {refused}");
        }
    }
}

#[test]
fn a_row_that_nobody_wrote_is_told_with_its_file() {
    let (_folder, path) = place();
    let store = SqliteResearch::open(&path).unwrap();
    store
        .add_stories(&[story("a", UnixMillis(5), &["A"])])
        .unwrap();
    let raw = Connection::open(&path).unwrap();
    raw.execute("insert into sighting values(1, 'no symbol', 1, 1)", [])
        .unwrap();
    let error = store.stories(&news(ALL)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("research.db"), "{error}");
}

/// Several that have it open each see the imports of the others, whole, and
/// all of them get places of their own.
#[test]
fn imports_of_several_at_once_are_in_one_line() {
    let (_folder, path) = place();
    let (writers, each) = (4_usize, 12_usize);
    let mut places: Vec<u64> = std::thread::scope(|scope| {
        let write = |writer: usize| {
            let path = &path;
            scope.spawn(move || {
                let store = SqliteResearch::open(path).unwrap();
                let one = |n: usize| {
                    let pair = ["x", "y"].map(|half| {
                        story(
                            &format!("{writer}-{n}-{half}"),
                            UnixMillis(n as i64),
                            &["A"],
                        )
                    });
                    let taken = store.add_stories(&pair).unwrap();
                    assert_eq!(taken.added, 2);
                    // Whatever the others do: two stories each.
                    let seen = store.stories(&news(ALL)).unwrap();
                    assert_eq!(seen.len() % 2, 0, "{:?}", ids(&seen));
                    let until = Horizon {
                        place: Some(taken.place),
                        ..ALL
                    };
                    let pinned = store.stories(&news(until)).unwrap();
                    assert_eq!(pinned.len() as u64, 2 * taken.place);
                    taken.place
                };
                (0..each).map(one).collect::<Vec<_>>()
            })
        };
        let threads: Vec<_> = (0..writers).map(write).collect();
        threads
            .into_iter()
            .flat_map(|one| one.join().unwrap())
            .collect()
    });
    places.sort_unstable();
    assert_eq!(places, (1..=(writers * each) as u64).collect::<Vec<_>>());
}
