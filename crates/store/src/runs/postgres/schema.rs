//! The tables: made, brought up to date, or refused.

use fondaco_app::ports::runs::RunStoreError;

use super::link::Link;

/// Each brings the schema one version further; never changed once released.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/postgres/0001.sql"),
    include_str!("../../../migrations/postgres/0002.sql"),
    include_str!("../../../migrations/postgres/0003.sql"),
    include_str!("../../../migrations/postgres/0004.sql"),
    include_str!("../../../migrations/postgres/0005.sql"),
];

/// The oldest server with `pg_current_xact_id`.
const OLDEST: i32 = 130_000;

/// Brings the schema up to date in one transaction, or refuses a newer one.
/// Processes that start together do so one after the other.
pub(super) fn migrate(link: &mut Link, place: &str) -> Result<(), RunStoreError> {
    refuse_old_server(link)?;
    let lock = format!(
        "begin; select pg_advisory_xact_lock({});",
        super::MIGRATION_LOCK
    );
    link.say("migrate", &lock)?;
    let migrated = migrate_locked(link, place);
    let end = if migrated.is_ok() {
        "commit"
    } else {
        "rollback"
    };
    link.say("migrate", end)?;
    migrated
}

/// The version of the schema that is there.
pub(super) fn version(link: &mut Link) -> Result<i64, RunStoreError> {
    let sql = "select coalesce(max(version), 0) from schema_version";
    let rows = link.query(sql, &[])?;
    Ok(rows.first().map_or(0, |row| row.get(0)))
}

fn migrate_locked(link: &mut Link, place: &str) -> Result<(), RunStoreError> {
    let there = link.query("select to_regclass('schema_version') is not null", &[])?;
    if !there.first().is_some_and(|row| row.get(0)) {
        link.say(
            "migrate",
            "create table schema_version(version bigint primary key)",
        )?;
    }
    let found = version(link)?;
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(RunStoreError::Newer {
            place: place.to_owned(),
            found,
            known,
        });
    }
    for (sql, version) in MIGRATIONS.iter().zip(1_i64..).skip(found as usize) {
        link.say("migrate", sql)?;
        link.execute("insert into schema_version values($1)", &[&version])?;
    }
    Ok(())
}

fn refuse_old_server(link: &mut Link) -> Result<(), RunStoreError> {
    let sql =
        "select current_setting('server_version_num')::int, current_setting('server_version')";
    let rows = link.query(sql, &[])?;
    match rows.first() {
        Some(row) if row.get::<_, i32>(0) < OLDEST => {
            let found: String = row.get(1);
            Err(RunStoreError::Storage {
                action: "use",
                source: format!("PostgreSQL {found} is too old: 13 is the oldest that serves")
                    .into(),
            })
        }
        _ => Ok(()),
    }
}
