//! Rows to values.

use fondaco_app::ports::records::{Record, RecordKind};
use fondaco_app::ports::runs::{Attempt, External, IdempotencyKey, RunStoreError};
use fondaco_app::ports::schedules::Schedule;
use fondaco_app::ports::services::{Holder, Service};
use fondaco_app::ports::workers::Worker;
use fondaco_domain::halt::{Epoch, Halt, HaltMode, Scope};
use fondaco_domain::run::{CompletionRule, Counts, NewRun, Recorded, Run, RunKind, RunState};
use fondaco_domain::task::{Fence, Lease, SkipReason, Task, TaskKind, TaskNo, TaskState};
use fondaco_domain::{ContentHash, RunId, UnixMicros};
use postgres::Row;
use postgres::types::FromSql;

use super::text;
use crate::runs::unit::{Chain, RunRow};

/// The columns that [`run_of`] reads.
macro_rules! run_columns {
    () => {
        "r.run_id::text, r.kind, r.spec_hash, r.rule, r.tenant, r.strategy, r.idem_scope, \
         r.idem_key, r.idem_fingerprint, r.state, r.queue, r.priority, r.concurrency_key, \
         r.deadline_at, r.parent_run::text, r.planned, r.degraded, r.required_failed, \
         r.required_completed, r.halt_epoch, r.reason, r.n_total, r.n_pending, r.n_running, \
         r.n_completed, r.n_failed, r.n_skipped, r.n_cancelled, r.last_seq, r.last_hash, \
         r.created_at, r.started_at, r.finished_at"
    };
}
/// The columns that [`task_of`] reads.
macro_rules! task_columns {
    () => {
        "t.run_id::text, t.no, t.plan, t.state, t.waiting, t.skip_code, t.detail, t.attempt, \
         t.failures, t.ready_at, t.fence, t.lease_owner::text, t.lease_until, t.output_ref"
    };
}
/// The columns that [`event_of`] reads.
macro_rules! event_columns {
    () => {
        "e.run_seq, e.at, e.actor, coalesce(e.body, convert_from(b.bytes, 'UTF8')) as body, \
         encode(e.prev_hash, 'hex') as prev_hash, encode(e.hash, 'hex') as hash"
    };
}
pub(super) use {event_columns, run_columns, task_columns};

pub(super) fn damaged(what: impl std::fmt::Display) -> RunStoreError {
    RunStoreError::Damaged(what.to_string())
}

pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Row, name: &str) -> Result<T, RunStoreError> {
    row.try_get(name).map_err(damaged)
}

/// A text of people.
pub(super) fn words(row: &Row, name: &str) -> Result<String, RunStoreError> {
    Ok(text::get(get(row, name)?))
}

fn maybe_words(row: &Row, name: &str) -> Result<Option<String>, RunStoreError> {
    Ok(get::<Option<String>>(row, name)?.map(text::get))
}

/// A text of a closed list, or an id.
pub(super) fn parsed<T>(
    row: &Row,
    name: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, RunStoreError> {
    let text: &str = get(row, name)?;
    parse(text).ok_or_else(|| damaged(format!("`{text}` cannot be a {name}")))
}

pub(super) fn maybe_parsed<T>(
    row: &Row,
    name: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, RunStoreError> {
    let text: Option<&str> = get(row, name)?;
    let wrong = |text| damaged(format!("`{text}` cannot be a {name}"));
    text.map(|text| parse(text).ok_or_else(|| wrong(text)))
        .transpose()
}

pub(super) fn id<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// A number that is never negative.
pub(super) fn count<T: TryFrom<i64>>(row: &Row, name: &str) -> Result<T, RunStoreError> {
    let number: i64 = get(row, name)?;
    T::try_from(number).map_err(|_| damaged(format!("{number} cannot be a {name}")))
}

pub(super) fn instant(row: &Row, name: &str) -> Result<UnixMicros, RunStoreError> {
    Ok(UnixMicros(get(row, name)?))
}

pub(super) fn maybe_instant(row: &Row, name: &str) -> Result<Option<UnixMicros>, RunStoreError> {
    Ok(get::<Option<i64>>(row, name)?.map(UnixMicros))
}

pub(super) fn run_id(row: &Row) -> Result<RunId, RunStoreError> {
    parsed(row, "run_id", id)
}

pub(super) fn task_no(row: &Row, name: &str) -> Result<TaskNo, RunStoreError> {
    count(row, name).map(TaskNo)
}

pub(super) fn run_of(row: &Row) -> Result<RunRow, RunStoreError> {
    let key = match (
        maybe_words(row, "idem_scope")?,
        maybe_words(row, "idem_key")?,
    ) {
        (Some(scope), Some(key)) => Some(IdempotencyKey { scope, key }),
        _ => None,
    };
    let run = Run {
        id: run_id(row)?,
        new: new_run_of(row)?,
        state: parsed(row, "state", RunState::parse)?,
        planned: get(row, "planned")?,
        counts: Counts {
            total: count(row, "n_total")?,
            pending: count(row, "n_pending")?,
            running: count(row, "n_running")?,
            completed: count(row, "n_completed")?,
            failed: count(row, "n_failed")?,
            skipped: count(row, "n_skipped")?,
            cancelled: count(row, "n_cancelled")?,
        },
        required_failed: count(row, "required_failed")?,
        required_completed: count(row, "required_completed")?,
        halt_epoch: Epoch(count(row, "halt_epoch")?),
        degraded: get(row, "degraded")?,
        reason: maybe_words(row, "reason")?,
        created_at: instant(row, "created_at")?,
        started_at: maybe_instant(row, "started_at")?,
        finished_at: maybe_instant(row, "finished_at")?,
    };
    Ok(RunRow {
        run,
        chain: Chain {
            seq: count(row, "last_seq")?,
            hash: get(row, "last_hash")?,
        },
        fingerprint: parsed(row, "idem_fingerprint", ContentHash::parse)?,
        key,
    })
}

fn new_run_of(row: &Row) -> Result<NewRun, RunStoreError> {
    Ok(NewRun {
        kind: parsed(row, "kind", RunKind::parse)?,
        spec: parsed(row, "spec_hash", ContentHash::parse)?,
        rule: parsed(row, "rule", CompletionRule::parse)?,
        tenant: words(row, "tenant")?,
        strategy: maybe_words(row, "strategy")?,
        queue: words(row, "queue")?,
        priority: get(row, "priority")?,
        concurrency_key: maybe_words(row, "concurrency_key")?,
        deadline: maybe_instant(row, "deadline_at")?,
        parent: maybe_parsed(row, "parent_run", id)?,
    })
}

pub(super) fn task_of(row: &Row) -> Result<(RunId, Task), RunStoreError> {
    let lease = match (
        maybe_parsed(row, "lease_owner", id)?,
        maybe_instant(row, "lease_until")?,
    ) {
        (Some(owner), Some(until)) => Some(Lease { owner, until }),
        _ => None,
    };
    let task = Task {
        no: task_no(row, "no")?,
        plan: serde_json::from_str(get(row, "plan")?).map_err(damaged)?,
        state: parsed(row, "state", TaskState::parse)?,
        waiting: count(row, "waiting")?,
        skip: maybe_parsed(row, "skip_code", SkipReason::parse)?,
        detail: maybe_words(row, "detail")?,
        attempt: count(row, "attempt")?,
        failures: count(row, "failures")?,
        ready_at: instant(row, "ready_at")?,
        fence: Fence(count(row, "fence")?),
        lease,
        output: maybe_words(row, "output_ref")?,
    };
    Ok((run_id(row)?, task))
}

pub(super) fn event_of(row: &Row) -> Result<Recorded, RunStoreError> {
    let body: String = get(row, "body")?;
    Ok(Recorded {
        seq: count(row, "run_seq")?,
        at: instant(row, "at")?,
        actor: words(row, "actor")?,
        event: serde_json::from_str(&body).map_err(damaged)?,
        body,
        prev: get(row, "prev_hash")?,
        hash: get(row, "hash")?,
    })
}

pub(super) fn external_of(row: &Row) -> Result<Option<External>, RunStoreError> {
    let executor = maybe_words(row, "executor")?;
    let reference = maybe_words(row, "external_ref")?;
    Ok(executor.map(|executor| External {
        executor,
        reference,
    }))
}

pub(super) fn attempt_of(row: &Row) -> Result<Attempt, RunStoreError> {
    Ok(Attempt {
        number: count(row, "number")?,
        fence: Fence(count(row, "fence")?),
        worker: parsed(row, "worker_id", id)?,
        external: external_of(row)?,
        beats: count(row, "beats")?,
        progress: maybe_words(row, "progress")?,
        leased_at: instant(row, "leased_at")?,
        started_at: maybe_instant(row, "started_at")?,
        ended_at: maybe_instant(row, "ended_at")?,
        outcome: get(row, "outcome")?,
        error: maybe_words(row, "error")?,
    })
}

pub(super) fn halt_of(row: &Row) -> Result<Halt, RunStoreError> {
    let scope = words(row, "scope")?;
    Ok(Halt {
        scope: Scope::parse(&scope).ok_or_else(|| damaged(format!("`{scope}` is no scope")))?,
        epoch: Epoch(count(row, "epoch")?),
        mode: parsed(row, "mode", HaltMode::parse)?,
        reason: words(row, "reason")?,
        actor: words(row, "actor")?,
        at: instant(row, "at")?,
    })
}

pub(super) fn record_of(row: &Row) -> Result<Record, RunStoreError> {
    Ok(Record {
        no: count(row, "no")?,
        kind: parsed(row, "kind", RecordKind::parse)?,
        name: words(row, "name")?,
        version: count(row, "version")?,
        at: instant(row, "at")?,
        actor: words(row, "actor")?,
        body: maybe_words(row, "body")?,
    })
}

pub(super) fn service_of(row: &Row) -> Result<Service, RunStoreError> {
    let holder = match maybe_words(row, "host")? {
        Some(host) => Some(Holder {
            host,
            pid: count(row, "pid")?,
            pid_start: words(row, "pid_start")?,
            address: words(row, "address")?,
        }),
        None => None,
    };
    Ok(Service {
        name: words(row, "name")?,
        generation: count(row, "generation")?,
        holder,
        renewals: count(row, "renewals")?,
        since: instant(row, "since")?,
        seen: instant(row, "seen")?,
    })
}

pub(super) fn worker_of(row: &Row) -> Result<Worker, RunStoreError> {
    let kinds: Vec<&str> = get(row, "kinds")?;
    let kind = |name: &&str| {
        TaskKind::parse(name).ok_or_else(|| damaged(format!("`{name}` is no kind of task")))
    };
    let queues: Vec<String> = get(row, "queues")?;
    Ok(Worker {
        id: parsed(row, "worker_id", id)?,
        host: words(row, "host")?,
        pid: count(row, "pid")?,
        pid_start: words(row, "pid_start")?,
        build: words(row, "build")?,
        queues: queues.into_iter().map(text::get).collect(),
        kinds: kinds.iter().map(kind).collect::<Result<_, _>>()?,
        since: instant(row, "since")?,
        seen: instant(row, "seen")?,
    })
}

pub(super) fn schedule_of(row: &Row) -> Result<Schedule, RunStoreError> {
    Ok(Schedule {
        name: words(row, "name")?,
        timing: serde_json::from_str(get(row, "timing")?).map_err(damaged)?,
        spec: words(row, "spec")?,
        new: serde_json::from_str(get(row, "new_run")?).map_err(damaged)?,
        paused: get(row, "paused")?,
        next: maybe_instant(row, "next_at")?,
        since: instant(row, "since")?,
    })
}

/// Several of one sort.
pub(super) fn all<T>(
    rows: &[Row],
    of: impl Fn(&Row) -> Result<T, RunStoreError>,
) -> Result<Vec<T>, RunStoreError> {
    rows.iter().map(of).collect()
}
