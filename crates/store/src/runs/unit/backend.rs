//! What a place must be able to do for a unit, inside one transaction.

use fondaco_app::ports::records::{Record, RecordKind};
use fondaco_app::ports::runs::{Attempt, External, IdempotencyKey, RunStoreError};
use fondaco_app::ports::schedules::{Fired, Schedule};
use fondaco_domain::halt::{Halt, Scope};
use fondaco_domain::run::{CHAIN_START, Event, Recorded, Run, chain_hash};
use fondaco_domain::task::{Task, TaskKind, TaskNo, TaskState};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};

use fondaco_app::ports::runs::Asked;

/// Reads see what [`Backend::apply`] wrote. Those of several rows leave out
/// what is not there and answer in any order, unless they say which.
pub(in crate::runs) trait Backend {
    /// Runs with the ends of their chains.
    fn runs(&mut self, ids: &[RunId]) -> Result<Vec<RunRow>, RunStoreError>;
    /// Tasks.
    fn tasks(&mut self, names: &[(RunId, TaskNo)]) -> Result<Vec<(RunId, Task)>, RunStoreError>;
    /// Which tasks need these: run, need, and who needs it, in the order of
    /// the plan.
    fn dependents(
        &mut self,
        names: &[(RunId, TaskNo)],
    ) -> Result<Vec<(RunId, TaskNo, TaskNo)>, RunStoreError>;
    /// The first tasks of a run in any of these states, in the order of the
    /// plan.
    fn in_states(
        &mut self,
        run: RunId,
        states: &[TaskState],
        limit: usize,
    ) -> Result<Vec<TaskNo>, RunStoreError>;
    /// One of these names that a task of the run has.
    fn known_key(&mut self, run: RunId, keys: &[&str]) -> Result<Option<String>, RunStoreError>;
    /// The run that has begun, has not ended and has this concurrency key.
    fn key_holder(&mut self, key: &str) -> Result<Option<RunId>, RunStoreError>;
    /// The run submitted under this key.
    fn run_of_key(&mut self, key: &IdempotencyKey) -> Result<Option<RunId>, RunStoreError>;
    /// Every latch.
    fn halts(&mut self) -> Result<Vec<Halt>, RunStoreError>;
    /// What a worker may take, best first.
    fn ready(&mut self, wanted: &Wanted<'_>) -> Result<Vec<(RunId, Task)>, RunStoreError>;
    /// Runs that are queued, running or halting and covered by one of these
    /// scopes, by id, after one of them.
    fn covered(
        &mut self,
        scopes: &[Scope],
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunRow>, RunStoreError>;
    /// A schedule.
    fn schedule(&mut self, name: &str) -> Result<Option<Schedule>, RunStoreError>;
    /// Whether a schedule has kept this tick.
    fn has_fired(&mut self, name: &str, at: UnixMicros) -> Result<bool, RunStoreError>;

    /// The newest version of a record, also one that removed it. Nobody else
    /// writes a record from here to the end of the transaction.
    fn newest_record(
        &mut self,
        kind: RecordKind,
        name: &str,
    ) -> Result<Option<Record>, RunStoreError>;

    /// Writes a schedule that is not there.
    fn add_schedule(&mut self, schedule: &Schedule) -> Result<(), RunStoreError>;
    /// Changes one that is there.
    fn pause_schedule(
        &mut self,
        name: &str,
        paused: bool,
        next: Option<UnixMicros>,
    ) -> Result<(), RunStoreError>;
    /// Removes one that is there, and its ticks.
    fn remove_schedule(&mut self, name: &str) -> Result<(), RunStoreError>;
    /// Writes a version of a record at the end of the trail; its number there.
    fn add_record(&mut self, record: &Record) -> Result<u64, RunStoreError>;
    /// Writes it all, or fails; after a failure the transaction is taken back.
    fn apply(&mut self, changes: &Changes<'_>) -> Result<(), RunStoreError>;
    /// Moves when a worker was last seen, where that is a second ago or more.
    fn saw(&mut self, worker: WorkerId, at: UnixMicros) -> Result<(), RunStoreError>;
    /// Removes a run and all that belongs to it.
    fn remove(&mut self, run: RunId) -> Result<(), RunStoreError>;
}

/// A row of `run`: the run, the end of its chain of events, and what it asked
/// for.
#[derive(Debug, Clone)]
pub(in crate::runs) struct RunRow {
    pub(in crate::runs) run: Run,
    pub(in crate::runs) chain: Chain,
    pub(in crate::runs) fingerprint: ContentHash,
    pub(in crate::runs) key: Option<IdempotencyKey>,
}

/// What a worker wants, and what it must not get.
#[derive(Debug)]
pub(in crate::runs) struct Wanted<'a> {
    pub(in crate::runs) queues: &'a [String],
    pub(in crate::runs) kinds: &'a [TaskKind],
    /// Only of this run.
    pub(in crate::runs) run: Option<RunId>,
    /// Ready at or before this instant, in a run that is queued or running,
    /// and whose concurrency key no other run holds.
    pub(in crate::runs) now: UnixMicros,
    /// Runs that these cover are passed over: asked so that they do not hide
    /// what is behind them. The unit asks the rules again.
    pub(in crate::runs) halted: &'a [Scope],
    /// So are these.
    pub(in crate::runs) passed_over: &'a [RunId],
    pub(in crate::runs) limit: usize,
}

/// All that a unit changed since it wrote last. Each row is in one list, as it
/// is to be.
#[derive(Debug, Default)]
pub(in crate::runs) struct Changes<'a> {
    /// Specs that new runs name; some may be there already.
    pub(in crate::runs) specs: &'a [(ContentHash, String)],
    pub(in crate::runs) new_runs: Vec<&'a RunRow>,
    /// State, counters, epoch, reason, times and chain.
    pub(in crate::runs) runs: Vec<&'a RunRow>,
    /// With the runs they are of: a task is found by the queue of its run, and
    /// by both priorities added.
    pub(in crate::runs) new_tasks: Vec<(&'a Run, &'a Task)>,
    /// All but the plan.
    pub(in crate::runs) tasks: Vec<(RunId, &'a Task)>,
    /// In order, each with its row of the outbox.
    pub(in crate::runs) events: &'a [(RunId, Recorded)],
    pub(in crate::runs) attempts: Vec<(AttemptKey, &'a AttemptChange)>,
    pub(in crate::runs) halts: &'a [Halt],
    pub(in crate::runs) ticks: &'a [Tick],
}

impl Changes<'_> {
    pub(in crate::runs) fn is_empty(&self) -> bool {
        self.new_runs.is_empty()
            && self.runs.is_empty()
            && self.new_tasks.is_empty()
            && self.tasks.is_empty()
            && self.events.is_empty()
            && self.attempts.is_empty()
            && self.halts.is_empty()
            && self.ticks.is_empty()
    }
}

/// Run, task, number of the attempt.
pub(in crate::runs) type AttemptKey = (RunId, TaskNo, u32);

/// What became of an attempt.
#[derive(Debug, Clone)]
pub(in crate::runs) enum AttemptChange {
    /// It began in this unit.
    New(Attempt),
    /// It was there.
    Changed(AttemptPatch),
}

/// What is there replaces what was; beats are added.
#[derive(Debug, Clone, Default)]
pub(in crate::runs) struct AttemptPatch {
    pub(in crate::runs) worker: Option<WorkerId>,
    pub(in crate::runs) external: Option<External>,
    pub(in crate::runs) beats: u64,
    pub(in crate::runs) progress: Option<String>,
    pub(in crate::runs) started_at: Option<UnixMicros>,
    /// When, as what, and what went wrong.
    pub(in crate::runs) ended: Option<(UnixMicros, String, Option<String>)>,
}

impl AttemptPatch {
    pub(in crate::runs) fn apply(&self, attempt: &mut Attempt) {
        attempt.worker = self.worker.unwrap_or(attempt.worker);
        attempt.external = self.external.clone().or(attempt.external.take());
        attempt.beats += self.beats;
        attempt.progress = self.progress.clone().or(attempt.progress.take());
        attempt.started_at = self.started_at.or(attempt.started_at);
        if let Some((at, outcome, error)) = &self.ended {
            attempt.ended_at = Some(*at);
            attempt.outcome = Some(outcome.clone());
            attempt.error.clone_from(error);
        }
    }

    /// What this one and a later one come to.
    pub(in crate::runs) fn and(&mut self, later: Self) {
        self.worker = later.worker.or(self.worker);
        self.external = later.external.or(self.external.take());
        self.beats += later.beats;
        self.progress = later.progress.or(self.progress.take());
        self.started_at = later.started_at.or(self.started_at);
        self.ended = later.ended.or(self.ended.take());
    }
}

/// A tick of a schedule that was kept, and the one after.
#[derive(Debug, Clone)]
pub(in crate::runs) struct Tick {
    pub(in crate::runs) schedule: String,
    pub(in crate::runs) fired: Fired,
    pub(in crate::runs) next: Option<UnixMicros>,
}

/// The end of a run's chain of events.
#[derive(Debug, Clone)]
pub(in crate::runs) struct Chain {
    pub(in crate::runs) seq: u64,
    pub(in crate::runs) hash: String,
}

impl Chain {
    pub(in crate::runs) fn start() -> Self {
        Self {
            seq: 0,
            hash: CHAIN_START.to_owned(),
        }
    }

    /// The next link.
    pub(in crate::runs) fn link(
        &mut self,
        run: RunId,
        event: Event,
        by: &Asked,
    ) -> Result<Recorded, RunStoreError> {
        let body = serde_json::to_string(&event).map_err(|source| RunStoreError::Storage {
            action: "write an event into",
            source: source.into(),
        })?;
        let seq = self.seq + 1;
        let hash = chain_hash(&self.hash, run, seq, by.at, &by.actor, &body);
        let prev = std::mem::replace(&mut self.hash, hash.clone());
        self.seq = seq;
        Ok(Recorded {
            seq,
            at: by.at,
            actor: by.actor.clone(),
            event,
            body,
            prev,
            hash,
        })
    }
}
