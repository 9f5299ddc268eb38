//! The database inside the writer's transaction, as the place of a unit.

use fondaco_app::ports::records::{Record, RecordKind};
use fondaco_app::ports::runs::{IdempotencyKey, RunStoreError};
use fondaco_app::ports::schedules::Schedule;
use fondaco_domain::halt::{Halt, Scope};
use fondaco_domain::task::{Task, TaskNo, TaskState};
use fondaco_domain::{RunId, UnixMicros, WorkerId};
use rusqlite::{Connection, ToSql, params};

use super::bodies::Bodies;
use super::rows::{self, columns};
use super::statement::{all, json, one, run_id, run_sql, value};
use super::{records, write};
use crate::runs::unit::{Backend, Changes, RunRow, Wanted};

/// The connection of the writer, in a transaction.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) connection: &'a Connection,
    pub(super) bodies: &'a Bodies,
}

impl Backend for Place<'_> {
    fn runs(&mut self, ids: &[RunId]) -> Result<Vec<RunRow>, RunStoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.extend(run(self.connection, *id)?);
        }
        Ok(found)
    }

    fn tasks(&mut self, names: &[(RunId, TaskNo)]) -> Result<Vec<(RunId, Task)>, RunStoreError> {
        let sql = concat!(
            "select ",
            columns!(task),
            " from task where run_id = ?1 and no = ?2"
        );
        let mut found = Vec::with_capacity(names.len());
        for (run, no) in names {
            let params = params![run.to_string(), no.0];
            let task = one(self.connection, sql, params, rows::task)?;
            found.extend(task.map(|task| (*run, task)));
        }
        Ok(found)
    }

    fn dependents(
        &mut self,
        names: &[(RunId, TaskNo)],
    ) -> Result<Vec<(RunId, TaskNo, TaskNo)>, RunStoreError> {
        let sql = "select no from task_need where run_id = ?1 and need = ?2 order by no";
        let mut found = Vec::new();
        for (run, need) in names {
            let who = all(
                self.connection,
                sql,
                params![run.to_string(), need.0],
                |row| row.get().map(TaskNo),
            )?;
            found.extend(who.into_iter().map(|no| (*run, *need, no)));
        }
        Ok(found)
    }

    fn in_states(
        &mut self,
        run: RunId,
        states: &[TaskState],
        limit: usize,
    ) -> Result<Vec<TaskNo>, RunStoreError> {
        // Those that are held have an index of their own.
        let sql = if states.iter().all(|state| state.is_held()) {
            "select no from task where run_id = ?1 and state in('leased','running')
             and state in(select value from json_each(?2)) order by no limit ?3"
        } else {
            "select no from task where run_id = ?1
             and state in(select value from json_each(?2)) order by no limit ?3"
        };
        let names: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        let params = params![run.to_string(), json(&names)?, most(limit)];
        all(self.connection, sql, params, |row| row.get().map(TaskNo))
    }

    fn known_key(&mut self, run: RunId, keys: &[&str]) -> Result<Option<String>, RunStoreError> {
        let sql = "select step_key from task where run_id = ?1
                   and step_key in(select value from json_each(?2)) limit 1";
        let params = params![run.to_string(), json(&keys)?];
        one(self.connection, sql, params, value)
    }

    fn key_holder(&mut self, key: &str) -> Result<Option<RunId>, RunStoreError> {
        key_holder(self.connection, key)
    }

    fn run_of_key(&mut self, key: &IdempotencyKey) -> Result<Option<RunId>, RunStoreError> {
        let sql = "select run_id from run where idem_scope = ?1 and idem_key = ?2";
        let params = params![key.scope, key.key];
        one(self.connection, sql, params, run_id)
    }

    fn halts(&mut self) -> Result<Vec<Halt>, RunStoreError> {
        halts(self.connection)
    }

    fn ready(&mut self, wanted: &Wanted<'_>) -> Result<Vec<(RunId, Task)>, RunStoreError> {
        let mut found: Vec<(i64, RunId, Task)> = Vec::new();
        for queue in wanted.queues {
            for kind in wanted.kinds {
                self.ready_of(queue, kind.as_str(), wanted, &mut found)?;
            }
        }
        found.sort_by_key(|(priority, run, task)| (-priority, task.ready_at, *run, task.no));
        found.dedup_by_key(|(_, run, task)| (*run, task.no));
        found.truncate(wanted.limit);
        Ok(found
            .into_iter()
            .map(|(_, run, task)| (run, task))
            .collect())
    }

    fn covered(
        &mut self,
        scopes: &[Scope],
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunRow>, RunStoreError> {
        let sql = concat!(
            "select ",
            columns!(run),
            " from run where state in('queued','running','halting')
             and run_id > ?1 and exists(select 1 from json_each(?2) where value in('global',
             'tenant:' || tenant, 'kind:' || kind, 'strategy:' || strategy,
             'spec:' || spec_hash, 'run:' || run_id)) order by run_id limit ?3"
        );
        let after = after.map_or_else(String::new, |id| id.to_string());
        let params = params![after, names(scopes)?, most(limit)];
        all(self.connection, sql, params, rows::run)
    }

    fn schedule(&mut self, name: &str) -> Result<Option<Schedule>, RunStoreError> {
        let sql = concat!(
            "select ",
            columns!(schedule),
            " from schedule s join spec_version v using(spec_hash) where s.name = ?1"
        );
        one(self.connection, sql, [name], |row| {
            rows::schedule(row, self.bodies)
        })
    }

    fn has_fired(&mut self, name: &str, at: UnixMicros) -> Result<bool, RunStoreError> {
        let sql = "select 1 from schedule_fire where name = ?1 and at = ?2";
        let known = one(self.connection, sql, params![name, at.0], |_| Ok(()))?;
        Ok(known.is_some())
    }

    fn newest_record(
        &mut self,
        kind: RecordKind,
        name: &str,
    ) -> Result<Option<Record>, RunStoreError> {
        records::newest(self.connection, kind, name)
    }

    fn add_schedule(&mut self, schedule: &Schedule) -> Result<(), RunStoreError> {
        write::new_schedule(*self, schedule)
    }

    fn pause_schedule(
        &mut self,
        name: &str,
        paused: bool,
        next: Option<UnixMicros>,
    ) -> Result<(), RunStoreError> {
        let sql = "update schedule set paused = ?2, next = ?3 where name = ?1";
        let params = params![name, paused, next.map(|at| at.0)];
        run_sql(self.connection, sql, params)?;
        Ok(())
    }

    fn remove_schedule(&mut self, name: &str) -> Result<(), RunStoreError> {
        let sql = "delete from schedule where name = ?1";
        run_sql(self.connection, sql, [name])?;
        Ok(())
    }

    fn add_record(&mut self, record: &Record) -> Result<u64, RunStoreError> {
        records::add(self.connection, record)
    }

    fn apply(&mut self, changes: &Changes<'_>) -> Result<(), RunStoreError> {
        write::apply(*self, changes)
    }

    fn saw(&mut self, worker: WorkerId, at: UnixMicros) -> Result<(), RunStoreError> {
        let sql = "update worker set seen = ?2 where worker_id = ?1 and seen + 1000000 <= ?2";
        run_sql(self.connection, sql, params![worker.to_string(), at.0])?;
        Ok(())
    }

    fn remove(&mut self, run: RunId) -> Result<(), RunStoreError> {
        for sql in [
            "insert into removed(run_id) values(?1)",
            "delete from outbox where seq in(select seq from event where run_id = ?1)",
            "delete from event where run_id = ?1",
            "delete from attempt where run_id = ?1",
            "delete from task_need where run_id = ?1",
            "delete from task where run_id = ?1",
            "delete from run where run_id = ?1",
            "delete from removed where run_id = ?1",
        ] {
            run_sql(self.connection, sql, [run.to_string()])?;
        }
        Ok(())
    }
}

/// Conditions are left out where they say nothing: one on a parameter alone
/// has the library plan the statement anew each time.
const READY: &str = concat!(
    "select task.run_id, task.priority, ",
    columns!(task),
    " from task cross join run r on r.run_id = task.run_id
      where task.state = 'ready' and task.queue = ? and task.kind = ? and task.ready_at <= ?
      and r.state in('queued','running')
      and (r.concurrency_key is null or not exists(select 1 from run h
           where h.concurrency_key = r.concurrency_key and h.concurrency_key is not null
           and h.started_at is not null and h.finished_at is null and h.run_id <> r.run_id))"
);
const AND_NOT_HALTED: &str = " and not exists(select 1 from json_each(?) where value in(
    'tenant:' || r.tenant, 'kind:' || r.kind, 'strategy:' || r.strategy,
    'spec:' || r.spec_hash, 'run:' || r.run_id))";
const BEST_FIRST: &str =
    " order by task.priority desc, task.ready_at, task.run_id, task.no limit ?";

impl Place<'_> {
    /// The best of one queue and one kind, which an index has in order.
    fn ready_of(
        &self,
        queue: &str,
        kind: &str,
        wanted: &Wanted<'_>,
        found: &mut Vec<(i64, RunId, Task)>,
    ) -> Result<(), RunStoreError> {
        let passed_over: Vec<String> = wanted.passed_over.iter().map(RunId::to_string).collect();
        let (run, limit) = (wanted.run.map(|run| run.to_string()), most(wanted.limit));
        let (passed_over, halted) = (json(&passed_over)?, names(wanted.halted)?);
        let mut sql = String::from(READY);
        let mut values: Vec<&dyn ToSql> = vec![&queue, &kind, &wanted.now.0];
        if run.is_some() {
            sql.push_str(" and task.run_id = ?");
            values.push(&run);
        }
        if !wanted.passed_over.is_empty() {
            sql.push_str(" and task.run_id not in(select value from json_each(?))");
            values.push(&passed_over);
        }
        if !wanted.halted.is_empty() {
            sql.push_str(AND_NOT_HALTED);
            values.push(&halted);
        }
        sql.push_str(BEST_FIRST);
        values.push(&limit);
        found.extend(all(self.connection, &sql, &*values, |row| {
            let run = row.run_id()?;
            Ok((row.get()?, run, rows::task(row)?))
        })?);
        Ok(())
    }
}

pub(super) fn run(connection: &Connection, id: RunId) -> Result<Option<RunRow>, RunStoreError> {
    let sql = concat!("select ", columns!(run), " from run where run_id = ?1");
    one(connection, sql, [id.to_string()], rows::run)
}

pub(super) fn key_holder(
    connection: &Connection,
    key: &str,
) -> Result<Option<RunId>, RunStoreError> {
    let sql = "select run_id from run where concurrency_key = ?1 and concurrency_key is not null
               and started_at is not null and finished_at is null";
    one(connection, sql, [key], run_id)
}

pub(super) fn halts(connection: &Connection) -> Result<Vec<Halt>, RunStoreError> {
    let sql = concat!("select ", columns!(halt), " from halt");
    let mut halts = all(connection, sql, [], rows::halt)?;
    halts.sort_by(|one, other| one.scope.cmp(&other.scope));
    Ok(halts)
}

/// As many as a statement can be asked for.
pub(super) fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn names(scopes: &[Scope]) -> Result<String, RunStoreError> {
    let names: Vec<String> = scopes.iter().map(Scope::to_string).collect();
    json(&names)
}
