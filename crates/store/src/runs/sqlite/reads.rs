//! What is asked of the store outside of transactions that write.

use fondaco_app::ports::halts::HaltAck;
use fondaco_app::ports::runs::{
    Attempt, Disagreement, FeedRow, Held, OutboxRow, Position, RunStoreError, TaskQuery,
    disagreement,
};
use fondaco_app::ports::schedules::{Fired, Schedule};
use fondaco_app::ports::workers::Worker;
use fondaco_domain::run::{Recorded, Run, RunKind, RunState};
use fondaco_domain::task::{Task, TaskNo};
use fondaco_domain::{ContentHash, RunId, UnixMicros};
use rusqlite::{Connection, params};

use super::bodies::Bodies;
use super::place::{self, most};
use super::rows::{self, columns};
use super::statement::{all, instant, json, one, value};
use crate::runs::unit::in_order;

pub(super) fn run(connection: &Connection, id: RunId) -> Result<Run, RunStoreError> {
    let row = place::run(connection, id)?;
    Ok(row.ok_or(RunStoreError::NoRun(id))?.run)
}

pub(super) fn tasks(
    connection: &Connection,
    id: RunId,
    query: &TaskQuery,
) -> Result<Vec<Task>, RunStoreError> {
    run(connection, id)?;
    let states: Vec<&str> = query.states.iter().map(|state| state.as_str()).collect();
    let held = !states.is_empty() && query.states.iter().all(|state| state.is_held());
    let sql = if held {
        concat!(
            "select ",
            columns!(task),
            " from task where run_id = ?1 and no > ?2 and state in('leased','running')
             and state in(select value from json_each(?3)) order by no limit ?4"
        )
    } else {
        concat!(
            "select ",
            columns!(task),
            " from task where run_id = ?1 and no > ?2
             and (?3 = '[]' or state in(select value from json_each(?3))) order by no limit ?4"
        )
    };
    let after = query.after.map_or(-1, |no| i64::from(no.0));
    let limit = most(query.limit.unwrap_or(usize::MAX));
    let params = params![id.to_string(), after, json(&states)?, limit];
    all(connection, sql, params, rows::task)
}

pub(super) fn held(connection: &Connection) -> Result<Vec<Held>, RunStoreError> {
    let sql = concat!(
        "select ",
        columns!(held),
        " from task t left join attempt a
          on a.run_id = t.run_id and a.task_no = t.no and a.number = t.attempt
          where t.state in('leased','running') order by t.run_id, t.no"
    );
    all(connection, sql, [], rows::held)
}

pub(super) fn attempts(
    connection: &Connection,
    id: RunId,
    task: TaskNo,
) -> Result<Vec<Attempt>, RunStoreError> {
    run(connection, id)?;
    let sql = concat!(
        "select ",
        columns!(attempt),
        " from attempt where run_id = ?1 and task_no = ?2 order by number"
    );
    all(
        connection,
        sql,
        params![id.to_string(), task.0],
        rows::attempt,
    )
}

pub(super) fn events(
    connection: &Connection,
    bodies: &Bodies,
    id: RunId,
    after: u64,
    limit: usize,
) -> Result<Vec<Recorded>, RunStoreError> {
    run(connection, id)?;
    let sql = concat!(
        "select ",
        columns!(event),
        " from event where run_id = ?1 and run_seq > ?2 order by run_seq limit ?3"
    );
    let params = params![id.to_string(), after.cast_signed(), most(limit)];
    all(connection, sql, params, |row| rows::event(row, bodies))
}

pub(super) fn spec(
    connection: &Connection,
    bodies: &Bodies,
    hash: &ContentHash,
) -> Result<String, RunStoreError> {
    let sql = "select body, spec_hash from spec_version where spec_hash = ?1";
    let spec = one(connection, sql, [hash.as_str()], |row| {
        rows::body(row, bodies)
    })?;
    spec.ok_or_else(|| RunStoreError::NoBody(hash.clone()))
}

pub(super) fn small_body(
    connection: &Connection,
    hash: &ContentHash,
) -> Result<Option<Vec<u8>>, RunStoreError> {
    let sql = "select body from body where body_hash = ?1";
    one(connection, sql, [hash.as_str()], value)
}

pub(super) fn outbox(
    connection: &Connection,
    bodies: &Bodies,
    consumer: &str,
    limit: usize,
) -> Result<Vec<OutboxRow>, RunStoreError> {
    let sql = "select seq, run_id, run_seq, body, body_hash from outbox join event using(seq)
               where seq > coalesce((select seq from outbox_cursor where consumer = ?1), 0)
               order by seq limit ?2";
    all(connection, sql, params![consumer, most(limit)], |row| {
        Ok(OutboxRow {
            position: Position {
                transaction: 0,
                seq: row.get()?,
            },
            run: row.run_id()?,
            run_seq: row.count()?,
            body: rows::body(row, bodies)?,
        })
    })
}

/// The one writer gives numbers in the order of its commits, and never one
/// twice.
pub(super) fn feed(
    connection: &Connection,
    bodies: &Bodies,
    after: u64,
    limit: usize,
) -> Result<Vec<FeedRow>, RunStoreError> {
    let sql = concat!(
        "select seq, run_id, ",
        columns!(event),
        " from event where seq > ?1 order by seq limit ?2"
    );
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let params = params![after, most(limit)];
    all(connection, sql, params, |row| rows::feed(row, bodies))
}

pub(super) fn feed_end(connection: &Connection) -> Result<u64, RunStoreError> {
    let sql = "select coalesce(max(seq), 0) from event";
    let end: Option<i64> = one(connection, sql, [], value)?;
    Ok(end.unwrap_or(0).cast_unsigned())
}

pub(super) fn open_runs(
    connection: &Connection,
) -> Result<Vec<(RunKind, RunState, u64)>, RunStoreError> {
    let open = RunState::ALL.iter().filter(|state| !state.is_terminal());
    let open: Vec<&str> = open.map(|state| state.as_str()).collect();
    let sql = "select kind, state, count(*) from run indexed by run_state
               where state in(select value from json_each(?1)) group by kind, state";
    let counted = all(connection, sql, [json(&open)?], |row| {
        let kind = row.word("the kind of a run", RunKind::parse)?;
        let state = row.word("the state of a run", RunState::parse)?;
        Ok((kind, state, row.count()?))
    })?;
    Ok(in_order(counted))
}

pub(super) fn acks(connection: &Connection) -> Result<Vec<HaltAck>, RunStoreError> {
    let sql = "select a.scope, a.epoch, a.worker_id, a.at from halt_ack a
               join halt h on h.scope = a.scope and h.epoch = a.epoch";
    let mut acks = all(connection, sql, [], rows::ack)?;
    acks.sort_by(|one, other| (&one.scope, one.worker).cmp(&(&other.scope, other.worker)));
    Ok(acks)
}

pub(super) fn workers(connection: &Connection) -> Result<Vec<Worker>, RunStoreError> {
    let sql = concat!(
        "select ",
        columns!(worker),
        " from worker order by worker_id"
    );
    all(connection, sql, [], rows::worker)
}

pub(super) fn schedules(
    connection: &Connection,
    bodies: &Bodies,
) -> Result<Vec<Schedule>, RunStoreError> {
    let sql = concat!(
        "select ",
        columns!(schedule),
        " from schedule s join spec_version v using(spec_hash) order by s.name"
    );
    all(connection, sql, [], |row| rows::schedule(row, bodies))
}

pub(super) fn fired(
    connection: &Connection,
    name: &str,
    limit: usize,
) -> Result<Vec<Fired>, RunStoreError> {
    let known = "select 1 from schedule where name = ?1";
    if one(connection, known, [name], |_| Ok(()))?.is_none() {
        return Err(RunStoreError::NoSchedule(name.to_owned()));
    }
    let sql = "select at, run_id, passed from schedule_fire where name = ?1
               order by at desc limit ?2";
    all(connection, sql, params![name, most(limit)], rows::fired)
}

pub(super) fn last_event_at(connection: &Connection) -> Result<Option<UnixMicros>, RunStoreError> {
    let sql = "select at from event order by seq desc limit 1";
    one(connection, sql, [], instant)
}

/// What is wrong with one run.
pub(super) fn check_run(
    connection: &Connection,
    bodies: &Bodies,
    id: RunId,
) -> Result<Vec<Disagreement>, RunStoreError> {
    let events = events(connection, bodies, id, 0, usize::MAX)?;
    let tasks = tasks(connection, id, &TaskQuery::default())?;
    let found = disagreement(&run(connection, id)?, &tasks, &events);
    let lines = wrong_line(connection, id)?;
    let outbox = outbox_disagreement(connection, id)?;
    Ok(found.into_iter().chain(lines).chain(outbox).collect())
}

/// What of a task's row is there for claims only: no event tells it, its run
/// does.
fn wrong_line(connection: &Connection, run: RunId) -> Result<Option<Disagreement>, RunStoreError> {
    let sql = "select no from task join run using(run_id) where run_id = ?1
               and (task.queue <> run.queue or task.kind <> plan ->> 'kind'
                    or task.priority <> run.priority + (plan ->> 'priority')
                    or task.step_key <> plan ->> 'key') limit 1";
    let wrong = one(connection, sql, [run.to_string()], value)?;
    Ok(wrong.map(|no| Disagreement::Task {
        run,
        task: TaskNo(no),
    }))
}

fn outbox_disagreement(
    connection: &Connection,
    run: RunId,
) -> Result<Option<Disagreement>, RunStoreError> {
    let sql = "select count(event.seq), count(outbox.seq) from event left join outbox using(seq)
               where run_id = ?1";
    let counts = one(connection, sql, [run.to_string()], |row| {
        Ok((row.count()?, row.count()?))
    })?;
    let wrong = counts.filter(|(events, outbox)| events != outbox);
    Ok(wrong.map(|(events, outbox)| Disagreement::Outbox {
        run,
        outbox,
        events,
    }))
}
