//! Records and services.

use fondaco_app::ports::records::{Change, Record, RecordKind, RecordStore, TrailQuery};
use fondaco_app::ports::runs::{Asked, RunStoreError};
use fondaco_app::ports::services::{Holder, Service, ServiceStore};
use fondaco_domain::UnixMicros;
use rusqlite::{Connection, ToSql, params};

use super::SqliteRuns;
use super::place::most;
use super::rows::{self, columns};
use super::statement::{all, one, run_sql};

impl RecordStore for SqliteRuns {
    fn put_record(&self, change: Change, by: Asked) -> Result<Record, RunStoreError> {
        self.transact(move |unit| unit.put_record(change, &by))
    }

    fn record(&self, kind: RecordKind, name: &str) -> Result<Option<Record>, RunStoreError> {
        let newest = self
            .readers
            .read(|connection| newest(connection, kind, name))?;
        Ok(newest.filter(|record| record.body.is_some()))
    }

    fn records(&self, kind: RecordKind) -> Result<Vec<Record>, RunStoreError> {
        let sql = concat!(
            "select ",
            columns!(record),
            " from record r where kind = ?1 and body is not null
             and not exists(select 1 from record later where later.kind = r.kind
                            and later.name = r.name and later.version > r.version)
             order by name"
        );
        self.readers
            .read(|connection| all(connection, sql, [kind.as_str()], rows::record))
    }

    fn trail(&self, query: &TrailQuery) -> Result<Vec<Record>, RunStoreError> {
        self.readers.read(|connection| trail(connection, query))
    }
}

/// The newest version, also one that removed it.
pub(super) fn newest(
    connection: &Connection,
    kind: RecordKind,
    name: &str,
) -> Result<Option<Record>, RunStoreError> {
    let sql = concat!(
        "select ",
        columns!(record),
        " from record where kind = ?1 and name = ?2 order by version desc limit 1"
    );
    one(connection, sql, params![kind.as_str(), name], rows::record)
}

fn trail(connection: &Connection, query: &TrailQuery) -> Result<Vec<Record>, RunStoreError> {
    let before = query.before.unwrap_or(u64::MAX).min(i64::MAX as u64);
    let (before, limit) = (
        before.cast_signed(),
        most(query.limit.unwrap_or(usize::MAX)),
    );
    let mut sql = format!("select {} from record where no < ?", columns!(record));
    let kind = query.kind.map(RecordKind::as_str);
    let mut values: Vec<&dyn ToSql> = vec![&before];
    if kind.is_some() {
        sql.push_str(" and kind = ?");
        values.push(&kind);
    }
    if query.name.is_some() {
        sql.push_str(" and name = ?");
        values.push(&query.name);
    }
    sql.push_str(" order by no desc limit ?");
    values.push(&limit);
    all(connection, &sql, &*values, rows::record)
}

/// Writes a version; its number in the trail.
pub(super) fn add(connection: &Connection, record: &Record) -> Result<u64, RunStoreError> {
    let sql = "insert into record(kind, name, version, at, actor, body)
               values(?1, ?2, ?3, ?4, ?5, ?6)";
    let params = params![
        record.kind.as_str(),
        record.name,
        record.version,
        record.at.0,
        record.actor,
        record.body
    ];
    run_sql(connection, sql, params)?;
    Ok(connection.last_insert_rowid().cast_unsigned())
}

impl ServiceStore for SqliteRuns {
    fn claim_service(&self, name: &str, seen: u64, by: Asked) -> Result<Service, RunStoreError> {
        let name = name.to_owned();
        self.writer.ask(move |place| {
            let service = claim(place.connection, name, seen, &by)?;
            Ok((service, Vec::new()))
        })
    }

    fn renew_service(
        &self,
        name: &str,
        generation: u64,
        holder: Holder,
        at: UnixMicros,
    ) -> Result<bool, RunStoreError> {
        let name = name.to_owned();
        self.writer.ask(move |place| {
            let sql = "update service set host = ?3, pid = ?4, pid_start = ?5, address = ?6,
                       renewals = renewals + 1, seen = max(seen, ?7)
                       where name = ?1 and generation = ?2";
            let params = params![
                name,
                generation.cast_signed(),
                holder.host,
                holder.pid,
                holder.pid_start,
                holder.address,
                at.0
            ];
            let renewed = run_sql(place.connection, sql, params)?;
            Ok((renewed > 0, Vec::new()))
        })
    }

    fn release_service(&self, name: &str, generation: u64) -> Result<(), RunStoreError> {
        let name = name.to_owned();
        self.writer.ask(move |place| {
            let sql = "update service set host = null, pid = null, pid_start = null,
                       address = null where name = ?1 and generation = ?2";
            run_sql(
                place.connection,
                sql,
                params![name, generation.cast_signed()],
            )?;
            Ok(((), Vec::new()))
        })
    }

    fn services(&self) -> Result<Vec<Service>, RunStoreError> {
        let sql = concat!("select ", columns!(service), " from service order by name");
        self.readers
            .read(|connection| all(connection, sql, [], rows::service))
    }
}

fn claim(
    connection: &Connection,
    name: String,
    seen: u64,
    by: &Asked,
) -> Result<Service, RunStoreError> {
    let sql = concat!(
        "select ",
        columns!(service),
        ", claimed_by from service where name = ?1"
    );
    let known = one(connection, sql, [&name], |row| {
        Ok((rows::service(row)?, row.get::<String>()?))
    })?;
    let found = known.as_ref().map_or(0, |(known, _)| known.generation);
    if let Some((known, claimant)) = known
        && found == seen + 1
        && (known.since, &claimant) == (by.at, &by.actor)
    {
        // Its answer was lost, and it asks again.
        return Ok(known);
    }
    if found != seen {
        return Err(RunStoreError::ServiceChanged { name, found });
    }
    let sql = "insert or replace into service(name, generation, claimed_by, renewals, since, seen)
               values(?1, ?2, ?3, 0, ?4, ?4)";
    let generation = seen + 1;
    let params = params![name, generation.cast_signed(), by.actor, by.at.0];
    run_sql(connection, sql, params)?;
    Ok(Service {
        name,
        generation,
        holder: None,
        renewals: 0,
        since: by.at,
        seen: by.at,
    })
}
