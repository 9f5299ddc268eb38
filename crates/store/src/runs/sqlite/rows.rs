//! Rows to values and back.

use fondaco_app::ports::runs::{Disagreement, Expired, OutboxRow, RunStoreError};
use fondaco_domain::halt::{Epoch, Halt, HaltMode, Scope};
use fondaco_domain::run::{CompletionRule, Counts, NewRun, Recorded, Rows, Run, RunKind, RunState};
use fondaco_domain::task::{Fence, Lease, SkipReason, Task, TaskNo, TaskPlan, TaskState};
use fondaco_domain::{ContentHash, RunId, UnixMicros};
use rusqlite::{Connection, OptionalExtension, Params, Row, ToSql, named_params, params};

use super::storage;
use crate::runs::Chain;

/// The tasks of one run, inside the writer's transaction.
pub(super) struct SqliteRows<'a> {
    pub(super) connection: &'a Connection,
    pub(super) run: RunId,
    pub(super) queue: String,
}

impl Rows for SqliteRows<'_> {
    type Error = RunStoreError;

    fn task(&mut self, no: TaskNo) -> Result<Option<Task>, RunStoreError> {
        let sql = "select * from task where run_id = ?1 and no = ?2";
        Ok(all(
            self.connection,
            sql,
            params![self.run.to_string(), no.0],
            task_of,
        )?
        .pop())
    }

    fn add(&mut self, task: &Task) -> Result<(), RunStoreError> {
        let id = self.run.to_string();
        let plan = serde_json::to_string(&task.plan)
            .map_err(|error| RunStoreError::Damaged(error.to_string()))?;
        run_sql(
            self.connection,
            "insert into task(run_id, no, step_key, plan, queue, priority, state, waiting, attempt,
                              failures, ready_at, fence)
             values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, ?9, 0)",
            params![
                id,
                task.no.0,
                task.plan.key,
                plan,
                self.queue,
                task.plan.priority,
                task.state.as_str(),
                task.waiting,
                task.ready_at.0
            ],
        )?;
        for need in &task.plan.needs {
            run_sql(
                self.connection,
                "insert into task_need(run_id, need, no) values(?1, ?2, ?3)",
                params![id, need.0, task.no.0],
            )?;
        }
        Ok(())
    }

    fn write(&mut self, task: &Task) -> Result<(), RunStoreError> {
        write_task(self.connection, self.run, task)
    }

    fn has_key(&mut self, key: &str) -> Result<bool, RunStoreError> {
        let sql = "select 1 from task where run_id = ?1 and step_key = ?2";
        let found = all(
            self.connection,
            sql,
            params![self.run.to_string(), key],
            |_| Ok(()),
        )?;
        Ok(!found.is_empty())
    }

    fn dependents(&mut self, no: TaskNo) -> Result<Vec<TaskNo>, RunStoreError> {
        let sql = "select no from task_need where run_id = ?1 and need = ?2 order by no";
        all(
            self.connection,
            sql,
            params![self.run.to_string(), no.0],
            |row| Ok(TaskNo(get(row, "no")?)),
        )
    }

    fn in_states(&mut self, states: &[TaskState]) -> Result<Vec<TaskNo>, RunStoreError> {
        let names: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        let sql = "select no from task where run_id = ?1
                   and state in (select value from json_each(?2)) order by no";
        all(
            self.connection,
            sql,
            params![self.run.to_string(), serde_json::json!(names).to_string()],
            |row| Ok(TaskNo(get(row, "no")?)),
        )
    }
}

pub(super) fn write_task(
    connection: &Connection,
    run: RunId,
    task: &Task,
) -> Result<(), RunStoreError> {
    run_sql(
        connection,
        "update task set state = ?3, waiting = ?4, skip_code = ?5, detail = ?6, attempt = ?7,
         failures = ?8, ready_at = ?9, fence = ?10, lease_owner = ?11, lease_until = ?12,
         output_ref = ?13 where run_id = ?1 and no = ?2",
        params![
            run.to_string(),
            task.no.0,
            task.state.as_str(),
            task.waiting,
            task.skip.map(SkipReason::as_str),
            task.detail,
            task.attempt,
            task.failures,
            task.ready_at.0,
            task.fence.0 as i64,
            task.lease.as_ref().map(|lease| lease.owner.to_string()),
            task.lease.as_ref().map(|lease| lease.until.0),
            task.output
        ],
    )
}

pub(super) fn write_run(
    connection: &Connection,
    run: &Run,
    chain: &Chain,
) -> Result<(), RunStoreError> {
    run_sql(
        connection,
        "update run set state = :state, planned = :planned, degraded = :degraded,
         required_failed = :required_failed, halt_epoch = :epoch, reason = :reason,
         n_total = :total, n_pending = :pending, n_running = :running, n_completed = :completed,
         n_failed = :failed, n_skipped = :skipped, n_cancelled = :cancelled, last_seq = :seq,
         last_hash = :hash, started_at = :started, finished_at = :finished where run_id = :id",
        named_params! {
            ":id": run.id.to_string(), ":state": run.state.as_str(), ":planned": run.planned,
            ":degraded": run.degraded, ":required_failed": run.required_failed,
            ":epoch": run.halt_epoch.0 as i64, ":reason": run.reason,
            ":total": run.counts.total, ":pending": run.counts.pending,
            ":running": run.counts.running, ":completed": run.counts.completed,
            ":failed": run.counts.failed, ":skipped": run.counts.skipped,
            ":cancelled": run.counts.cancelled, ":seq": chain.seq as i64, ":hash": chain.hash,
            ":started": run.started_at.map(|at| at.0), ":finished": run.finished_at.map(|at| at.0),
        },
    )
}

pub(super) fn run(connection: &Connection, id: RunId) -> Result<(Run, Chain), RunStoreError> {
    let sql = "select * from run where run_id = ?1";
    all(connection, sql, [id.to_string()], run_of)?
        .pop()
        .ok_or(RunStoreError::NoRun(id))
}

pub(super) fn runs(connection: &Connection) -> Result<Vec<Run>, RunStoreError> {
    let sql = "select * from run order by run_id desc";
    all(connection, sql, [], |row| Ok(run_of(row)?.0))
}

pub(super) fn tasks(connection: &Connection, id: RunId) -> Result<Vec<Task>, RunStoreError> {
    let sql = "select * from task where run_id = ?1 order by no";
    all(connection, sql, [id.to_string()], task_of)
}

pub(super) fn events(connection: &Connection, id: RunId) -> Result<Vec<Recorded>, RunStoreError> {
    let sql = "select * from event where run_id = ?1 order by run_seq";
    all(connection, sql, [id.to_string()], |row| {
        let body: String = get(row, "body")?;
        Ok(Recorded {
            seq: get::<i64>(row, "run_seq")? as u64,
            at: UnixMicros(get(row, "at")?),
            actor: get(row, "actor")?,
            event: serde_json::from_str(&body).map_err(|_| damaged("an event", &body))?,
            body,
            prev: get(row, "prev_hash")?,
            hash: get(row, "hash")?,
        })
    })
}

pub(super) fn append(
    connection: &Connection,
    run: RunId,
    recorded: &Recorded,
) -> Result<(), RunStoreError> {
    let (id, seq) = (run.to_string(), recorded.seq as i64);
    run_sql(
        connection,
        "insert into event(run_id, run_seq, task_no, type, v, at, actor, body, prev_hash, hash)
         values(?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8, ?9)",
        params![
            id,
            seq,
            recorded.event.task().map(|no| no.0),
            recorded.event.type_name(),
            recorded.at.0,
            recorded.actor,
            recorded.body,
            recorded.prev,
            recorded.hash
        ],
    )?;
    run_sql(
        connection,
        "insert into outbox(run_id, run_seq) values(?1, ?2)",
        params![id, seq],
    )
}

pub(super) fn expired(
    connection: &Connection,
    now: UnixMicros,
) -> Result<Vec<Expired>, RunStoreError> {
    let sql = "select run_id, no, fence from task
               where state in('leased','running') and lease_until < ?1
               order by lease_until, run_id, no";
    all(connection, sql, [now.0], |row| {
        Ok(Expired {
            run: run_id(row)?,
            task: TaskNo(get(row, "no")?),
            fence: Fence(get::<i64>(row, "fence")? as u64),
        })
    })
}

pub(super) fn halts(connection: &Connection) -> Result<Vec<Halt>, RunStoreError> {
    all(connection, "select * from halt", [], |row| {
        Ok(Halt {
            scope: word(row, "scope", Scope::parse)?,
            epoch: Epoch(get::<i64>(row, "epoch")? as u64),
            mode: word(row, "mode", HaltMode::parse)?,
            reason: get(row, "reason")?,
            actor: get(row, "actor")?,
            at: UnixMicros(get(row, "at")?),
        })
    })
}

pub(super) fn outbox(
    connection: &Connection,
    consumer: &str,
    limit: usize,
) -> Result<Vec<OutboxRow>, RunStoreError> {
    let sql = "select o.seq, o.run_id, o.run_seq, e.body from outbox o
               join event e using(run_id, run_seq)
               where o.seq > coalesce((select seq from outbox_cursor where consumer = ?1), 0)
               order by o.seq limit ?2";
    all(connection, sql, params![consumer, limit as i64], |row| {
        Ok(OutboxRow {
            seq: get(row, "seq")?,
            run: run_id(row)?,
            run_seq: get::<i64>(row, "run_seq")? as u64,
            body: get(row, "body")?,
        })
    })
}

pub(super) fn acknowledge(
    connection: &Connection,
    consumer: &str,
    seq: i64,
) -> Result<(), RunStoreError> {
    run_sql(
        connection,
        "insert into outbox_cursor(consumer, seq) values(?1, ?2)
         on conflict(consumer) do update set seq = max(seq, excluded.seq)",
        params![consumer, seq],
    )
}

pub(super) fn outbox_disagreement(
    connection: &Connection,
    run: RunId,
) -> Result<Option<Disagreement>, RunStoreError> {
    let sql = "select (select count(*) from event where run_id = ?1) events,
               (select count(distinct run_seq) from outbox where run_id = ?1) outbox";
    let counts = all(connection, sql, [run.to_string()], |row| {
        Ok((get::<i64>(row, "events")?, get::<i64>(row, "outbox")?))
    })?;
    Ok(counts
        .into_iter()
        .find(|(events, outbox)| events != outbox)
        .map(|(events, outbox)| Disagreement::Outbox {
            run,
            outbox: outbox as u64,
            events: events as u64,
        }))
}

/// Rows of a prepared statement through a function.
pub(super) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    of: impl Fn(&Row<'_>) -> Result<T, RunStoreError>,
) -> Result<Vec<T>, RunStoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(storage("read"))?;
    let mut rows = statement.query(params).map_err(storage("read"))?;
    let mut values = Vec::new();
    while let Some(row) = rows.next().map_err(storage("read"))? {
        values.push(of(row)?);
    }
    Ok(values)
}

pub(super) fn run_sql(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<(), RunStoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(storage("write"))?;
    statement.execute(params).map_err(storage("write"))?;
    Ok(())
}

/// One value, where there may be none.
pub(super) fn one<T: rusqlite::types::FromSql>(
    connection: &Connection,
    sql: &str,
    params: &[&dyn ToSql],
) -> Result<Option<T>, RunStoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_row(params, |row| row.get(0)).optional())
        .map_err(storage("read"))
}

fn run_of(row: &Row<'_>) -> Result<(Run, Chain), RunStoreError> {
    let parent: Option<String> = get(row, "parent_run")?;
    let parent = parent
        .map(|text| text.parse().map_err(|_| damaged("parent_run", &text)))
        .transpose()?;
    let run = Run {
        id: run_id(row)?,
        new: NewRun {
            kind: word(row, "kind", RunKind::parse)?,
            spec: word(row, "spec_hash", ContentHash::parse)?,
            rule: word(row, "rule", CompletionRule::parse)?,
            queue: get(row, "queue")?,
            priority: get(row, "priority")?,
            parent,
        },
        state: word(row, "state", RunState::parse)?,
        planned: get(row, "planned")?,
        counts: Counts {
            total: get(row, "n_total")?,
            pending: get(row, "n_pending")?,
            running: get(row, "n_running")?,
            completed: get(row, "n_completed")?,
            failed: get(row, "n_failed")?,
            skipped: get(row, "n_skipped")?,
            cancelled: get(row, "n_cancelled")?,
        },
        required_failed: get(row, "required_failed")?,
        halt_epoch: Epoch(get::<i64>(row, "halt_epoch")? as u64),
        degraded: get(row, "degraded")?,
        reason: get(row, "reason")?,
        created_at: UnixMicros(get(row, "created_at")?),
        started_at: get::<Option<i64>>(row, "started_at")?.map(UnixMicros),
        finished_at: get::<Option<i64>>(row, "finished_at")?.map(UnixMicros),
    };
    let chain = Chain {
        seq: get::<i64>(row, "last_seq")? as u64,
        hash: get(row, "last_hash")?,
    };
    Ok((run, chain))
}

pub(super) fn task_of(row: &Row<'_>) -> Result<Task, RunStoreError> {
    let plan: String = get(row, "plan")?;
    let plan: TaskPlan = serde_json::from_str(&plan).map_err(|_| damaged("a plan", &plan))?;
    let owner: Option<String> = get(row, "lease_owner")?;
    let lease = owner
        .map(|owner| {
            Ok::<_, RunStoreError>(Lease {
                owner: owner.parse().map_err(|_| damaged("lease_owner", &owner))?,
                until: UnixMicros(get(row, "lease_until")?),
            })
        })
        .transpose()?;
    let skip: Option<String> = get(row, "skip_code")?;
    let skip = skip
        .map(|code| SkipReason::parse(&code).ok_or_else(|| damaged("skip_code", &code)))
        .transpose()?;
    Ok(Task {
        no: TaskNo(get(row, "no")?),
        plan,
        state: word(row, "state", TaskState::parse)?,
        waiting: get(row, "waiting")?,
        skip,
        detail: get(row, "detail")?,
        attempt: get(row, "attempt")?,
        failures: get(row, "failures")?,
        ready_at: UnixMicros(get(row, "ready_at")?),
        fence: Fence(get::<i64>(row, "fence")? as u64),
        lease,
        output: get(row, "output_ref")?,
    })
}

pub(super) fn run_id(row: &Row<'_>) -> Result<RunId, RunStoreError> {
    word(row, "run_id", |text| text.parse().ok())
}

pub(super) fn get<T: rusqlite::types::FromSql>(
    row: &Row<'_>,
    column: &'static str,
) -> Result<T, RunStoreError> {
    row.get(column).map_err(storage("read"))
}

fn word<T>(
    row: &Row<'_>,
    column: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, RunStoreError> {
    let text: String = get(row, column)?;
    parse(&text).ok_or_else(|| damaged(column, &text))
}

fn damaged(what: &str, text: &str) -> RunStoreError {
    let begins: String = text.chars().take(60).collect();
    RunStoreError::Damaged(format!("{what} reads `{begins}`"))
}
