//! Records and services.

use fondaco_app::ports::records::{Change, Record, RecordKind, RecordStore, TrailQuery};
use fondaco_app::ports::runs::{Asked, RunStoreError};
use fondaco_app::ports::services::{Holder, Service, ServiceStore};
use fondaco_domain::UnixMicros;

use super::PgRuns;
use super::link::Link;
use super::rows::{all, count, record_of, service_of, words};
use super::store::alone;
use super::text::put;

impl RecordStore for PgRuns {
    fn put_record(&self, change: Change, by: Asked) -> Result<Record, RunStoreError> {
        self.pool
            .write(|link| alone(link, |unit| unit.put_record(change.clone(), &by)))
    }

    fn record(&self, kind: RecordKind, name: &str) -> Result<Option<Record>, RunStoreError> {
        let newest = self.pool.read(|link| newest(link, kind, name))?;
        Ok(newest.filter(|record| record.body.is_some()))
    }

    fn records(&self, kind: RecordKind) -> Result<Vec<Record>, RunStoreError> {
        let sql = "select no, kind, name, version, at, actor, body
            from (select distinct on (name) * from record where kind = $1
                  order by name, version desc) r
            where body is not null";
        let read = |link: &mut Link| all(&link.query(sql, &[&kind.as_str()])?, record_of);
        let mut records = self.pool.read(read)?;
        // In the order of bytes, whatever the order of the database is.
        records.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(records)
    }

    fn trail(&self, query: &TrailQuery) -> Result<Vec<Record>, RunStoreError> {
        let sql = "select no, kind, name, version, at, actor, body from record
            where no < $1 and ($2::text is null or kind = $2) and ($3::text is null or name = $3)
            order by no desc limit $4";
        let before = query.before.unwrap_or(u64::MAX);
        let before = i64::try_from(before).unwrap_or(i64::MAX);
        let kind = query.kind.map(RecordKind::as_str);
        let name = query.name.as_deref().map(put);
        let limit = query.limit.unwrap_or(usize::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.pool.read(|link| {
            let rows = link.query(sql, &[&before, &kind, &name, &limit])?;
            all(&rows, record_of)
        })
    }
}

/// Taken by who is about to write a record: their numbers follow the commits,
/// and of two changes of one version one comes first.
pub(super) fn lock(link: &mut Link) -> Result<(), RunStoreError> {
    link.query("select pg_advisory_xact_lock($1)", &[&super::RECORD_LOCK])?;
    Ok(())
}

/// The newest version, also one that removed it.
pub(super) fn newest(
    link: &mut Link,
    kind: RecordKind,
    name: &str,
) -> Result<Option<Record>, RunStoreError> {
    let sql = "select no, kind, name, version, at, actor, body from record
               where kind = $1 and name = $2 order by version desc limit 1";
    let rows = link.query(sql, &[&kind.as_str(), &put(name)])?;
    rows.first().map(record_of).transpose()
}

/// Writes a version; its number in the trail.
pub(super) fn add(link: &mut Link, record: &Record) -> Result<u64, RunStoreError> {
    let sql = "insert into record(no, kind, name, version, at, actor, body)
               select coalesce(max(no), 0) + 1, $1, $2, $3, $4, $5, $6 from record returning no";
    let rows = link.query(
        sql,
        &[
            &record.kind.as_str(),
            &put(&record.name),
            &i64::from(record.version),
            &record.at.0,
            &put(&record.actor),
            &record.body.as_deref().map(put),
        ],
    )?;
    rows.first().map_or(Ok(0), |row| count(row, "no"))
}

impl ServiceStore for PgRuns {
    fn claim_service(&self, name: &str, seen: u64, by: Asked) -> Result<Service, RunStoreError> {
        self.pool.write(|link| claim(link, name, seen, &by))
    }

    fn renew_service(
        &self,
        name: &str,
        generation: u64,
        holder: Holder,
        at: UnixMicros,
    ) -> Result<bool, RunStoreError> {
        let sql = "update service set host = $3, pid = $4, pid_start = $5, address = $6,
                       renewals = renewals + 1, seen = greatest(seen, $7)
                   where name = $1 and generation = $2";
        self.pool.write(|link| {
            let renewed = link.execute(
                sql,
                &[
                    &put(name),
                    &generation.cast_signed(),
                    &put(&holder.host),
                    &i64::from(holder.pid),
                    &put(&holder.pid_start),
                    &put(&holder.address),
                    &at.0,
                ],
            )?;
            Ok(renewed > 0)
        })
    }

    fn release_service(&self, name: &str, generation: u64) -> Result<(), RunStoreError> {
        let sql = "update service set host = null, pid = null, pid_start = null, address = null
                   where name = $1 and generation = $2";
        self.pool.write(|link| {
            link.execute(sql, &[&put(name), &generation.cast_signed()])?;
            Ok(())
        })
    }

    fn services(&self) -> Result<Vec<Service>, RunStoreError> {
        let sql = "select name, generation, claimed_by, host, pid, pid_start, address, renewals,
                       since, seen from service";
        let read = |link: &mut Link| all(&link.query(sql, &[])?, service_of);
        let mut services = self.pool.read(read)?;
        services.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(services)
    }
}

/// Of two that saw the same, the second changes no row.
fn claim(link: &mut Link, name: &str, seen: u64, by: &Asked) -> Result<Service, RunStoreError> {
    let first = "insert into service(name, generation, claimed_by, renewals, since, seen)
                 values($1, $2::bigint + 1, $3, 0, $4, $4) on conflict do nothing";
    let next =
        "update service set generation = $2::bigint + 1, claimed_by = $3, host = null, pid = null,
                    pid_start = null, address = null, renewals = 0, since = $4, seen = $4
                where name = $1 and generation = $2";
    let sql = if seen == 0 { first } else { next };
    let (key, actor) = (put(name), put(&by.actor));
    let params: [super::link::Param<'_>; 4] = [&key, &seen.cast_signed(), &actor, &by.at.0];
    let changed = link.execute(sql, &params)? > 0;
    let sql = "select name, generation, claimed_by, host, pid, pid_start, address, renewals,
                   since, seen from service where name = $1";
    let rows = link.query(sql, &[&key])?;
    let Some(row) = rows.first() else {
        let (name, found) = (name.to_owned(), 0);
        return Err(RunStoreError::ServiceChanged { name, found });
    };
    let service = service_of(row)?;
    let generation = seen + 1;
    if changed {
        // Even where the next one has claimed it meanwhile.
        return Ok(Service {
            name: name.to_owned(),
            generation,
            holder: None,
            renewals: 0,
            since: by.at,
            seen: by.at,
        });
    }
    if service.generation == generation
        && service.since == by.at
        && words(row, "claimed_by")? == by.actor
    {
        // Its answer was lost, and it asks again.
        return Ok(service);
    }
    Err(RunStoreError::ServiceChanged {
        name: name.to_owned(),
        found: service.generation,
    })
}
