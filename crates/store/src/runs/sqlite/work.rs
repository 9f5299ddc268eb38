//! What the writer does for one caller, inside its savepoint.

use fondaco_app::ports::runs::{
    Asked, Claimed, Commanded, IdempotencyKey, RunStoreError, Submission, Submitted,
};
use fondaco_domain::halt::{HaltBook, HaltCommand};
use fondaco_domain::run::{self, Command, Effect, Event, Rejection, Rows, Run, RunCommand};
use fondaco_domain::task::{self, Fence, Lease, TaskCommand, TaskNo};
use fondaco_domain::{RunId, UnixMicros};
use rusqlite::{Connection, named_params, params};

use super::rows::{self, SqliteRows};
use crate::runs::memory::known_key;
use crate::runs::{Chain, refused};

pub(super) fn submit(
    connection: &Connection,
    asked: Submission,
    by: &Asked,
) -> Result<Submitted, RunStoreError> {
    let fingerprint = asked.fingerprint();
    if let Some(key) = &asked.key
        && let Some((existing, known)) = run_of_key(connection, key)?
    {
        return known_key(key, known == fingerprint.as_str(), existing);
    }
    let taken: Option<i64> = rows::one(
        connection,
        "select 1 from run where run_id = ?1",
        &[&asked.id.to_string()],
    )?;
    if taken.is_some() {
        return Err(RunStoreError::IdTaken(asked.id));
    }
    let epoch = book(connection)?.covering(&[]).epoch;
    let accepted = Run::accepted(asked.id, asked.new.clone(), epoch, by.at);
    insert_run(
        connection,
        &accepted,
        asked.key.as_ref(),
        fingerprint.as_str(),
    )?;
    let mut tasks = tasks_of(connection, &accepted);
    let plan = (asked.tasks, asked.last);
    let (run, done) =
        run::submit(asked.id, asked.new, plan, &mut tasks, epoch, by.at).map_err(refused)?;
    record(connection, &run, Chain::start(), done.events, by)?;
    Ok(Submitted {
        id: asked.id,
        fresh: true,
    })
}

pub(super) fn command(
    connection: &Connection,
    id: RunId,
    command: Command,
    by: &Asked,
) -> Result<Commanded, RunStoreError> {
    let (mut run, chain) = rows::run(connection, id)?;
    let halts = book(connection)?.covering(&run.scopes());
    let mut tasks = tasks_of(connection, &run);
    let done = run::carry_out(&mut run, &mut tasks, command, &halts, by.at).map_err(refused)?;
    let events = done.events.len();
    if events > 0 {
        record(connection, &run, chain, done.events, by)?;
    }
    Ok(Commanded {
        run,
        events,
        effects: done.effects,
    })
}

/// Asks for more candidates without the runs that refused, until enough are
/// found or none are left: a halted run never hides what waits behind it.
pub(super) fn claim(
    connection: &Connection,
    queue: &str,
    lease: &Lease,
    limit: usize,
    by: &Asked,
) -> Result<Vec<Claimed>, RunStoreError> {
    let mut claimed = Vec::new();
    let mut passed_over: Vec<String> = Vec::new();
    while claimed.len() < limit {
        let wanted = limit - claimed.len();
        let candidates = ready(connection, queue, by.at, &passed_over, wanted)?;
        if candidates.is_empty() {
            break;
        }
        for (run, no) in candidates {
            let leasing = TaskCommand::Lease {
                worker: lease.owner,
                until: lease.until,
            };
            match command(connection, run, Command::Task(no, leasing), by) {
                Ok(_) => claimed.push(Claimed {
                    run,
                    task: get_task(connection, run, no)?,
                }),
                Err(RunStoreError::Rejected(_)) => passed_over.push(run.to_string()),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(claimed)
}

pub(super) fn renew(
    connection: &Connection,
    run: RunId,
    no: TaskNo,
    fence: Fence,
    until: UnixMicros,
) -> Result<Lease, RunStoreError> {
    rows::run(connection, run)?;
    let mut task = get_task(connection, run, no)?;
    let lease = task::renew(&task, fence, until)?;
    task.lease = Some(lease.clone());
    rows::write_task(connection, run, &task)?;
    Ok(lease)
}

pub(super) fn halt(
    connection: &Connection,
    asked: &HaltCommand,
    by: &Asked,
) -> Result<Vec<(RunId, Vec<Effect>)>, RunStoreError> {
    let Some(halt) = book(connection)?.step(asked, &by.actor, by.at)? else {
        return Ok(Vec::new());
    };
    rows::run_sql(
        connection,
        "insert into halt(scope, epoch, mode, reason, actor, at) values(?1, ?2, ?3, ?4, ?5, ?6)
         on conflict(scope) do update set epoch = excluded.epoch, mode = excluded.mode,
         reason = excluded.reason, actor = excluded.actor, at = excluded.at",
        params![
            halt.scope.to_string(),
            halt.epoch.0 as i64,
            halt.mode.as_str(),
            halt.reason,
            halt.actor,
            halt.at.0
        ],
    )?;
    if !halt.mode.forbids_start() {
        return Ok(Vec::new());
    }
    let open = "select * from run where finished_at is null order by run_id";
    let open = rows::all(connection, open, [], |row| {
        Ok(rows::run(connection, rows::run_id(row)?)?.0)
    })?;
    let tell = |run: Run| {
        let done = command(connection, run.id, Command::Run(RunCommand::Halt), by)?;
        Ok((run.id, done.effects))
    };
    open.into_iter()
        .filter(|run| run.scopes().contains(&halt.scope))
        .map(tell)
        .collect()
}

fn record(
    connection: &Connection,
    run: &Run,
    mut chain: Chain,
    events: Vec<Event>,
    by: &Asked,
) -> Result<(), RunStoreError> {
    for event in events {
        rows::append(connection, run.id, &chain.link(run.id, event, by)?)?;
    }
    rows::write_run(connection, run, &chain)
}

fn insert_run(
    connection: &Connection,
    run: &Run,
    key: Option<&IdempotencyKey>,
    fingerprint: &str,
) -> Result<(), RunStoreError> {
    let chain = Chain::start();
    rows::run_sql(
        connection,
        "insert into run(run_id, kind, spec_hash, rule, idem_scope, idem_key, idem_fingerprint,
         state, queue, priority, parent_run, planned, degraded, required_failed, halt_epoch,
         n_total, n_pending, n_running, n_completed, n_failed, n_skipped, n_cancelled,
         last_seq, last_hash, created_at)
         values(:id, :kind, :spec, :rule, :scope, :key, :fingerprint, :state, :queue, :priority,
         :parent, 0, 0, 0, :epoch, 0, 0, 0, 0, 0, 0, 0, :seq, :hash, :at)",
        named_params! {
            ":id": run.id.to_string(), ":kind": run.new.kind.as_str(),
            ":spec": run.new.spec.as_str(), ":rule": run.new.rule.as_str(),
            ":scope": key.map(|key| &key.scope), ":key": key.map(|key| &key.key),
            ":fingerprint": fingerprint, ":state": run.state.as_str(), ":queue": run.new.queue,
            ":priority": run.new.priority,
            ":parent": run.new.parent.map(|parent| parent.to_string()),
            ":epoch": run.halt_epoch.0 as i64, ":seq": chain.seq as i64, ":hash": chain.hash,
            ":at": run.created_at.0,
        },
    )
}

fn run_of_key(
    connection: &Connection,
    key: &IdempotencyKey,
) -> Result<Option<(RunId, String)>, RunStoreError> {
    let sql = "select run_id, idem_fingerprint from run where idem_scope = ?1 and idem_key = ?2";
    let found = rows::all(connection, sql, params![key.scope, key.key], |row| {
        Ok((rows::run_id(row)?, rows::get(row, "idem_fingerprint")?))
    })?;
    Ok(found.into_iter().next())
}

fn ready(
    connection: &Connection,
    queue: &str,
    now: UnixMicros,
    passed_over: &[String],
    limit: usize,
) -> Result<Vec<(RunId, TaskNo)>, RunStoreError> {
    let sql = "select t.run_id, t.no from task t join run r using(run_id)
               where t.state = 'ready' and t.queue = ?1 and t.ready_at <= ?2
               and r.state in('queued','running')
               and t.run_id not in(select value from json_each(?3))
               order by t.priority desc, t.ready_at, t.task_id limit ?4";
    let passed_over = serde_json::json!(passed_over).to_string();
    rows::all(
        connection,
        sql,
        params![queue, now.0, passed_over, limit as i64],
        |row| Ok((rows::run_id(row)?, TaskNo(rows::get(row, "no")?))),
    )
}

fn get_task(connection: &Connection, run: RunId, no: TaskNo) -> Result<task::Task, RunStoreError> {
    let mut tasks = SqliteRows {
        connection,
        run,
        queue: String::new(),
    };
    tasks
        .task(no)?
        .ok_or_else(|| Rejection::UnknownTask(no).into())
}

fn book(connection: &Connection) -> Result<HaltBook, RunStoreError> {
    Ok(HaltBook::new(rows::halts(connection)?))
}

fn tasks_of<'a>(connection: &'a Connection, run: &Run) -> SqliteRows<'a> {
    SqliteRows {
        connection,
        run: run.id,
        queue: run.new.queue.clone(),
    }
}
