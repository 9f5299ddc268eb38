//! Rows to values: for each table its columns, and what they mean in that
//! order.

use fondaco_app::ports::halts::HaltAck;
use fondaco_app::ports::records::{Record, RecordKind};
use fondaco_app::ports::runs::{Attempt, External, FeedRow, Held, IdempotencyKey, RunStoreError};
use fondaco_app::ports::schedules::{Fired, Schedule};
use fondaco_app::ports::services::{Holder, Service};
use fondaco_app::ports::workers::Worker;
use fondaco_domain::halt::{Epoch, Halt, HaltMode, Scope};
use fondaco_domain::run::{CompletionRule, Counts, NewRun, Recorded, Run, RunKind, RunState};
use fondaco_domain::task::{Fence, Lease, SkipReason, Task, TaskNo, TaskState};
use fondaco_domain::{ContentHash, UnixMicros};

use super::bodies::Bodies;
use super::statement::{Columns, damaged};
use crate::runs::unit::{Chain, RunRow};

/// The columns of a table, in the order in which its function below reads them.
macro_rules! columns {
    (run) => {
        "run_id, kind, spec_hash, rule, tenant, strategy, queue, priority,
         concurrency_key, deadline, parent_run, state, planned, n_total, n_pending,
         n_running, n_completed, n_failed, n_skipped, n_cancelled, required_failed,
         required_completed, halt_epoch, degraded, reason, created_at, started_at,
         finished_at, last_seq, last_hash, fingerprint, idem_scope, idem_key"
    };
    (task) => {
        "task.no, task.plan, task.state, task.waiting, task.skip_code, task.detail,
         task.attempt, task.failures, task.ready_at, task.fence, task.lease_owner,
         task.lease_until, task.output_ref"
    };
    (held) => {
        "t.run_id, t.no, t.fence, t.lease_owner, t.lease_until, coalesce(a.beats, 0),
         a.executor, a.external_ref"
    };
    (attempt) => {
        "number, fence, worker_id, executor, external_ref, beats, progress, leased_at,
         started_at, ended_at, outcome, error"
    };
    (event) => {
        "run_seq, at, actor, body, body_hash, prev_hash, hash"
    };
    (record) => {
        "no, kind, name, version, at, actor, body"
    };
    (service) => {
        "name, generation, host, pid, pid_start, address, renewals, since, seen"
    };
    (halt) => {
        "scope, epoch, mode, reason, actor, at"
    };
    (worker) => {
        "worker_id, host, pid, pid_start, build, queues, kinds, since, seen"
    };
    (schedule) => {
        "s.name, s.timing, s.new_run, s.paused, s.next, s.since, v.body, s.spec_hash"
    };
}
pub(super) use columns;

pub(super) fn run(row: &mut Columns<'_>) -> Result<RunRow, RunStoreError> {
    let run = Run {
        id: row.run_id()?,
        new: new_run(row)?,
        state: row.word("the state of a run", RunState::parse)?,
        planned: row.get()?,
        counts: Counts {
            total: row.get()?,
            pending: row.get()?,
            running: row.get()?,
            completed: row.get()?,
            failed: row.get()?,
            skipped: row.get()?,
            cancelled: row.get()?,
        },
        required_failed: row.get()?,
        required_completed: row.get()?,
        halt_epoch: Epoch(row.count()?),
        degraded: row.get()?,
        reason: row.get()?,
        created_at: row.at()?,
        started_at: row.maybe_at()?,
        finished_at: row.maybe_at()?,
    };
    let chain = Chain {
        seq: row.count()?,
        hash: row.get()?,
    };
    let fingerprint = row.hash()?;
    let (scope, key): (Option<String>, Option<String>) = (row.get()?, row.get()?);
    Ok(RunRow {
        run,
        chain,
        fingerprint,
        key: scope
            .zip(key)
            .map(|(scope, key)| IdempotencyKey { scope, key }),
    })
}

fn new_run(row: &mut Columns<'_>) -> Result<NewRun, RunStoreError> {
    Ok(NewRun {
        kind: row.word("the kind of a run", RunKind::parse)?,
        spec: row.hash()?,
        rule: row.word("the rule of a run", CompletionRule::parse)?,
        tenant: row.get()?,
        strategy: row.get()?,
        queue: row.get()?,
        priority: row.get()?,
        concurrency_key: row.get()?,
        deadline: row.maybe_at()?,
        parent: row.maybe_run_id()?,
    })
}

pub(super) fn task(row: &mut Columns<'_>) -> Result<Task, RunStoreError> {
    Ok(Task {
        no: TaskNo(row.get()?),
        plan: row.json("a plan")?,
        state: row.word("the state of a task", TaskState::parse)?,
        waiting: row.get()?,
        skip: row.maybe_word("the skip code of a task", SkipReason::parse)?,
        detail: row.get()?,
        attempt: row.get()?,
        failures: row.get()?,
        ready_at: row.at()?,
        fence: Fence(row.count()?),
        lease: lease(row)?,
        output: row.get()?,
    })
}

fn lease(row: &mut Columns<'_>) -> Result<Option<Lease>, RunStoreError> {
    let owner = row.maybe_word("the owner of a lease", |text| text.parse().ok())?;
    let until = row.maybe_at()?;
    Ok(owner
        .zip(until)
        .map(|(owner, until)| Lease { owner, until }))
}

pub(super) fn held(row: &mut Columns<'_>) -> Result<Held, RunStoreError> {
    Ok(Held {
        run: row.run_id()?,
        task: TaskNo(row.get()?),
        fence: Fence(row.count()?),
        lease: lease(row)?.ok_or_else(|| damaged("the lease of a task", "nothing"))?,
        beats: row.count()?,
        external: external(row)?,
    })
}

pub(super) fn attempt(row: &mut Columns<'_>) -> Result<Attempt, RunStoreError> {
    Ok(Attempt {
        number: row.get()?,
        fence: Fence(row.count()?),
        worker: row.worker_id()?,
        external: external(row)?,
        beats: row.count()?,
        progress: row.get()?,
        leased_at: row.at()?,
        started_at: row.maybe_at()?,
        ended_at: row.maybe_at()?,
        outcome: row.get()?,
        error: row.get()?,
    })
}

fn external(row: &mut Columns<'_>) -> Result<Option<External>, RunStoreError> {
    let (executor, reference): (Option<String>, _) = (row.get()?, row.get()?);
    Ok(executor.map(|executor| External {
        executor,
        reference,
    }))
}

pub(super) fn event(row: &mut Columns<'_>, bodies: &Bodies) -> Result<Recorded, RunStoreError> {
    let (seq, at, actor) = (row.count()?, row.at()?, row.get()?);
    let body = body(row, bodies)?;
    Ok(Recorded {
        seq,
        at,
        actor,
        event: serde_json::from_str(&body).map_err(|_| damaged("an event", &body))?,
        body,
        prev: row.get()?,
        hash: row.get()?,
    })
}

/// From `seq, run_id` and the columns of an event.
pub(super) fn feed(row: &mut Columns<'_>, bodies: &Bodies) -> Result<FeedRow, RunStoreError> {
    Ok(FeedRow {
        no: row.count()?,
        run: row.run_id()?,
        event: event(row, bodies)?,
    })
}

/// From `body, body_hash`: in the row, or in a file.
pub(super) fn body(row: &mut Columns<'_>, bodies: &Bodies) -> Result<String, RunStoreError> {
    let body: Option<String> = row.get()?;
    let spilled = row.maybe_word("a hash", ContentHash::parse)?;
    match (body, spilled) {
        (Some(body), _) => Ok(body),
        (None, Some(hash)) => bodies.text(&hash),
        (None, None) => Err(damaged("the body of an event", "nothing")),
    }
}

pub(super) fn record(row: &mut Columns<'_>) -> Result<Record, RunStoreError> {
    Ok(Record {
        no: row.count()?,
        kind: row.word("the kind of a record", RecordKind::parse)?,
        name: row.get()?,
        version: row.get()?,
        at: row.at()?,
        actor: row.get()?,
        body: row.get()?,
    })
}

pub(super) fn service(row: &mut Columns<'_>) -> Result<Service, RunStoreError> {
    Ok(Service {
        name: row.get()?,
        generation: row.count()?,
        holder: holder(row)?,
        renewals: row.count()?,
        since: row.at()?,
        seen: row.at()?,
    })
}

fn holder(row: &mut Columns<'_>) -> Result<Option<Holder>, RunStoreError> {
    let (host, pid): (Option<String>, Option<u32>) = (row.get()?, row.get()?);
    let (pid_start, address): (Option<String>, Option<String>) = (row.get()?, row.get()?);
    let all = host.zip(pid).zip(pid_start.zip(address));
    Ok(all.map(|((host, pid), (pid_start, address))| Holder {
        host,
        pid,
        pid_start,
        address,
    }))
}

pub(super) fn halt(row: &mut Columns<'_>) -> Result<Halt, RunStoreError> {
    Ok(Halt {
        scope: row.word("the scope of a halt", Scope::parse)?,
        epoch: Epoch(row.count()?),
        mode: row.word("the mode of a halt", HaltMode::parse)?,
        reason: row.get()?,
        actor: row.get()?,
        at: row.at()?,
    })
}

pub(super) fn ack(row: &mut Columns<'_>) -> Result<HaltAck, RunStoreError> {
    Ok(HaltAck {
        scope: row.word("the scope of a halt", Scope::parse)?,
        epoch: Epoch(row.count()?),
        worker: row.worker_id()?,
        at: row.at()?,
    })
}

pub(super) fn worker(row: &mut Columns<'_>) -> Result<Worker, RunStoreError> {
    Ok(Worker {
        id: row.worker_id()?,
        host: row.get()?,
        pid: row.get()?,
        pid_start: row.get()?,
        build: row.get()?,
        queues: row.json("the queues of a worker")?,
        kinds: row.json("the kinds of a worker")?,
        since: row.at()?,
        seen: row.at()?,
    })
}

pub(super) fn schedule(row: &mut Columns<'_>, bodies: &Bodies) -> Result<Schedule, RunStoreError> {
    Ok(Schedule {
        name: row.get()?,
        timing: row.json("the timing of a schedule")?,
        new: row.json("the run of a schedule")?,
        paused: row.get()?,
        next: row.maybe_at()?,
        since: row.at()?,
        spec: body(row, bodies)?,
    })
}

pub(super) fn fired(row: &mut Columns<'_>) -> Result<Fired, RunStoreError> {
    Ok(Fired {
        at: UnixMicros(row.get()?),
        run: row.maybe_run_id()?,
        passed: row.get()?,
    })
}
