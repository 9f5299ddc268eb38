//! All that a unit changed, in few statements.

use std::collections::BTreeMap;

use fondaco_app::ports::runs::{INLINE, RunStoreError};
use fondaco_app::ports::schedules::Schedule;
use fondaco_domain::halt::Halt;
use fondaco_domain::run::{Recorded, Run};
use fondaco_domain::task::{Task, TaskNo, TaskState};
use fondaco_domain::{ContentHash, RunId};
use serde_json::{Value, json};

use super::link::Link;
use super::place::Place;
use super::rows::damaged;
use super::text::put;
use crate::runs::unit::{AttemptChange, AttemptKey, Changes, RunRow, Tick};

/// Of the number of an event in the feed, so many bits are its place in its
/// transaction: there is room for 2^44 transactions of a million events.
pub(super) const PLACE_BITS: u32 = 20;

pub(super) fn apply(place: &mut Place<'_>, changes: &Changes<'_>) -> Result<(), RunStoreError> {
    specs(place.link, changes.specs)?;
    new_runs(place.link, &changes.new_runs)?;
    runs(place.link, &changes.runs)?;
    new_tasks(place.link, &changes.new_tasks)?;
    tasks(place.link, &changes.tasks)?;
    attempts(place.link, &changes.attempts)?;
    events(place, changes.events)?;
    for halt in changes.halts {
        latch(place.link, halt)?;
    }
    for tick in changes.ticks {
        fired(place.link, tick)?;
    }
    Ok(())
}

fn specs(link: &mut Link, specs: &[(ContentHash, String)]) -> Result<(), RunStoreError> {
    if specs.is_empty() {
        return Ok(());
    }
    // In one order, so that two transactions that add the same do not wait
    // for each other in both directions.
    let sorted: BTreeMap<&str, &str> = specs
        .iter()
        .map(|(hash, body)| (hash.as_str(), body.as_str()))
        .collect();
    let hashes: Vec<&str> = sorted.keys().copied().collect();
    let bodies: Vec<_> = sorted.values().map(|body| put(body)).collect();
    let sql = "insert into spec_version(spec_hash, body)
               select * from unnest($1::text[], $2::text[]) on conflict do nothing";
    link.execute(sql, &[&hashes, &bodies])?;
    Ok(())
}

fn new_runs(link: &mut Link, rows: &[&RunRow]) -> Result<(), RunStoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let sql = "insert into run(run_id, kind, spec_hash, rule, tenant, strategy, idem_scope,
            idem_key, idem_fingerprint, queue, priority, concurrency_key, deadline_at, parent_run,
            state, planned, degraded, required_failed, required_completed, halt_epoch, reason,
            n_total, n_pending, n_running, n_completed, n_failed, n_skipped, n_cancelled, last_seq,
            last_hash, created_at, started_at, finished_at)
        select run_id, kind, spec_hash, rule, tenant, strategy, idem_scope,
            idem_key, idem_fingerprint, queue, priority, concurrency_key, deadline_at, parent_run,
            state, planned, degraded, required_failed, required_completed, halt_epoch, reason,
            n_total, n_pending, n_running, n_completed, n_failed, n_skipped, n_cancelled, last_seq,
            last_hash, created_at, started_at, finished_at
        from json_populate_recordset(null::run, $1)";
    link.execute(
        sql,
        &[&rows.iter().map(|row| whole(row)).collect::<Value>()],
    )?;
    Ok(())
}

fn runs(link: &mut Link, rows: &[&RunRow]) -> Result<(), RunStoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let sql = "update run r set state = u.state, planned = u.planned, degraded = u.degraded,
            required_failed = u.required_failed, required_completed = u.required_completed,
            halt_epoch = u.halt_epoch, reason = u.reason,
            n_total = u.n_total, n_pending = u.n_pending, n_running = u.n_running,
            n_completed = u.n_completed, n_failed = u.n_failed, n_skipped = u.n_skipped,
            n_cancelled = u.n_cancelled, last_seq = u.last_seq, last_hash = u.last_hash,
            started_at = u.started_at, finished_at = u.finished_at
        from json_populate_recordset(null::run, $1) u where r.run_id = u.run_id";
    link.execute(
        sql,
        &[&rows.iter().map(|row| moving(row)).collect::<Value>()],
    )?;
    Ok(())
}

/// The columns of a run that change.
fn moving(row: &RunRow) -> Value {
    let run = &row.run;
    json!({
        "run_id": run.id, "state": run.state.as_str(), "planned": run.planned,
        "degraded": run.degraded, "required_failed": run.required_failed,
        "required_completed": run.required_completed,
        "halt_epoch": run.halt_epoch.0, "reason": run.reason.as_deref().map(put),
        "n_total": run.counts.total, "n_pending": run.counts.pending,
        "n_running": run.counts.running, "n_completed": run.counts.completed,
        "n_failed": run.counts.failed, "n_skipped": run.counts.skipped,
        "n_cancelled": run.counts.cancelled, "last_seq": row.chain.seq,
        "last_hash": row.chain.hash, "started_at": run.started_at.map(|at| at.0),
        "finished_at": run.finished_at.map(|at| at.0),
    })
}

/// All columns of a run.
fn whole(row: &RunRow) -> Value {
    let new = &row.run.new;
    let fixed = json!({
        "kind": new.kind.as_str(), "spec_hash": new.spec.as_str(), "rule": new.rule.as_str(),
        "tenant": put(&new.tenant), "strategy": new.strategy.as_deref().map(put),
        "idem_scope": row.key.as_ref().map(|key| put(&key.scope)),
        "idem_key": row.key.as_ref().map(|key| put(&key.key)),
        "idem_fingerprint": row.fingerprint.as_str(), "queue": put(&new.queue),
        "priority": new.priority, "concurrency_key": new.concurrency_key.as_deref().map(put),
        "deadline_at": new.deadline.map(|at| at.0), "parent_run": new.parent,
        "created_at": row.run.created_at.0,
    });
    let mut columns = moving(row);
    if let (Value::Object(columns), Value::Object(fixed)) = (&mut columns, fixed) {
        columns.extend(fixed);
    }
    columns
}

fn new_tasks(link: &mut Link, tasks: &[(&Run, &Task)]) -> Result<(), RunStoreError> {
    if tasks.is_empty() {
        return Ok(());
    }
    let columns = TaskColumns::of(tasks.iter().map(|(run, task)| (run.id, *task)));
    let plan = |(_, task): &(&Run, &Task)| serde_json::to_string(&task.plan).map_err(damaged);
    let plans: Vec<String> = tasks.iter().map(plan).collect::<Result<_, _>>()?;
    let keys: Vec<_> = tasks.iter().map(|(_, task)| put(&task.plan.key)).collect();
    let sql = "insert into task(run_id, no, step_key, plan, state, waiting, skip_code, detail,
            attempt, failures, ready_at, fence, lease_owner, lease_until, output_ref)
        select id::uuid, no, key, plan, state, waiting, skip, detail, attempt, failures, ready_at,
            fence, owner::uuid, until, output
        from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[],
            $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::bigint[],
            $13::text[], $14::text[], $15::text[])
        as u(id, no, state, waiting, skip, detail, attempt, failures, ready_at, fence, owner,
            until, output, key, plan)";
    let mut params = columns.params();
    params.extend([&keys as super::link::Param<'_>, &plans]);
    link.execute(sql, &params)?;
    needs(link, tasks)?;
    let ready = tasks
        .iter()
        .filter(|(_, task)| task.state == TaskState::Ready);
    now_ready(link, ready.map(|(run, task)| (run.id, *task)))
}

fn needs(link: &mut Link, tasks: &[(&Run, &Task)]) -> Result<(), RunStoreError> {
    let pairs = tasks.iter().flat_map(|(run, task)| {
        let needs = task.plan.needs.iter();
        needs.map(|need| ((run.id, *need), i64::from(task.no.0)))
    });
    let (needed, nos): (Vec<(RunId, TaskNo)>, Vec<i64>) = pairs.unzip();
    if needed.is_empty() {
        return Ok(());
    }
    let (ids, needs) = super::place::columns(&needed);
    let sql = "insert into task_need(run_id, need, no)
               select id::uuid, need, no from unnest($1::text[], $2::bigint[], $3::bigint[])
               as u(id, need, no)";
    link.execute(sql, &[&ids, &needs, &nos])?;
    Ok(())
}

fn tasks(link: &mut Link, tasks: &[(RunId, &Task)]) -> Result<(), RunStoreError> {
    if tasks.is_empty() {
        return Ok(());
    }
    let columns = TaskColumns::of(tasks.iter().copied());
    let sql = "update task t set state = u.state, waiting = u.waiting, skip_code = u.skip,
            detail = u.detail, attempt = u.attempt, failures = u.failures, ready_at = u.ready_at,
            fence = u.fence, lease_owner = u.owner::uuid, lease_until = u.until,
            output_ref = u.output
        from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[],
            $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::bigint[],
            $13::text[])
        as u(id, no, state, waiting, skip, detail, attempt, failures, ready_at, fence, owner,
            until, output)
        where t.run_id = u.id::uuid and t.no = u.no";
    link.execute(sql, &columns.params())?;
    let (ready, others): (Vec<_>, Vec<_>) = tasks
        .iter()
        .partition(|(_, task)| task.state == TaskState::Ready);
    no_longer_ready(link, &others)?;
    now_ready(link, ready.into_iter())
}

fn no_longer_ready(link: &mut Link, tasks: &[(RunId, &Task)]) -> Result<(), RunStoreError> {
    if tasks.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = tasks.iter().map(|(run, task)| (*run, task.no)).collect();
    let (ids, nos) = super::place::columns(&names);
    let sql = "delete from ready_task q using unnest($1::text[], $2::bigint[]) as u(id, no)
               where q.run_id = u.id::uuid and q.no = u.no";
    link.execute(sql, &[&ids, &nos])?;
    Ok(())
}

fn now_ready<'t>(
    link: &mut Link,
    tasks: impl Iterator<Item = (RunId, &'t Task)>,
) -> Result<(), RunStoreError> {
    let (names, columns): (Vec<_>, Vec<_>) = tasks
        .map(|(run, task)| {
            let plan = &task.plan;
            let priority = i64::from(plan.priority);
            (
                (run, task.no),
                (plan.kind.as_str(), (priority, task.ready_at.0)),
            )
        })
        .unzip();
    if names.is_empty() {
        return Ok(());
    }
    let (kinds, numbers): (Vec<&str>, Vec<(i64, i64)>) = columns.into_iter().unzip();
    let (priorities, ready_at): (Vec<i64>, Vec<i64>) = numbers.into_iter().unzip();
    let (ids, nos) = super::place::columns(&names);
    let sql = "insert into ready_task(run_id, no, queue, kind, priority, ready_at)
        select r.run_id, u.no, r.queue, u.kind, r.priority + u.priority, u.ready_at
        from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
        as u(id, no, kind, priority, ready_at) join run r on r.run_id = u.id::uuid
        on conflict(run_id, no) do update set ready_at = excluded.ready_at";
    link.execute(sql, &[&ids, &nos, &kinds, &priorities, &ready_at])?;
    Ok(())
}

/// Tasks by column.
#[derive(Default)]
struct TaskColumns<'a> {
    ids: Vec<String>,
    nos: Vec<i64>,
    states: Vec<&'static str>,
    waiting: Vec<i64>,
    skips: Vec<Option<&'static str>>,
    details: Vec<Option<std::borrow::Cow<'a, str>>>,
    attempts: Vec<i64>,
    failures: Vec<i64>,
    ready_at: Vec<i64>,
    fences: Vec<i64>,
    owners: Vec<Option<String>>,
    until: Vec<Option<i64>>,
    outputs: Vec<Option<std::borrow::Cow<'a, str>>>,
}

impl<'a> TaskColumns<'a> {
    fn of(tasks: impl Iterator<Item = (RunId, &'a Task)>) -> Self {
        let mut columns = Self::default();
        for (run, task) in tasks {
            columns.ids.push(run.to_string());
            columns.nos.push(i64::from(task.no.0));
            columns.states.push(task.state.as_str());
            columns.waiting.push(i64::from(task.waiting));
            columns
                .skips
                .push(task.skip.map(fondaco_domain::task::SkipReason::as_str));
            columns.details.push(task.detail.as_deref().map(put));
            columns.attempts.push(i64::from(task.attempt));
            columns.failures.push(i64::from(task.failures));
            columns.ready_at.push(task.ready_at.0);
            columns.fences.push(task.fence.0 as i64);
            let lease = task.lease.as_ref();
            columns
                .owners
                .push(lease.map(|lease| lease.owner.to_string()));
            columns.until.push(lease.map(|lease| lease.until.0));
            columns.outputs.push(task.output.as_deref().map(put));
        }
        columns
    }

    fn params(&self) -> Vec<super::link::Param<'_>> {
        vec![
            &self.ids,
            &self.nos,
            &self.states,
            &self.waiting,
            &self.skips,
            &self.details,
            &self.attempts,
            &self.failures,
            &self.ready_at,
            &self.fences,
            &self.owners,
            &self.until,
            &self.outputs,
        ]
    }
}

fn attempts(
    link: &mut Link,
    changes: &[(AttemptKey, &AttemptChange)],
) -> Result<(), RunStoreError> {
    // Their ends as they are: what is there replaces what was.
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for ((run, task, number), change) in changes {
        let name = json!({"run_id": run, "no": task.0, "number": number});
        match change {
            AttemptChange::New(attempt) => new.push(with(
                name,
                json!({
                    "fence": attempt.fence.0, "worker_id": attempt.worker,
                    "executor": attempt.external.as_ref().map(|one| put(&one.executor)),
                    "external_ref": attempt.external.as_ref()
                        .and_then(|one| one.reference.as_deref().map(put)),
                    "beats": attempt.beats, "progress": attempt.progress.as_deref().map(put),
                    "leased_at": attempt.leased_at.0,
                    "started_at": attempt.started_at.map(|at| at.0),
                    "ended_at": attempt.ended_at.map(|at| at.0),
                    "outcome": attempt.outcome, "error": attempt.error.as_deref().map(put),
                }),
            )),
            AttemptChange::Changed(patch) => changed.push(with(
                name,
                json!({
                    "worker_id": patch.worker,
                    "executor": patch.external.as_ref().map(|one| put(&one.executor)),
                    "external_ref": patch.external.as_ref()
                        .and_then(|one| one.reference.as_deref().map(put)),
                    "beats": patch.beats, "progress": patch.progress.as_deref().map(put),
                    "started_at": patch.started_at.map(|at| at.0),
                    "ended_at": patch.ended.as_ref().map(|(at, _, _)| at.0),
                    "outcome": patch.ended.as_ref().map(|(_, outcome, _)| outcome),
                    "error": patch.ended.as_ref()
                        .and_then(|(_, _, error)| error.as_deref().map(put)),
                }),
            )),
        }
    }
    if !new.is_empty() {
        let sql = "insert into attempt select * from json_populate_recordset(null::attempt, $1)";
        link.execute(sql, &[&Value::Array(new)])?;
    }
    if !changed.is_empty() {
        let sql = "update attempt a set worker_id = coalesce(u.worker_id, a.worker_id),
                executor = coalesce(u.executor, a.executor),
                external_ref = case when u.executor is null then a.external_ref
                                    else u.external_ref end,
                beats = a.beats + u.beats, progress = coalesce(u.progress, a.progress),
                started_at = coalesce(u.started_at, a.started_at),
                ended_at = coalesce(u.ended_at, a.ended_at),
                outcome = coalesce(u.outcome, a.outcome),
                error = case when u.outcome is null then a.error else u.error end
            from json_populate_recordset(null::attempt, $1) u
            where a.run_id = u.run_id and a.no = u.no and a.number = u.number";
        link.execute(sql, &[&Value::Array(changed)])?;
    }
    Ok(())
}

fn with(mut one: Value, more: Value) -> Value {
    if let (Value::Object(columns), Value::Object(more)) = (&mut one, more) {
        columns.extend(more);
    }
    one
}

fn events(place: &mut Place<'_>, events: &[(RunId, Recorded)]) -> Result<(), RunStoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let long = |event: &Recorded| event.body.len() > INLINE;
    let bodies = events.iter().filter(|(_, event)| long(event));
    keep_bodies(place.link, bodies.map(|(_, event)| event.body.as_bytes()))?;
    let count = events.len();
    let mut ids = Vec::with_capacity(count);
    let mut numbers: [Vec<i64>; 3] = Default::default();
    let mut tasks: Vec<Option<i64>> = Vec::with_capacity(count);
    let (mut types, mut actors) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let (mut inline, mut spilled) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let (mut prevs, mut hashes) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for (run, event) in events {
        place.written += 1;
        if place.written >> PLACE_BITS != 0 {
            return Err(RunStoreError::Storage {
                action: "write so many events at once into",
                source: format!("{} is the most in one transaction", place.written - 1).into(),
            });
        }
        ids.push(run.to_string());
        numbers[0].push(event.seq as i64);
        numbers[1].push(place.written);
        numbers[2].push(event.at.0);
        tasks.push(event.event.task().map(|no| i64::from(no.0)));
        types.push(event.event.type_name());
        actors.push(put(&event.actor));
        inline.push((!long(event)).then_some(event.body.as_str()));
        spilled.push(long(event).then(|| ContentHash::of(event.body.as_bytes()).to_string()));
        prevs.push(bytes(&event.prev)?);
        hashes.push(bytes(&event.hash)?);
    }
    let sql = "insert into event(run_id, run_seq, tx, tx_seq, task_no, type, v, at, actor, body,
            body_hash, prev_hash, hash)
        select id::uuid, seq, (select pg_current_xact_id()::text::bigint), tx_seq, task, type, 1,
            at, actor, body, body_hash, prev, hash
        from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
            $6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[], $11::bytea[])
        as u(id, seq, tx_seq, at, task, type, actor, body, body_hash, prev, hash)";
    let [seqs, places, ats] = &numbers;
    place.link.execute(
        sql,
        &[
            &ids, seqs, places, ats, &tasks, &types, &actors, &inline, &spilled, &prevs, &hashes,
        ],
    )?;
    Ok(())
}

/// Keeps bodies that are too long for a row.
pub(super) fn keep_bodies<'b>(
    link: &mut Link,
    bodies: impl Iterator<Item = &'b [u8]>,
) -> Result<(), RunStoreError> {
    let sorted: BTreeMap<String, &[u8]> = bodies
        .map(|body| (ContentHash::of(body).to_string(), body))
        .collect();
    if sorted.is_empty() {
        return Ok(());
    }
    let (hashes, bodies): (Vec<String>, Vec<&[u8]>) = sorted.into_iter().unzip();
    let sql = "insert into body(hash, bytes) select * from unnest($1::text[], $2::bytea[])
               on conflict do nothing";
    link.execute(sql, &[&hashes, &bodies])?;
    Ok(())
}

/// Hexadecimal digits as bytes.
fn bytes(hex: &str) -> Result<Vec<u8>, RunStoreError> {
    let pair = |at: usize| {
        hex.get(at..at + 2)
            .and_then(|two| u8::from_str_radix(two, 16).ok())
    };
    let pairs = (0..hex.len()).step_by(2).map(pair);
    let bytes: Option<Vec<u8>> = pairs.collect();
    bytes.ok_or_else(|| damaged(format!("`{hex}` is no hash")))
}

fn latch(link: &mut Link, halt: &Halt) -> Result<(), RunStoreError> {
    let sql = "insert into halt(scope, epoch, mode, reason, actor, at)
        values($1, $2, $3, $4, $5, $6)
        on conflict(scope) do update set epoch = excluded.epoch, mode = excluded.mode,
        reason = excluded.reason, actor = excluded.actor, at = excluded.at";
    let scope = halt.scope.to_string();
    link.execute(
        sql,
        &[
            &put(&scope),
            &(halt.epoch.0 as i64),
            &halt.mode.as_str(),
            &put(&halt.reason),
            &put(&halt.actor),
            &halt.at.0,
        ],
    )?;
    Ok(())
}

pub(super) fn new_schedule(link: &mut Link, schedule: &Schedule) -> Result<(), RunStoreError> {
    let sql = "insert into schedule(name, timing, spec, new_run, paused, next_at, since)
               values($1, $2, $3, $4, $5, $6, $7)";
    let timing = serde_json::to_string(&schedule.timing).map_err(damaged)?;
    let new = serde_json::to_string(&schedule.new).map_err(damaged)?;
    let (name, spec) = (put(&schedule.name), put(&schedule.spec));
    let (paused, next) = (schedule.paused, schedule.next.map(|at| at.0));
    let since = schedule.since.0;
    link.execute(sql, &[&name, &timing, &spec, &new, &paused, &next, &since])?;
    Ok(())
}

fn fired(link: &mut Link, tick: &Tick) -> Result<(), RunStoreError> {
    let name = put(&tick.schedule);
    let sql = "insert into schedule_fire(name, at, run_id, passed)
               values($1, $2, $3::text::uuid, $4)";
    let run = tick.fired.run.map(|id| id.to_string());
    let passed = tick.fired.passed.as_deref().map(put);
    link.execute(sql, &[&name, &tick.fired.at.0, &run, &passed])?;
    let sql = "update schedule set next_at = $2 where name = $1";
    link.execute(sql, &[&name, &tick.next.map(|at| at.0)])?;
    Ok(())
}
