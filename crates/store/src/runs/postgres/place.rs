//! The database as a unit sees it, inside one transaction.

use std::collections::BTreeMap;

use fondaco_app::ports::records::{Record, RecordKind};
use fondaco_app::ports::runs::{IdempotencyKey, RunStoreError};
use fondaco_app::ports::schedules::Schedule;
use fondaco_domain::halt::{Halt, Scope};
use fondaco_domain::task::{Task, TaskKind, TaskNo, TaskState};
use fondaco_domain::{RunId, UnixMicros, WorkerId};

use super::link::Link;
use super::rows::{
    all, damaged, get, halt_of, run_columns, run_id, run_of, schedule_of, task_columns, task_no,
    task_of,
};
use super::text::put;
use super::{records, write};
use crate::runs::unit::{Backend, Changes, RunRow, Wanted};

/// One transaction that has begun. Every row of a run, its tasks and its
/// events are read and written under the lock of the run's own row.
pub(super) struct Place<'a> {
    pub(super) link: &'a mut Link,
    /// Events written so far.
    pub(super) written: i64,
    /// Who was seen, and when last.
    pub(super) seen: BTreeMap<WorkerId, UnixMicros>,
}

impl<'a> Place<'a> {
    pub(super) fn new(link: &'a mut Link) -> Self {
        Self {
            link,
            written: 0,
            seen: BTreeMap::new(),
        }
    }

    /// The best of one queue.
    fn ready_of(
        &mut self,
        queue: &str,
        wanted: &Wanted<'_>,
    ) -> Result<Vec<Candidate>, RunStoreError> {
        // What another transaction holds is passed over and not waited for:
        // it is being decided there.
        let sql = "select q.run_id::text, q.no, q.priority, q.ready_at
             from ready_task q join run r on r.run_id = q.run_id
             where q.queue = $1 and q.kind = any($2) and q.ready_at <= $3
             and ($4::text::uuid is null or q.run_id = $4::text::uuid)
             and q.run_id <> all($5::text[]::uuid[])
             and r.state in('queued','running') and not r.scopes && $6::text[]
             and (r.concurrency_key is null or r.started_at is not null or not exists(
                  select from run h where h.concurrency_key = r.concurrency_key
                  and h.started_at is not null and h.finished_at is null))
             order by q.priority desc, q.ready_at, q.run_id, q.no limit $7
             for update of q, r skip locked";
        let kinds: Vec<&str> = wanted
            .kinds
            .iter()
            .map(|kind: &TaskKind| kind.as_str())
            .collect();
        let rows = self.link.query(
            sql,
            &[
                &put(queue),
                &kinds,
                &wanted.now.0,
                &wanted.run.map(|id| id.to_string()),
                &texts(wanted.passed_over),
                &scopes(wanted.halted),
                &(wanted.limit as i64),
            ],
        )?;
        all(&rows, |row| {
            Ok(Candidate {
                less: -get::<i64>(row, "priority")?,
                ready_at: get(row, "ready_at")?,
                name: (run_id(row)?, task_no(row, "no")?),
            })
        })
    }
}

/// Sorts as tasks are given out: the best first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    less: i64,
    ready_at: i64,
    name: (RunId, TaskNo),
}

impl Backend for Place<'_> {
    /// Locks them, in one order, so that two transactions wait for each other
    /// in one direction only.
    fn runs(&mut self, ids: &[RunId]) -> Result<Vec<RunRow>, RunStoreError> {
        let sql = concat!(
            "select ",
            run_columns!(),
            " from unnest($1::text[]::uuid[]) as wanted(run_id)
             join run r on r.run_id = wanted.run_id order by r.run_id for update of r"
        );
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        let rows = self.link.query(sql, &[&texts(&ids)])?;
        all(&rows, run_of)
    }

    fn tasks(&mut self, names: &[(RunId, TaskNo)]) -> Result<Vec<(RunId, Task)>, RunStoreError> {
        let sql = concat!(
            "select ",
            task_columns!(),
            " from unnest($1::text[]::uuid[], $2::bigint[]) as wanted(run_id, no)
             join task t on t.run_id = wanted.run_id and t.no = wanted.no"
        );
        let (ids, nos) = columns(names);
        all(&self.link.query(sql, &[&ids, &nos])?, task_of)
    }

    fn dependents(
        &mut self,
        names: &[(RunId, TaskNo)],
    ) -> Result<Vec<(RunId, TaskNo, TaskNo)>, RunStoreError> {
        let sql = "select n.run_id::text, n.need, n.no
                   from unnest($1::text[]::uuid[], $2::bigint[]) as wanted(run_id, need)
                   join task_need n on n.run_id = wanted.run_id and n.need = wanted.need";
        let (ids, nos) = columns(names);
        let rows = self.link.query(sql, &[&ids, &nos])?;
        let mut found = all(&rows, |row| {
            Ok((run_id(row)?, task_no(row, "need")?, task_no(row, "no")?))
        })?;
        found.sort_unstable();
        Ok(found)
    }

    fn in_states(
        &mut self,
        run: RunId,
        states: &[TaskState],
        limit: usize,
    ) -> Result<Vec<TaskNo>, RunStoreError> {
        let sql = "select no from task where run_id = $1::text::uuid and state = any($2)
                   order by no limit $3";
        let names: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.link.query(sql, &[&run.to_string(), &names, &limit])?;
        all(&rows, |row| task_no(row, "no"))
    }

    fn known_key(&mut self, run: RunId, keys: &[&str]) -> Result<Option<String>, RunStoreError> {
        // A lookup per key, however many tasks the run has.
        let sql =
            "select t.step_key from unnest($1::text[]::uuid[], $2::text[]) as k(run_id, step_key)
                   join task t on t.run_id = k.run_id and t.step_key = k.step_key limit 1";
        let runs = vec![run.to_string(); keys.len()];
        let keys: Vec<_> = keys.iter().map(|key| put(key)).collect();
        let rows = self.link.query(sql, &[&runs, &keys])?;
        let key = |row| Ok(super::text::get(get(row, "step_key")?));
        rows.first().map(key).transpose()
    }

    fn key_holder(&mut self, key: &str) -> Result<Option<RunId>, RunStoreError> {
        let rows = self.link.query(KEY_HOLDER, &[&put(key)])?;
        rows.first().map(run_id).transpose()
    }

    fn run_of_key(&mut self, key: &IdempotencyKey) -> Result<Option<RunId>, RunStoreError> {
        let sql = "select run_id::text from run where idem_scope = $1 and idem_key = $2";
        let key = (put(&key.scope), put(&key.key));
        let rows = self.link.query(sql, &[&key.0, &key.1])?;
        rows.first().map(run_id).transpose()
    }

    fn halts(&mut self) -> Result<Vec<Halt>, RunStoreError> {
        all(&self.link.query(HALTS, &[])?, halt_of)
    }

    fn ready(&mut self, wanted: &Wanted<'_>) -> Result<Vec<(RunId, Task)>, RunStoreError> {
        let mut queues: Vec<&String> = wanted.queues.iter().collect();
        queues.sort_unstable();
        queues.dedup();
        let mut best = Vec::new();
        for queue in queues {
            best.extend(self.ready_of(queue, wanted)?);
        }
        if best.is_empty() {
            return Ok(Vec::new());
        }
        best.sort_unstable();
        best.truncate(wanted.limit);
        let names: Vec<_> = best.iter().map(|one| one.name).collect();
        let found = self.tasks(&names)?.into_iter();
        let mut tasks: BTreeMap<_, _> = found.map(|(run, task)| ((run, task.no), task)).collect();
        let in_order = names.into_iter().map(|name| match tasks.remove(&name) {
            Some(task) => Ok((name.0, task)),
            None => Err(damaged(format!(
                "task {} of run {} is ready and not there",
                name.1.0, name.0
            ))),
        });
        in_order.collect()
    }

    fn covered(
        &mut self,
        halted: &[Scope],
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunRow>, RunStoreError> {
        let sql = concat!(
            "select ",
            run_columns!(),
            " from run r where r.finished_at is null and r.state in('queued','running','halting')
             and r.scopes && $1::text[] and ($2::text::uuid is null or r.run_id > $2::text::uuid)
             order by r.run_id limit $3 for update"
        );
        let after = after.map(|id| id.to_string());
        let rows = self
            .link
            .query(sql, &[&scopes(halted), &after, &(limit as i64)])?;
        all(&rows, run_of)
    }

    fn schedule(&mut self, name: &str) -> Result<Option<Schedule>, RunStoreError> {
        let sql = "select name, timing, spec, new_run, paused, next_at, since from schedule
                   where name = $1 for update";
        let rows = self.link.query(sql, &[&put(name)])?;
        rows.first().map(schedule_of).transpose()
    }

    fn has_fired(&mut self, name: &str, at: UnixMicros) -> Result<bool, RunStoreError> {
        let sql = "select from schedule_fire where name = $1 and at = $2";
        Ok(!self.link.query(sql, &[&put(name), &at.0])?.is_empty())
    }

    fn newest_record(
        &mut self,
        kind: RecordKind,
        name: &str,
    ) -> Result<Option<Record>, RunStoreError> {
        records::lock(self.link)?;
        records::newest(self.link, kind, name)
    }

    fn add_schedule(&mut self, schedule: &Schedule) -> Result<(), RunStoreError> {
        write::new_schedule(self.link, schedule)
    }

    fn pause_schedule(
        &mut self,
        name: &str,
        paused: bool,
        next: Option<UnixMicros>,
    ) -> Result<(), RunStoreError> {
        let sql = "update schedule set paused = $2, next_at = $3 where name = $1";
        let next = next.map(|at| at.0);
        self.link.execute(sql, &[&put(name), &paused, &next])?;
        Ok(())
    }

    fn remove_schedule(&mut self, name: &str) -> Result<(), RunStoreError> {
        let sql = "delete from schedule where name = $1";
        self.link.execute(sql, &[&put(name)])?;
        Ok(())
    }

    fn add_record(&mut self, record: &Record) -> Result<u64, RunStoreError> {
        records::add(self.link, record)
    }

    fn apply(&mut self, changes: &Changes<'_>) -> Result<(), RunStoreError> {
        write::apply(self, changes)
    }

    /// Written with the commit: see [`Place::end`].
    fn saw(&mut self, worker: WorkerId, at: UnixMicros) -> Result<(), RunStoreError> {
        let last = self.seen.entry(worker).or_insert(at);
        *last = at.max(*last);
        Ok(())
    }

    fn remove(&mut self, run: RunId) -> Result<(), RunStoreError> {
        let id = run.to_string();
        let allow = "select set_config('fondaco.removes', $1, true)";
        self.link.query(allow, &[&"a run"])?;
        for sql in [
            "delete from event where run_id = $1::text::uuid",
            "delete from attempt where run_id = $1::text::uuid",
            "delete from ready_task where run_id = $1::text::uuid",
            "delete from task_need where run_id = $1::text::uuid",
            "delete from task where run_id = $1::text::uuid",
            "delete from run where run_id = $1::text::uuid",
        ] {
            self.link.execute(sql, &[&id])?;
        }
        self.link.query(allow, &[&""])?;
        Ok(())
    }
}

impl Place<'_> {
    /// Writes what waited for the end.
    pub(super) fn end(&mut self) -> Result<(), RunStoreError> {
        if self.seen.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = self.seen.keys().map(ToString::to_string).collect();
        let ats: Vec<i64> = self.seen.values().map(|at| at.0).collect();
        let sql = "update worker w set seen = s.at
                   from unnest($1::text[]::uuid[], $2::bigint[]) as s(worker_id, at)
                   where w.worker_id = s.worker_id and w.seen <= s.at - 1000000";
        self.link.execute(sql, &[&ids, &ats])?;
        self.seen.clear();
        Ok(())
    }
}

pub(super) const HALTS: &str = "select scope, epoch, mode, reason, actor, at from halt";
pub(super) const KEY_HOLDER: &str = "select run_id::text from run where concurrency_key = $1
    and started_at is not null and finished_at is null limit 1";

/// Ids as the parameters take them.
pub(super) fn texts<T: ToString>(ids: &[T]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// The same for scopes, which hold names that people chose.
fn scopes(scopes: &[Scope]) -> Vec<String> {
    let names = scopes.iter().map(ToString::to_string);
    names.map(|name| put(&name).into_owned()).collect()
}

pub(super) fn columns(names: &[(RunId, TaskNo)]) -> (Vec<String>, Vec<i64>) {
    names
        .iter()
        .map(|(run, no)| (run.to_string(), i64::from(no.0)))
        .unzip()
}
