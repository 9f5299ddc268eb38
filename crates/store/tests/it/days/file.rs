//! What only a file can be: reopened, newer, damaged, shared, large.

use std::path::PathBuf;

use fondaco_app::ports::days::{DayQuery, DayStore};
use fondaco_domain::{ErrorKind, Hint};
use fondaco_store::FileError;
use fondaco_store::days::SqliteDays;
use rusqlite::Connection;

use super::{all, day, found};

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("simulations.db");
    (folder, path)
}

#[test]
fn what_was_put_is_there_after_reopening() {
    let (_folder, path) = place();
    let kept = day(("b", 1), "gpt", "2025-10-01", 5);
    SqliteDays::open(&path)
        .unwrap()
        .put(std::slice::from_ref(&kept), Some(7))
        .unwrap();
    let store = SqliteDays::open(&path).unwrap();
    assert_eq!(store.days(&all()).unwrap(), [kept]);
    assert_eq!(store.followed().unwrap(), 7);
}

#[test]
fn a_newer_file_and_one_that_is_none_are_refused() {
    let (_folder, path) = place();
    SqliteDays::open(&path).unwrap();
    let raw = Connection::open(&path).unwrap();
    raw.execute("insert into schema_version values(99)", [])
        .unwrap();
    drop(raw);
    let error = SqliteDays::open(&path).unwrap_err();
    assert!(
        matches!(
            error,
            FileError::Newer {
                found: 99,
                known: 1,
                ..
            }
        ),
        "{error}"
    );

    let (_folder, path) = place();
    std::fs::write(&path, "not a database, whatever its name says").unwrap();
    let error = SqliteDays::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(error.hint().unwrap().contains("move it away"));
}

#[test]
fn a_row_that_nobody_wrote_is_told_with_its_file() {
    let (_folder, path) = place();
    let store = SqliteDays::open(&path).unwrap();
    store
        .put(&[day(("b", 1), "gpt", "2025-10-01", 5)], None)
        .unwrap();
    let raw = Connection::open(&path).unwrap();
    raw.execute("update day set document = '{}'", []).unwrap();
    let error = store.days(&all()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("simulations.db"), "{error}");
    // What needs no document does not look at it.
    assert_eq!(store.dates(&all()).unwrap().len(), 1);
    assert_eq!(store.values(&all()).unwrap().len(), 1);
}

/// Several that have it open put the same days and others: each is there once.
#[test]
fn several_that_put_at_once_put_each_day_once() {
    let (_folder, path) = place();
    let (writers, each) = (4_u64, 20_u8);
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let path = &path;
            scope.spawn(move || {
                let store = SqliteDays::open(path).unwrap();
                for n in 1..=each {
                    let at = format!("2025-10-{n:02}");
                    let shared = day(("b", 99), "gpt", &at, n.into());
                    let own = day(("b", writer), "claude", &at, n.into());
                    store.put(&[shared, own], Some(n.into())).unwrap();
                }
            });
        }
    });
    let store = SqliteDays::open(&path).unwrap();
    let whole = DayQuery {
        replaced: true,
        ..all()
    };
    let count = |model: &str, query: &DayQuery| {
        let days = found(&store, query);
        days.iter().filter(|day| day.starts_with(model)).count()
    };
    assert_eq!(count("gpt", &whole), usize::from(each));
    assert_eq!(
        count("claude", &whole),
        usize::from(each) * writers as usize
    );
    assert_eq!(count("claude", &all()), usize::from(each));
    assert_eq!(store.followed().unwrap(), u64::from(each));
}

/// Questions about models and dates are answered from an index alone: they are
/// as fast where documents are long.
#[test]
fn dates_are_found_without_documents() {
    let (_folder, path) = place();
    SqliteDays::open(&path).unwrap();
    let raw = Connection::open(&path).unwrap();
    for condition in [
        "book = 'b' and model = 'm' and date >= '1' and date < '2' and replaced = 0 and stale = 0",
        "book = 'b' and model = 'm' and date < '2' and replaced = 0",
        "model = 'm' and replaced = 0",
        "replaced = 0",
    ] {
        let sql = format!(
            "explain query plan select model, date from day where {condition} order by date"
        );
        let plan: String = raw
            .prepare(&sql)
            .unwrap()
            .query_map([], |row| row.get::<_, String>(3))
            .unwrap()
            .map(|line| line.unwrap() + "; ")
            .collect();
        assert!(plan.contains("COVERING INDEX"), "{condition}: {plan}");
    }
}
