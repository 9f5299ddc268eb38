//! The file: its settings and its schema.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::error::ResearchError;

/// How long another process that has the file locked is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Each brings the schema one version further; never changed once released.
const MIGRATIONS: &[&str] = &[include_str!("../../migrations/research/0001.sql")];

/// A connection with the settings durability needs.
pub(super) fn connect(path: &Path) -> Result<Connection, ResearchError> {
    let opening = ResearchError::of(path, "open");
    let connection = Connection::open(path).map_err(opening)?;
    connection.busy_timeout(PATIENCE).map_err(opening)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection
        .pragma_update(None, "journal_mode", "wal")
        .and_then(|()| connection.pragma_update(None, "synchronous", "full"))
        .and_then(|()| connection.pragma_update(None, "foreign_keys", true))
        .map_err(opening)?;
    Ok(connection)
}

/// Brings the schema up to date in one transaction, or refuses a newer one.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), ResearchError> {
    let migrating = ResearchError::of(path, "migrate");
    if version(connection).is_ok_and(|found| found == known()) {
        return Ok(());
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(migrating)?;
    transaction
        .execute_batch(
            "create table if not exists schema_version(version integer primary key) strict;",
        )
        .map_err(migrating)?;
    let found = version(&transaction).map_err(migrating)?;
    if found > known() {
        return Err(ResearchError::Newer {
            path: path.to_owned(),
            found,
            known: known(),
        });
    }
    for (sql, version) in MIGRATIONS.iter().zip(1_i64..).skip(found as usize) {
        transaction.execute_batch(sql).map_err(migrating)?;
        transaction
            .execute("insert into schema_version values(?1)", [version])
            .map_err(migrating)?;
    }
    transaction.commit().map_err(migrating)
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row(
        "select coalesce(max(version), 0) from schema_version",
        [],
        |row| row.get(0),
    )
}

fn known() -> i64 {
    MIGRATIONS.len() as i64
}
