//! What is kept in memory, as the place of a unit.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use fondaco_app::ports::halts::HaltAck;
use fondaco_app::ports::records::{Record, RecordKind};
use fondaco_app::ports::runs::{Attempt, IdempotencyKey, OutboxRow, Position, RunStoreError};
use fondaco_app::ports::schedules::{Fired, Schedule};
use fondaco_app::ports::services::Service;
use fondaco_app::ports::workers::Worker;
use fondaco_domain::halt::{Epoch, Halt, Scope};
use fondaco_domain::run::{Recorded, Run, RunState};
use fondaco_domain::task::{Task, TaskKind, TaskNo, TaskState};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};

use crate::runs::unit::{AttemptChange, AttemptKey, Backend, Changes, RunRow, Wanted};

/// Everything, with the indexes that the questions need.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) runs: BTreeMap<RunId, KeptRun>,
    pub(super) specs: BTreeMap<ContentHash, String>,
    pub(super) bodies: BTreeMap<ContentHash, Vec<u8>>,
    pub(super) halts: BTreeMap<Scope, Halt>,
    pub(super) acks: BTreeMap<(Scope, Epoch, WorkerId), HaltAck>,
    pub(super) workers: BTreeMap<WorkerId, Worker>,
    pub(super) schedules: BTreeMap<String, (Schedule, Vec<Fired>)>,
    /// In the order of their numbers.
    pub(super) records: Vec<Record>,
    /// Each with who claimed it.
    pub(super) services: BTreeMap<String, (Service, String)>,
    pub(super) outbox: Vec<OutboxRow>,
    pub(super) cursors: BTreeMap<String, Position>,
    pub(super) held: BTreeSet<(RunId, TaskNo)>,
    pub(super) holders: BTreeMap<String, RunId>,
    last_position: i64,
    keys: BTreeMap<IdempotencyKey, RunId>,
    /// Queued, running or halting.
    open: BTreeSet<RunId>,
    ready: BTreeMap<Line, BTreeSet<Place>>,
}

/// Where a ready task waits.
type Line = (String, TaskKind);

/// In which order.
type Place = (Reverse<i64>, UnixMicros, RunId, TaskNo);

#[derive(Debug)]
pub(super) struct KeptRun {
    pub(super) row: RunRow,
    pub(super) tasks: Vec<Task>,
    pub(super) events: Vec<Recorded>,
    pub(super) attempts: BTreeMap<(TaskNo, u32), Attempt>,
    dependents: BTreeMap<TaskNo, Vec<TaskNo>>,
    keys: BTreeSet<String>,
    open: BTreeSet<TaskNo>,
}

impl KeptRun {
    fn new(row: RunRow) -> Self {
        Self {
            row,
            tasks: Vec::new(),
            events: Vec::new(),
            attempts: BTreeMap::new(),
            dependents: BTreeMap::new(),
            keys: BTreeSet::new(),
            open: BTreeSet::new(),
        }
    }

    pub(super) fn task(&self, no: TaskNo) -> Option<&Task> {
        self.tasks.get(no.0 as usize)
    }
}

impl Kept {
    pub(super) fn run(&self, id: RunId) -> Result<&KeptRun, RunStoreError> {
        self.runs.get(&id).ok_or(RunStoreError::NoRun(id))
    }

    /// Of a row that the unit has read or written before.
    fn known(&mut self, id: RunId) -> Result<&mut KeptRun, RunStoreError> {
        self.runs.get_mut(&id).ok_or(RunStoreError::NoRun(id))
    }

    fn put_run(&mut self, row: &RunRow) {
        let run = &row.run;
        if matches!(
            run.state,
            RunState::Queued | RunState::Running | RunState::Halting
        ) {
            self.open.insert(run.id);
        } else {
            self.open.remove(&run.id);
        }
        if let Some(key) = &run.new.concurrency_key {
            if run.holds_key() {
                self.holders.insert(key.clone(), run.id);
            } else if self.holders.get(key) == Some(&run.id) {
                self.holders.remove(key);
            }
        }
        match self.runs.get_mut(&run.id) {
            Some(kept) => kept.row.clone_from(row),
            None => {
                self.runs.insert(run.id, KeptRun::new(row.clone()));
            }
        }
    }

    fn add_task(&mut self, run: &Run, task: &Task) -> Result<(), RunStoreError> {
        let kept = self.known(run.id)?;
        for need in &task.plan.needs {
            kept.dependents.entry(*need).or_default().push(task.no);
        }
        kept.keys.insert(task.plan.key.clone());
        kept.tasks.push(task.clone());
        self.index(run.id, task, None)
    }

    fn put_task(&mut self, id: RunId, task: &Task) -> Result<(), RunStoreError> {
        let kept = self.known(id)?;
        let Some(place) = kept.tasks.get_mut(task.no.0 as usize) else {
            return Err(RunStoreError::Damaged(format!("no task {}", task.no.0)));
        };
        let before = (place.state, place.ready_at);
        place.clone_from(task);
        self.index(id, task, Some(before))
    }

    fn index(
        &mut self,
        id: RunId,
        task: &Task,
        before: Option<(TaskState, UnixMicros)>,
    ) -> Result<(), RunStoreError> {
        let Some(kept) = self.runs.get_mut(&id) else {
            return Err(RunStoreError::NoRun(id));
        };
        if task.state.is_terminal() {
            kept.open.remove(&task.no);
        } else {
            kept.open.insert(task.no);
        }
        let new = &kept.row.run.new;
        let priority = Reverse(i64::from(new.priority) + i64::from(task.plan.priority));
        let line = self
            .ready
            .entry((new.queue.clone(), task.plan.kind))
            .or_default();
        if let Some((TaskState::Ready, at)) = before {
            line.remove(&(priority, at, id, task.no));
        }
        if task.state == TaskState::Ready {
            line.insert((priority, task.ready_at, id, task.no));
        }
        if task.state.is_held() {
            self.held.insert((id, task.no));
        } else {
            self.held.remove(&(id, task.no));
        }
        Ok(())
    }

    fn put_event(&mut self, id: RunId, recorded: &Recorded) -> Result<(), RunStoreError> {
        self.known(id)?.events.push(recorded.clone());
        self.last_position += 1;
        self.outbox.push(OutboxRow {
            position: Position {
                transaction: 0,
                seq: self.last_position,
            },
            run: id,
            run_seq: recorded.seq,
            body: recorded.body.clone(),
        });
        Ok(())
    }

    fn put_attempt(
        &mut self,
        (run, no, number): AttemptKey,
        change: &AttemptChange,
    ) -> Result<(), RunStoreError> {
        let attempts = &mut self.known(run)?.attempts;
        match change {
            AttemptChange::New(attempt) => {
                attempts.insert((no, number), attempt.clone());
            }
            AttemptChange::Changed(patch) => {
                if let Some(attempt) = attempts.get_mut(&(no, number)) {
                    patch.apply(attempt);
                }
            }
        }
        Ok(())
    }

    /// Whether a run may give a ready task away now.
    fn may_give(&self, run: &Run, wanted: &Wanted<'_>) -> bool {
        let key = run.new.concurrency_key.as_ref();
        let holder = key.and_then(|key| self.holders.get(key));
        matches!(run.state, RunState::Queued | RunState::Running)
            && wanted.run.is_none_or(|id| id == run.id)
            && holder.is_none_or(|holder| *holder == run.id)
            && !wanted.passed_over.contains(&run.id)
            && !run.scopes().iter().any(|one| wanted.halted.contains(one))
    }
}

impl Backend for &mut Kept {
    fn runs(&mut self, ids: &[RunId]) -> Result<Vec<RunRow>, RunStoreError> {
        let found = ids.iter().filter_map(|id| self.runs.get(id));
        Ok(found.map(|kept| kept.row.clone()).collect())
    }

    fn tasks(&mut self, names: &[(RunId, TaskNo)]) -> Result<Vec<(RunId, Task)>, RunStoreError> {
        let of = |(run, no): &(RunId, TaskNo)| {
            let task = self.runs.get(run)?.task(*no)?;
            Some((*run, task.clone()))
        };
        Ok(names.iter().filter_map(of).collect())
    }

    fn dependents(
        &mut self,
        names: &[(RunId, TaskNo)],
    ) -> Result<Vec<(RunId, TaskNo, TaskNo)>, RunStoreError> {
        let mut found = Vec::new();
        for (run, need) in names {
            let kept = self.runs.get(run);
            let who = kept.and_then(|kept| kept.dependents.get(need));
            found.extend(who.into_iter().flatten().map(|no| (*run, *need, *no)));
        }
        Ok(found)
    }

    fn in_states(
        &mut self,
        run: RunId,
        states: &[TaskState],
        limit: usize,
    ) -> Result<Vec<TaskNo>, RunStoreError> {
        let kept = self.known(run)?;
        let asked = |task: &&Task| states.contains(&task.state);
        if states.iter().any(|state| state.is_terminal()) {
            let found = kept.tasks.iter().filter(asked);
            return Ok(found.map(|task| task.no).take(limit).collect());
        }
        let open = kept.open.iter().filter_map(|no| kept.task(*no));
        Ok(open.filter(asked).map(|task| task.no).take(limit).collect())
    }

    fn known_key(&mut self, run: RunId, keys: &[&str]) -> Result<Option<String>, RunStoreError> {
        let kept = self.known(run)?;
        let known = keys.iter().find(|key| kept.keys.contains(**key));
        Ok(known.map(|key| (*key).to_owned()))
    }

    fn key_holder(&mut self, key: &str) -> Result<Option<RunId>, RunStoreError> {
        Ok(self.holders.get(key).copied())
    }

    fn run_of_key(&mut self, key: &IdempotencyKey) -> Result<Option<RunId>, RunStoreError> {
        Ok(self.keys.get(key).copied())
    }

    fn halts(&mut self) -> Result<Vec<Halt>, RunStoreError> {
        Ok(self.halts.values().cloned().collect())
    }

    fn ready(&mut self, wanted: &Wanted<'_>) -> Result<Vec<(RunId, Task)>, RunStoreError> {
        let mut places: Vec<Place> = Vec::new();
        let mut asked: BTreeMap<RunId, bool> = BTreeMap::new();
        for ((queue, kind), line) in &self.ready {
            if !wanted.queues.contains(queue) || !wanted.kinds.contains(kind) {
                continue;
            }
            let mut gives = |id: &RunId| {
                *asked.entry(*id).or_insert_with(|| {
                    let kept = self.runs.get(id);
                    kept.is_some_and(|kept| self.may_give(&kept.row.run, wanted))
                })
            };
            let now = line.iter().filter(|(_, at, _, _)| *at <= wanted.now);
            let given = now.filter(|(_, _, id, _)| gives(id));
            places.extend(given.take(wanted.limit));
        }
        places.sort_unstable();
        places.truncate(wanted.limit);
        let names: Vec<_> = places.iter().map(|(_, _, run, no)| (*run, *no)).collect();
        self.tasks(&names)
    }

    fn covered(
        &mut self,
        scopes: &[Scope],
        after: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunRow>, RunStoreError> {
        let open = self.open.iter().filter(|id| Some(**id) > after);
        let kept = open.filter_map(|id| self.runs.get(id));
        let covered =
            kept.filter(|kept| kept.row.run.scopes().iter().any(|one| scopes.contains(one)));
        Ok(covered.map(|kept| kept.row.clone()).take(limit).collect())
    }

    fn schedule(&mut self, name: &str) -> Result<Option<Schedule>, RunStoreError> {
        Ok(self.schedules.get(name).map(|(one, _)| one.clone()))
    }

    fn has_fired(&mut self, name: &str, at: UnixMicros) -> Result<bool, RunStoreError> {
        let known = self.schedules.get(name);
        Ok(known.is_some_and(|(_, fired)| fired.iter().any(|one| one.at == at)))
    }

    fn newest_record(
        &mut self,
        kind: RecordKind,
        name: &str,
    ) -> Result<Option<Record>, RunStoreError> {
        Ok(self.versions(kind, name).next().cloned())
    }

    fn add_schedule(&mut self, schedule: &Schedule) -> Result<(), RunStoreError> {
        let name = schedule.name.clone();
        self.schedules.insert(name, (schedule.clone(), Vec::new()));
        Ok(())
    }

    fn pause_schedule(
        &mut self,
        name: &str,
        paused: bool,
        next: Option<UnixMicros>,
    ) -> Result<(), RunStoreError> {
        if let Some((schedule, _)) = self.schedules.get_mut(name) {
            schedule.paused = paused;
            schedule.next = next;
        }
        Ok(())
    }

    fn remove_schedule(&mut self, name: &str) -> Result<(), RunStoreError> {
        self.schedules.remove(name);
        Ok(())
    }

    fn add_record(&mut self, record: &Record) -> Result<u64, RunStoreError> {
        let no = self.records.len() as u64 + 1;
        let record = record.clone();
        self.records.push(Record { no, ..record });
        Ok(no)
    }

    fn apply(&mut self, changes: &Changes<'_>) -> Result<(), RunStoreError> {
        for (hash, spec) in changes.specs {
            self.specs.insert(hash.clone(), spec.clone());
        }
        for row in &changes.new_runs {
            if let Some(key) = &row.key {
                self.keys.insert(key.clone(), row.run.id);
            }
            self.put_run(row);
        }
        for row in &changes.runs {
            self.put_run(row);
        }
        for (run, task) in &changes.new_tasks {
            self.add_task(run, task)?;
        }
        for (run, task) in &changes.tasks {
            self.put_task(*run, task)?;
        }
        for (run, recorded) in changes.events {
            self.put_event(*run, recorded)?;
        }
        for (key, change) in &changes.attempts {
            self.put_attempt(*key, change)?;
        }
        for halt in changes.halts {
            self.halts.insert(halt.scope.clone(), halt.clone());
        }
        for tick in changes.ticks {
            if let Some((schedule, fired)) = self.schedules.get_mut(&tick.schedule) {
                schedule.next = tick.next;
                fired.push(tick.fired.clone());
            }
        }
        Ok(())
    }

    fn saw(&mut self, worker: WorkerId, at: UnixMicros) -> Result<(), RunStoreError> {
        if let Some(worker) = self.workers.get_mut(&worker)
            && worker.seen.plus(1_000_000) <= at
        {
            worker.seen = at;
        }
        Ok(())
    }

    fn remove(&mut self, run: RunId) -> Result<(), RunStoreError> {
        let kept = self.runs.remove(&run);
        if let Some(key) = kept.and_then(|kept| kept.row.key) {
            self.keys.remove(&key);
        }
        // Of a run whose planning failed, tasks may be left.
        for line in self.ready.values_mut() {
            line.retain(|(_, _, id, _)| *id != run);
        }
        self.outbox.retain(|row| row.run != run);
        Ok(())
    }
}
