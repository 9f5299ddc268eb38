//! What is asked of the store outside of transactions that write.

use fondaco_app::ports::halts::HaltAck;
use fondaco_app::ports::runs::{
    Attempt, Disagreement, FeedRow, Held, OutboxRow, Position, RunQuery, RunStoreError, TaskQuery,
    disagreement,
};
use fondaco_app::ports::schedules::{Fired, Schedule};
use fondaco_app::ports::workers::Worker;
use fondaco_domain::halt::{Epoch, Halt, Scope};
use fondaco_domain::run::{Recorded, Run, RunKind, RunState};
use fondaco_domain::task::{Fence, Lease, Task, TaskNo};
use fondaco_domain::{ContentHash, RunId, UnixMicros};
use postgres::Row;

use super::link::Link;
use super::place::{HALTS, KEY_HOLDER};
use super::rows::{
    all, attempt_of, count, damaged, event_columns, event_of, external_of, get, halt_of, id,
    instant, maybe_instant, maybe_parsed, parsed, run_columns, run_id, run_of, schedule_of,
    task_columns, task_no, task_of, worker_of,
};
use super::text::{self, put};
use super::write::PLACE_BITS;
use crate::runs::unit::in_order;

pub(super) fn run(link: &mut Link, id: RunId) -> Result<Run, RunStoreError> {
    let sql = concat!(
        "select ",
        run_columns!(),
        " from run r where r.run_id = $1::text::uuid"
    );
    let rows = link.query(sql, &[&id.to_string()])?;
    let row = rows.first().ok_or(RunStoreError::NoRun(id))?;
    Ok(run_of(row)?.run)
}

/// Planned for the values it is asked with, so that what is not asked for
/// costs nothing.
pub(super) fn runs(link: &mut Link, query: &RunQuery) -> Result<Vec<Run>, RunStoreError> {
    let sql = concat!(
        "select ",
        run_columns!(),
        " from run r where (cardinality($1::text[]) = 0 or r.state = any($1))
         and (not $2 or r.finished_at is null)
         and ($3::text is null or r.kind = $3)
         and ($4::text is null or r.queue = $4)
         and ($5::text is null or r.spec_hash = $5)
         and ($6::text is null or r.parent_run = $6::text::uuid)
         and ($7::boolean is null or r.planned = $7)
         and ($8::bigint is null or r.deadline_at <= $8)
         and ($9::bigint is null or r.finished_at < $9)
         and ($10::text is null or r.run_id < $10::text::uuid)
         and ($12::text is null or r.strategy = $12)
         and ($13::text is null or r.tenant = $13)
         order by r.run_id desc limit $11"
    );
    let states: Vec<&str> = query.states.iter().map(|state| state.as_str()).collect();
    let open = !states.is_empty() && query.states.iter().all(|state| !state.is_terminal());
    let rows = link.query(
        sql,
        &[
            &states,
            &open,
            &query.kind.map(RunKind::as_str),
            &query.queue.as_deref().map(put),
            &query.spec.as_ref().map(ContentHash::as_str),
            &query.parent.map(|id| id.to_string()),
            &query.planned,
            &query.due.map(|at| at.0),
            &query.finished_before.map(|at| at.0),
            &query.before.map(|id| id.to_string()),
            &most(query.limit.unwrap_or(usize::MAX)),
            &query.strategy.as_deref().map(put),
            &query.tenant.as_deref().map(put),
        ],
    )?;
    all(&rows, |row| Ok(run_of(row)?.run))
}

pub(super) fn tasks(
    link: &mut Link,
    id: RunId,
    query: &TaskQuery,
) -> Result<Vec<Task>, RunStoreError> {
    run(link, id)?;
    let sql = concat!(
        "select ",
        task_columns!(),
        " from task t where t.run_id = $1::text::uuid and t.no > $2
         and (cardinality($3::text[]) = 0 or t.state = any($3)) order by t.no limit $4"
    );
    let states: Vec<&str> = query.states.iter().map(|state| state.as_str()).collect();
    let after = query.after.map_or(-1, |no| i64::from(no.0));
    let limit = most(query.limit.unwrap_or(usize::MAX));
    let rows = link.query(sql, &[&id.to_string(), &after, &states, &limit])?;
    all(&rows, |row| Ok(task_of(row)?.1))
}

pub(super) fn held(link: &mut Link) -> Result<Vec<Held>, RunStoreError> {
    // A held task has an attempt that is open, and those have an index.
    let sql = "select t.run_id::text, t.no, t.fence, t.lease_owner::text, t.lease_until, a.beats,
                   a.executor, a.external_ref
               from attempt a join task t on t.run_id = a.run_id and t.no = a.no
               where a.ended_at is null and t.lease_owner is not null and a.number = t.attempt
               order by t.run_id, t.no";
    all(&link.query(sql, &[])?, held_of)
}

fn held_of(row: &Row) -> Result<Held, RunStoreError> {
    Ok(Held {
        run: run_id(row)?,
        task: task_no(row, "no")?,
        fence: Fence(count(row, "fence")?),
        lease: Lease {
            owner: parsed(row, "lease_owner", id)?,
            until: instant(row, "lease_until")?,
        },
        beats: count(row, "beats")?,
        external: external_of(row)?,
    })
}

pub(super) fn attempts(
    link: &mut Link,
    id: RunId,
    task: TaskNo,
) -> Result<Vec<Attempt>, RunStoreError> {
    run(link, id)?;
    let sql = "select number, fence, worker_id::text, executor, external_ref, beats, progress,
                   leased_at, started_at, ended_at, outcome, error
               from attempt where run_id = $1::text::uuid and no = $2 order by number";
    let rows = link.query(sql, &[&id.to_string(), &i64::from(task.0)])?;
    all(&rows, attempt_of)
}

pub(super) fn events(
    link: &mut Link,
    id: RunId,
    after: u64,
    limit: usize,
) -> Result<Vec<Recorded>, RunStoreError> {
    run(link, id)?;
    let sql = concat!(
        "select ",
        event_columns!(),
        " from event e left join body b on b.hash = e.body_hash
         where e.run_id = $1::text::uuid and e.run_seq > $2 order by e.run_seq limit $3"
    );
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let rows = link.query(sql, &[&id.to_string(), &after, &most(limit)])?;
    all(&rows, event_of)
}

pub(super) fn spec(link: &mut Link, hash: &ContentHash) -> Result<String, RunStoreError> {
    let sql = "select body from spec_version where spec_hash = $1";
    let rows = link.query(sql, &[&hash.as_str()])?;
    let row = rows
        .first()
        .ok_or_else(|| RunStoreError::NoBody(hash.clone()))?;
    Ok(text::get(get(row, "body")?))
}

pub(super) fn body(link: &mut Link, hash: &ContentHash) -> Result<Vec<u8>, RunStoreError> {
    let rows = link.query("select bytes from body where hash = $1", &[&hash.as_str()])?;
    let row = rows
        .first()
        .ok_or_else(|| RunStoreError::NoBody(hash.clone()))?;
    let bytes: Vec<u8> = get(row, "bytes")?;
    if ContentHash::of(&bytes) != *hash {
        return Err(damaged(format!("body {hash} does not have that hash")));
    }
    Ok(bytes)
}

/// Numbers of a sequence are given out before the commits and out of their
/// order, so rows are read by the transaction that wrote them, and only those
/// of transactions older than any that is still open: none can appear before
/// them later.
pub(super) fn outbox(
    link: &mut Link,
    consumer: &str,
    limit: usize,
) -> Result<Vec<OutboxRow>, RunStoreError> {
    let sql = "select e.tx, e.tx_seq, e.run_id::text, e.run_seq,
                   coalesce(e.body, convert_from(b.bytes, 'UTF8')) as body
               from event e left join body b on b.hash = e.body_hash
               where e.tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
               and (e.tx, e.tx_seq) > (coalesce((select tx from outbox_cursor where consumer = $1), 0),
                    coalesce((select tx_seq from outbox_cursor where consumer = $1), 0))
               order by e.tx, e.tx_seq limit $2";
    let rows = link.query(sql, &[&put(consumer), &most(limit)])?;
    all(&rows, |row| {
        Ok(OutboxRow {
            position: Position {
                transaction: get(row, "tx")?,
                seq: get(row, "tx_seq")?,
            },
            run: run_id(row)?,
            run_seq: count(row, "run_seq")?,
            body: get(row, "body")?,
        })
    })
}

/// As [`outbox`]. A number is the transaction and the place in it, so that it
/// says itself in which order it is read.
pub(super) fn feed(
    link: &mut Link,
    after: u64,
    limit: usize,
) -> Result<Vec<FeedRow>, RunStoreError> {
    let sql = concat!(
        "select e.tx, e.tx_seq, e.run_id::text, ",
        event_columns!(),
        " from event e left join body b on b.hash = e.body_hash
         where e.tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
         and (e.tx, e.tx_seq) > ($1, $2) order by e.tx, e.tx_seq limit $3"
    );
    let (tx, place) = place_of(after);
    let rows = link.query(sql, &[&tx, &place, &most(limit)])?;
    all(&rows, |row| {
        Ok(FeedRow {
            no: number(row)?,
            run: run_id(row)?,
            event: event_of(row)?,
        })
    })
}

pub(super) fn feed_end(link: &mut Link) -> Result<u64, RunStoreError> {
    let sql = "select e.tx, e.tx_seq from event e
               where e.tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
               order by e.tx desc, e.tx_seq desc limit 1";
    link.query(sql, &[])?.first().map_or(Ok(0), number)
}

/// The number of a row of the feed.
fn number(row: &Row) -> Result<u64, RunStoreError> {
    let (tx, place): (u64, u64) = (count(row, "tx")?, count(row, "tx_seq")?);
    Ok((tx << PLACE_BITS) | place)
}

/// The transaction and the place in it that a number of the feed means.
fn place_of(number: u64) -> (i64, i64) {
    let place = number & ((1 << PLACE_BITS) - 1);
    ((number >> PLACE_BITS).cast_signed(), place.cast_signed())
}

pub(super) fn open_runs(link: &mut Link) -> Result<Vec<(RunKind, RunState, u64)>, RunStoreError> {
    let sql = "select kind, state, count(*) as runs from run where finished_at is null
               group by kind, state";
    let counted = all(&link.query(sql, &[])?, |row| {
        let kind = parsed(row, "kind", RunKind::parse)?;
        Ok((
            kind,
            parsed(row, "state", RunState::parse)?,
            count(row, "runs")?,
        ))
    })?;
    Ok(in_order(counted))
}

pub(super) fn halts(link: &mut Link) -> Result<Vec<Halt>, RunStoreError> {
    let mut halts = all(&link.query(HALTS, &[])?, halt_of)?;
    halts.sort_by(|one, other| one.scope.cmp(&other.scope));
    Ok(halts)
}

pub(super) fn acks(link: &mut Link) -> Result<Vec<HaltAck>, RunStoreError> {
    let sql = "select a.scope, a.epoch, a.worker_id::text, a.at from halt_ack a
               join halt h on h.scope = a.scope and h.epoch = a.epoch";
    let mut acks = all(&link.query(sql, &[])?, |row| {
        let scope = text::get(get(row, "scope")?);
        Ok(HaltAck {
            scope: Scope::parse(&scope).ok_or_else(|| damaged(format!("`{scope}` is no scope")))?,
            epoch: Epoch(count(row, "epoch")?),
            worker: parsed(row, "worker_id", id)?,
            at: instant(row, "at")?,
        })
    })?;
    acks.sort_by(|one, other| (&one.scope, one.worker).cmp(&(&other.scope, other.worker)));
    Ok(acks)
}

pub(super) fn key_holder(link: &mut Link, key: &str) -> Result<Option<RunId>, RunStoreError> {
    let rows = link.query(KEY_HOLDER, &[&put(key)])?;
    rows.first().map(run_id).transpose()
}

pub(super) fn workers(link: &mut Link) -> Result<Vec<Worker>, RunStoreError> {
    let sql = "select worker_id::text, host, pid, pid_start, build, queues, kinds, since, seen
               from worker w order by w.worker_id";
    all(&link.query(sql, &[])?, worker_of)
}

pub(super) fn schedules(link: &mut Link) -> Result<Vec<Schedule>, RunStoreError> {
    let sql = "select name, timing, spec, new_run, paused, next_at, since from schedule";
    let mut schedules = all(&link.query(sql, &[])?, schedule_of)?;
    schedules.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(schedules)
}

pub(super) fn fired(
    link: &mut Link,
    name: &str,
    limit: usize,
) -> Result<Vec<Fired>, RunStoreError> {
    let known = link.query("select from schedule where name = $1", &[&put(name)])?;
    if known.is_empty() {
        return Err(RunStoreError::NoSchedule(name.to_owned()));
    }
    let sql = "select at, run_id::text, passed from schedule_fire where name = $1
               order by at desc limit $2";
    all(&link.query(sql, &[&put(name), &most(limit)])?, |row| {
        Ok(Fired {
            at: instant(row, "at")?,
            run: maybe_parsed(row, "run_id", id)?,
            passed: get::<Option<String>>(row, "passed")?.map(text::get),
        })
    })
}

/// Name and version of the server, size of the database, time of the newest
/// event, and what would make commits less than durable.
pub(super) fn vitals(
    link: &mut Link,
) -> Result<(String, i64, Option<UnixMicros>, Option<String>), RunStoreError> {
    let sql = "select current_setting('server_version') as version,
                   pg_database_size(current_database()) as bytes,
                   (select at from event order by tx desc, tx_seq desc limit 1) as last_event_at,
                   current_setting('fsync') = 'on' as fsync,
                   current_setting('full_page_writes') = 'on' as full_pages";
    let rows = link.query(sql, &[])?;
    let row = rows
        .first()
        .ok_or_else(|| damaged("the server says nothing of itself"))?;
    let version: String = get(row, "version")?;
    let unsafe_setting = |name: &str, setting| -> Result<Option<String>, RunStoreError> {
        let is_on: bool = get(row, name)?;
        let says = || format!("the server has {setting}=off: a power cut can lose what was kept");
        Ok((!is_on).then(says))
    };
    let fault = match unsafe_setting("fsync", "fsync")? {
        Some(fault) => Some(fault),
        None => unsafe_setting("full_pages", "full_page_writes")?,
    };
    Ok((
        version,
        get(row, "bytes")?,
        maybe_instant(row, "last_event_at")?,
        fault,
    ))
}

/// What is wrong with one run. In one snapshot: what is written meanwhile is
/// no disagreement.
pub(super) fn check_run(link: &mut Link, id: RunId) -> Result<Vec<Disagreement>, RunStoreError> {
    link.say("check", "begin isolation level repeatable read, read only")?;
    let found = check_in_snapshot(link, id);
    let ended = link.say("check", "rollback");
    found.and_then(|found| ended.map(|()| found))
}

fn check_in_snapshot(link: &mut Link, id: RunId) -> Result<Vec<Disagreement>, RunStoreError> {
    let kept = run(link, id)?;
    let tasks = tasks(link, id, &TaskQuery::default())?;
    let events = events(link, id, 0, usize::MAX)?;
    let found = disagreement(&kept, &tasks, &events);
    // What is there for claims only, and no event tells: the ready ones.
    let sql = "select coalesce(q.no, t.no) as no
        from (select * from ready_task where run_id = $1::text::uuid) q
        full join (select t.no, t.ready_at, t.plan, r.queue, r.priority from task t
                   join run r using(run_id)
                   where t.run_id = $1::text::uuid and t.state = 'ready') t on t.no = q.no
        where q.no is null or t.no is null or q.ready_at <> t.ready_at or q.queue <> t.queue
        or q.kind <> t.plan::json ->> 'kind'
        or q.priority <> t.priority + (t.plan::json ->> 'priority')::bigint
        order by 1 limit 1";
    let wrong = link.query(sql, &[&id.to_string()])?;
    let wrong = wrong.first().map(|row| task_no(row, "no")).transpose()?;
    let wrong = wrong.map(|task| Disagreement::Task { run: id, task });
    Ok(found.into_iter().chain(wrong).collect())
}

fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
