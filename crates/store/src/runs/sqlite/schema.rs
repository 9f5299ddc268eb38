//! The file: its library, its settings, its schema.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use fondaco_app::ports::runs::RunStoreError;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::statement::storage;

/// How long it is waited for another process that has the file locked, unless
/// something else is asked for.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// When a commit counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Synchronous {
    /// When the disk has it: a power cut takes nothing that was answered.
    #[default]
    Full,
    /// When the operating system has it: a power cut may take the last
    /// commits, and leaves a whole file. For work that can be run again.
    Normal,
    /// As [`Synchronous::Normal`], and a power cut may leave a broken file.
    /// Not for use: it is what measurements compare with, and what the tests
    /// of power cuts must catch.
    UnsafeOff,
}

impl Synchronous {
    /// The name `SQLite` gives it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Normal => "normal",
            Self::UnsafeOff => "off",
        }
    }
}

/// Each brings the schema one version further; never changed once released.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/sqlite/0001.sql"),
    include_str!("../../../migrations/sqlite/0002.sql"),
    include_str!("../../../migrations/sqlite/0003.sql"),
    include_str!("../../../migrations/sqlite/0004.sql"),
    include_str!("../../../migrations/sqlite/0005.sql"),
];

/// The oldest library whose write-ahead log is safe: earlier ones can lose
/// committed pages when the log is reset while another connection reads.
const SAFE: [u32; 3] = [3, 51, 3];

pub(super) fn refuse_unsafe_library(version: &str) -> Result<(), RunStoreError> {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    let parts = [(); 3].map(|()| parts.next().flatten().unwrap_or(0));
    if parts < SAFE {
        return Err(RunStoreError::UnsafeLibrary(version.to_owned()));
    }
    Ok(())
}

/// A connection with the settings durability needs.
pub(super) fn connect(path: &Path, synchronous: Synchronous) -> Result<Connection, RunStoreError> {
    let opening = |source| busy_or(path, "open", source);
    let connection = Connection::open(path).map_err(opening)?;
    connection.busy_timeout(PATIENCE).map_err(opening)?;
    connection.set_prepared_statement_cache_capacity(96);
    keep_a_log(&connection, path)?;
    let settings = format!(
        "pragma synchronous = {}; pragma foreign_keys = on; pragma cache_size = -32000;",
        synchronous.as_str()
    );
    connection.execute_batch(&settings).map_err(opening)?;
    Ok(connection)
}

/// The file stays in another mode.
#[derive(Debug, thiserror::Error)]
#[error("it cannot have a write-ahead log here: its journal stays in mode `{0}`")]
struct NoLog(String);

/// Switches to the write-ahead log. Where that fails (the disk, or a file
/// system without shared memory), the library goes on in the mode of before,
/// whose commits do not outlive a power cut; it tells of the disk's failure
/// after its answer only, so that has to be waited for.
fn keep_a_log(connection: &Connection, path: &Path) -> Result<(), RunStoreError> {
    let to_the_end = |sql: &str| -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare(sql)?;
        let said = statement.query_map([], |row| row.get(0))?;
        said.collect()
    };
    let mode = to_the_end("pragma journal_mode = wal")
        .and_then(|_| to_the_end("pragma journal_mode"))
        .map_err(|source| busy_or(path, "open", source))?
        .concat();
    if mode == "wal" {
        return Ok(());
    }
    Err(RunStoreError::Storage {
        action: "open",
        source: NoLog(mode).into(),
    })
}

/// Waits until the names of the file and of its log are on the disk. The
/// library does so, too, but does not mind when it fails.
pub(super) fn keep_names(path: &Path) -> Result<(), RunStoreError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| RunStoreError::Storage {
        action: "keep the files of",
        source: source.into(),
    })
}

/// The file is locked by another process, is no file of ours or no whole one,
/// or cannot be read or written.
pub(super) fn busy_or(path: &Path, action: &'static str, source: rusqlite::Error) -> RunStoreError {
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            RunStoreError::Locked(path.to_owned())
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            RunStoreError::Damaged(format!("{}: {source}", path.display()))
        }
        _ => storage(action)(source),
    }
}

/// Brings the schema up to date in one transaction, or refuses a newer one.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), RunStoreError> {
    let migrating = || |source| busy_or(path, "migrate", source);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(migrating())?;
    transaction
        .execute_batch(
            "create table if not exists schema_version(version integer primary key) strict;",
        )
        .map_err(migrating())?;
    let found: i64 = transaction
        .query_row(
            "select coalesce(max(version), 0) from schema_version",
            [],
            |row| row.get(0),
        )
        .map_err(migrating())?;
    let known = known();
    if found > known {
        return Err(RunStoreError::Newer {
            place: path.display().to_string(),
            found,
            known,
        });
    }
    for (sql, version) in MIGRATIONS.iter().zip(1_i64..).skip(found as usize) {
        transaction.execute_batch(sql).map_err(migrating())?;
        transaction
            .execute("insert into schema_version values(?1)", [version])
            .map_err(migrating())?;
    }
    transaction.commit().map_err(migrating())
}

/// The newest version this program knows.
pub(super) fn known() -> i64 {
    MIGRATIONS.len() as i64
}

/// The library's own opinion of the file, where it is not well.
pub(super) fn quick_check(connection: &Connection) -> Result<Option<String>, RunStoreError> {
    let said: String = connection
        .query_row("pragma quick_check(1)", [], |row| row.get(0))
        .map_err(storage("check"))?;
    Ok((said != "ok").then_some(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_older_than_the_repair_are_refused() {
        for (version, safe) in [
            ("3.51.3", true),
            ("3.52.0", true),
            ("4.0.0", true),
            ("3.51.2", false),
            ("3.50.9", false),
            ("3.51", false),
            ("", false),
        ] {
            assert_eq!(refuse_unsafe_library(version).is_ok(), safe, "{version}");
        }
        assert!(refuse_unsafe_library(rusqlite::version()).is_ok());
    }
}
