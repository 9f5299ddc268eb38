//! Every store passes the one suite.

use fondaco_store::runs::conformance::CASES;
use fondaco_store::runs::{MemoryRuns, SqliteOptions, SqliteRuns};

#[test]
fn memory() {
    for (name, case) in CASES {
        case(&MemoryRuns::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn sqlite() {
    for (name, case) in CASES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.db");
        let store = SqliteRuns::open(&path, SqliteOptions::default()).unwrap();
        case(&store).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    }
}
