//! The file: its library, its settings, its schema.

use std::path::Path;
use std::time::Duration;

use fondaco_app::ports::runs::RunStoreError;
use rusqlite::{Connection, TransactionBehavior};

use super::storage;

/// Each brings the schema one version further; never changed once released.
const MIGRATIONS: &[&str] = &[include_str!("../../../migrations/sqlite/0001.sql")];

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
pub(super) fn connect(path: &Path) -> Result<Connection, RunStoreError> {
    let connection = Connection::open(path).map_err(storage("open"))?;
    connection
        .busy_timeout(Duration::from_secs(5))
        .map_err(storage("open"))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection
        .execute_batch(
            "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;",
        )
        .map_err(storage("open"))?;
    Ok(connection)
}

/// Brings the schema up to date in one transaction, or refuses a newer one.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), RunStoreError> {
    let migrating = || storage("migrate");
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
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(RunStoreError::Newer {
            path: path.to_owned(),
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

/// The library's own opinion of the file.
pub(super) fn quick_check(connection: &Connection) -> Result<(), RunStoreError> {
    let said: String = connection
        .query_row("pragma quick_check(1)", [], |row| row.get(0))
        .map_err(storage("check"))?;
    if said == "ok" {
        Ok(())
    } else {
        Err(RunStoreError::Damaged(said))
    }
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
