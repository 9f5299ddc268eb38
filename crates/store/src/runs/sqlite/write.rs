//! What a unit changed, as statements.

use fondaco_app::ports::runs::{INLINE, RunStoreError};
use fondaco_app::ports::schedules::Schedule;
use fondaco_domain::halt::Halt;
use fondaco_domain::run::{Recorded, Run};
use fondaco_domain::task::{SkipReason, Task};
use fondaco_domain::{ContentHash, RunId};
use rusqlite::{Connection, named_params, params};

use super::place::Place;
use super::statement::{json, run_sql};
use crate::runs::unit::{AttemptChange, AttemptKey, AttemptPatch, Changes, RunRow, Tick};

pub(super) fn apply(place: Place<'_>, changes: &Changes<'_>) -> Result<(), RunStoreError> {
    let connection = place.connection;
    for (hash, text) in changes.specs {
        spec(place, hash, text)?;
    }
    for row in &changes.new_runs {
        new_run(connection, row)?;
    }
    for row in &changes.runs {
        run(connection, row)?;
    }
    for (run, task) in &changes.new_tasks {
        new_task(connection, run, task)?;
    }
    for (run, changed) in &changes.tasks {
        task(connection, *run, changed)?;
    }
    for (run, recorded) in changes.events {
        event(place, *run, recorded)?;
    }
    for (key, change) in &changes.attempts {
        attempt(connection, *key, change)?;
    }
    for latch in changes.halts {
        halt(connection, latch)?;
    }
    for kept in changes.ticks {
        tick(connection, kept)?;
    }
    Ok(())
}

/// Keeps a version of a spec, unless it is there.
pub(super) fn spec(place: Place<'_>, hash: &ContentHash, text: &str) -> Result<(), RunStoreError> {
    let inline = inline(place, hash, text)?;
    let sql = "insert or ignore into spec_version(spec_hash, body) values(?1, ?2)";
    run_sql(place.connection, sql, params![hash.as_str(), inline])?;
    Ok(())
}

/// What of a body goes into its row: all of it, or nothing once it is in a
/// file.
fn inline<'a>(
    place: Place<'_>,
    hash: &ContentHash,
    body: &'a str,
) -> Result<Option<&'a str>, RunStoreError> {
    if body.len() <= INLINE {
        return Ok(Some(body));
    }
    place.bodies.keep(hash, body.as_bytes())?;
    Ok(None)
}

fn new_run(connection: &Connection, row: &RunRow) -> Result<(), RunStoreError> {
    let (run, chain, new) = (&row.run, &row.chain, &row.run.new);
    run_sql(
        connection,
        "insert into run(run_id, kind, spec_hash, rule, tenant, strategy, queue, priority,
         concurrency_key, deadline, parent_run, idem_scope, idem_key, fingerprint, state, planned,
         degraded, required_failed, required_completed, halt_epoch, reason, n_total, n_pending,
         n_running, n_completed, n_failed, n_skipped, n_cancelled, last_seq, last_hash, created_at,
         started_at, finished_at)
         values(:id, :kind, :spec, :rule, :tenant, :strategy, :queue, :priority, :key, :deadline,
         :parent, :idem_scope, :idem_key, :fingerprint, :state, :planned, :degraded,
         :required_failed, :required_completed, :epoch, :reason, :total, :pending, :running,
         :completed, :failed, :skipped, :cancelled, :seq, :hash, :created, :started, :finished)",
        named_params! {
            ":id": run.id.to_string(), ":kind": new.kind.as_str(), ":spec": new.spec.as_str(),
            ":rule": new.rule.as_str(), ":tenant": new.tenant, ":strategy": new.strategy,
            ":queue": new.queue, ":priority": new.priority, ":key": new.concurrency_key,
            ":deadline": new.deadline.map(|at| at.0),
            ":parent": new.parent.map(|parent| parent.to_string()),
            ":idem_scope": row.key.as_ref().map(|key| &key.scope),
            ":idem_key": row.key.as_ref().map(|key| &key.key),
            ":fingerprint": row.fingerprint.as_str(),
            ":state": run.state.as_str(), ":planned": run.planned, ":degraded": run.degraded,
            ":required_failed": run.required_failed,
            ":required_completed": run.required_completed,
            ":epoch": run.halt_epoch.0.cast_signed(), ":reason": run.reason, ":total": run.counts.total, ":pending": run.counts.pending,
            ":running": run.counts.running, ":completed": run.counts.completed,
            ":failed": run.counts.failed, ":skipped": run.counts.skipped,
            ":cancelled": run.counts.cancelled, ":seq": chain.seq.cast_signed(),
            ":hash": chain.hash, ":created": run.created_at.0,
            ":started": run.started_at.map(|at| at.0), ":finished": run.finished_at.map(|at| at.0),
        },
    )?;
    Ok(())
}

fn run(connection: &Connection, row: &RunRow) -> Result<(), RunStoreError> {
    let (run, chain) = (&row.run, &row.chain);
    run_sql(
        connection,
        "update run set state = ?2, planned = ?3, degraded = ?4, required_failed = ?5,
         required_completed = ?19, halt_epoch = ?6, reason = ?7, n_total = ?8, n_pending = ?9,
         n_running = ?10, n_completed = ?11, n_failed = ?12, n_skipped = ?13, n_cancelled = ?14,
         last_seq = ?15, last_hash = ?16, started_at = ?17, finished_at = ?18 where run_id = ?1",
        params![
            run.id.to_string(),
            run.state.as_str(),
            run.planned,
            run.degraded,
            run.required_failed,
            run.halt_epoch.0.cast_signed(),
            run.reason,
            run.counts.total,
            run.counts.pending,
            run.counts.running,
            run.counts.completed,
            run.counts.failed,
            run.counts.skipped,
            run.counts.cancelled,
            chain.seq.cast_signed(),
            chain.hash,
            run.started_at.map(|at| at.0),
            run.finished_at.map(|at| at.0),
            run.required_completed,
        ],
    )?;
    Ok(())
}

fn new_task(connection: &Connection, run: &Run, task: &Task) -> Result<(), RunStoreError> {
    let id = run.id.to_string();
    let priority = i64::from(run.new.priority) + i64::from(task.plan.priority);
    let (owner, until) = lease(task);
    run_sql(
        connection,
        "insert into task(run_id, no, step_key, kind, plan, queue, priority, state, waiting,
         skip_code, detail, attempt, failures, ready_at, fence, lease_owner, lease_until,
         output_ref)
         values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        params![
            id,
            task.no.0,
            task.plan.key,
            task.plan.kind.as_str(),
            json(&task.plan)?,
            run.new.queue,
            priority,
            task.state.as_str(),
            task.waiting,
            task.skip.map(SkipReason::as_str),
            task.detail,
            task.attempt,
            task.failures,
            task.ready_at.0,
            task.fence.0.cast_signed(),
            owner,
            until,
            task.output
        ],
    )?;
    for need in &task.plan.needs {
        let sql = "insert into task_need(run_id, need, no) values(?1, ?2, ?3)";
        run_sql(connection, sql, params![id, need.0, task.no.0])?;
    }
    Ok(())
}

fn task(connection: &Connection, run: RunId, task: &Task) -> Result<(), RunStoreError> {
    let (owner, until) = lease(task);
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
            task.fence.0.cast_signed(),
            owner,
            until,
            task.output
        ],
    )?;
    Ok(())
}

fn lease(task: &Task) -> (Option<String>, Option<i64>) {
    let lease = task.lease.as_ref();
    (
        lease.map(|lease| lease.owner.to_string()),
        lease.map(|lease| lease.until.0),
    )
}

fn event(place: Place<'_>, run: RunId, recorded: &Recorded) -> Result<(), RunStoreError> {
    let spilled = (recorded.body.len() > INLINE).then(|| ContentHash::of(recorded.body.as_bytes()));
    let body = match &spilled {
        Some(hash) => inline(place, hash, &recorded.body)?,
        None => Some(recorded.body.as_str()),
    };
    run_sql(
        place.connection,
        "insert into event(run_id, run_seq, task_no, type, v, at, actor, body, body_hash,
         prev_hash, hash) values(?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            run.to_string(),
            recorded.seq.cast_signed(),
            recorded.event.task().map(|no| no.0),
            recorded.event.type_name(),
            recorded.at.0,
            recorded.actor,
            body,
            spilled.as_ref().map(ContentHash::as_str),
            recorded.prev,
            recorded.hash
        ],
    )?;
    let seq = place.connection.last_insert_rowid();
    run_sql(
        place.connection,
        "insert into outbox(seq) values(?1)",
        [seq],
    )?;
    Ok(())
}

fn attempt(
    connection: &Connection,
    (run, no, number): AttemptKey,
    change: &AttemptChange,
) -> Result<(), RunStoreError> {
    let attempt = match change {
        AttemptChange::New(attempt) => attempt,
        AttemptChange::Changed(patch) => {
            return patch_attempt(connection, (run, no, number), patch);
        }
    };
    let external = attempt.external.as_ref();
    run_sql(
        connection,
        "insert into attempt(run_id, task_no, number, fence, worker_id, executor, external_ref,
         beats, progress, leased_at, started_at, ended_at, outcome, error)
         values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        params![
            run.to_string(),
            no.0,
            number,
            attempt.fence.0.cast_signed(),
            attempt.worker.to_string(),
            external.map(|external| &external.executor),
            external.and_then(|external| external.reference.as_ref()),
            attempt.beats.cast_signed(),
            attempt.progress,
            attempt.leased_at.0,
            attempt.started_at.map(|at| at.0),
            attempt.ended_at.map(|at| at.0),
            attempt.outcome,
            attempt.error
        ],
    )?;
    Ok(())
}

fn patch_attempt(
    connection: &Connection,
    (run, no, number): AttemptKey,
    patch: &AttemptPatch,
) -> Result<(), RunStoreError> {
    let external = patch.external.as_ref();
    let ended = patch.ended.as_ref();
    run_sql(
        connection,
        "update attempt set worker_id = coalesce(?4, worker_id),
         external_ref = iif(?5 is null, external_ref, ?6), executor = coalesce(?5, executor),
         beats = beats + ?7, progress = coalesce(?8, progress),
         started_at = coalesce(?9, started_at), ended_at = coalesce(?10, ended_at),
         outcome = coalesce(?11, outcome), error = coalesce(?12, error)
         where run_id = ?1 and task_no = ?2 and number = ?3",
        params![
            run.to_string(),
            no.0,
            number,
            patch.worker.map(|worker| worker.to_string()),
            external.map(|external| &external.executor),
            external.and_then(|external| external.reference.as_ref()),
            patch.beats.cast_signed(),
            patch.progress,
            patch.started_at.map(|at| at.0),
            ended.map(|(at, _, _)| at.0),
            ended.map(|(_, outcome, _)| outcome),
            ended.and_then(|(_, _, error)| error.as_ref())
        ],
    )?;
    Ok(())
}

fn halt(connection: &Connection, halt: &Halt) -> Result<(), RunStoreError> {
    run_sql(
        connection,
        "insert into halt(scope, epoch, mode, reason, actor, at) values(?1, ?2, ?3, ?4, ?5, ?6)
         on conflict(scope) do update set epoch = excluded.epoch, mode = excluded.mode,
         reason = excluded.reason, actor = excluded.actor, at = excluded.at",
        params![
            halt.scope.to_string(),
            halt.epoch.0.cast_signed(),
            halt.mode.as_str(),
            halt.reason,
            halt.actor,
            halt.at.0
        ],
    )?;
    Ok(())
}

pub(super) fn new_schedule(place: Place<'_>, schedule: &Schedule) -> Result<(), RunStoreError> {
    let hash = &schedule.new.spec;
    spec(place, hash, &schedule.spec)?;
    run_sql(
        place.connection,
        "insert into schedule(name, timing, spec_hash, new_run, paused, next, since)
         values(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            schedule.name,
            json(&schedule.timing)?,
            hash.as_str(),
            json(&schedule.new)?,
            schedule.paused,
            schedule.next.map(|at| at.0),
            schedule.since.0
        ],
    )?;
    Ok(())
}

fn tick(connection: &Connection, tick: &Tick) -> Result<(), RunStoreError> {
    let fired = &tick.fired;
    run_sql(
        connection,
        "insert into schedule_fire(name, at, run_id, passed) values(?1, ?2, ?3, ?4)",
        params![
            tick.schedule,
            fired.at.0,
            fired.run.map(|run| run.to_string()),
            fired.passed
        ],
    )?;
    run_sql(
        connection,
        "update schedule set next = ?2 where name = ?1",
        params![tick.schedule, tick.next.map(|at| at.0)],
    )?;
    Ok(())
}
