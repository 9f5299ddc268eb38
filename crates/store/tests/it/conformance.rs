//! Every store passes the one suite.

use fondaco_store::runs::conformance::CASES;
use fondaco_store::runs::{MemoryRuns, SqliteOptions, SqliteRuns, Synchronous};

#[test]
fn memory() {
    for (name, case) in CASES {
        case(&MemoryRuns::default()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    }
}

/// Without the waits for the disk, of which no case can see anything.
#[test]
fn sqlite() {
    let options = SqliteOptions {
        synchronous: Synchronous::Normal,
        ..SqliteOptions::default()
    };
    for (name, case) in CASES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.db");
        let store = SqliteRuns::open(&path, options).unwrap();
        case(&store).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    }
}
