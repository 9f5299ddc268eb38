//! Runs in memory, for tests of what stands on a store.

mod kept;
mod records;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fondaco_app::ports::halts::{HaltAck, HaltStore};
use fondaco_app::ports::runs::{
    Asked, Attempt, Commanded, Disagreement, Exchange, Exchanged, FeedRow, Held, Notices,
    OutboxRow, Position, RunQuery, RunStore, RunStoreError, Submission, Submitted, TaskQuery,
    Vitals, disagreement,
};
use fondaco_app::ports::schedules::{Fired, Firing, Schedule, ScheduleStore};
use fondaco_app::ports::workers::{Worker, WorkerStore};
use fondaco_domain::halt::{Halt, HaltCommand};
use fondaco_domain::run::{Command, Recorded, Run, RunKind, RunState};
use fondaco_domain::task::{Task, TaskNo};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};

use self::kept::Kept;
use super::notices::Broadcast;
use super::unit::{Unit, in_order};

/// Loses everything when it is dropped; keeps every other promise of a store.
#[derive(Debug, Default)]
pub struct MemoryRuns {
    kept: Mutex<Kept>,
    news: Broadcast,
}

impl MemoryRuns {
    /// A unit writes nothing before it has decided, and writing to memory does
    /// not fail: there is nothing to take back.
    fn transact<T>(
        &self,
        work: impl FnOnce(&mut Unit<&mut Kept>) -> Result<T, RunStoreError>,
    ) -> Result<T, RunStoreError> {
        let mut kept = self.lock();
        let mut unit = Unit::new(&mut *kept);
        let answer = work(&mut unit)?;
        let (_, notices) = unit.finish()?;
        drop(kept);
        self.news.publish(&notices);
        Ok(answer)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunStore for MemoryRuns {
    fn submit(&self, submission: Submission, by: Asked) -> Result<Submitted, RunStoreError> {
        self.transact(|unit| unit.submit(submission, &by))
    }

    fn command(&self, run: RunId, command: Command, by: Asked) -> Result<Commanded, RunStoreError> {
        self.transact(|unit| unit.command(run, command, &by))
    }

    fn exchange(&self, exchange: Exchange, by: Asked) -> Result<Exchanged, RunStoreError> {
        self.transact(|unit| unit.exchange(&exchange, &by))
    }

    fn held(&self) -> Result<Vec<Held>, RunStoreError> {
        let kept = self.lock();
        let of = |(run, no): &(RunId, TaskNo)| {
            let of_run = kept.runs.get(run)?;
            let task = of_run.task(*no)?;
            let attempt = of_run.attempts.get(&(*no, task.attempt));
            Some(Held {
                run: *run,
                task: *no,
                fence: task.fence,
                lease: task.lease.clone()?,
                beats: attempt.map_or(0, |attempt| attempt.beats),
                external: attempt.and_then(|attempt| attempt.external.clone()),
            })
        };
        Ok(kept.held.iter().filter_map(of).collect())
    }

    fn spec(&self, hash: &ContentHash) -> Result<String, RunStoreError> {
        let kept = self.lock();
        let spec = kept.specs.get(hash).cloned();
        spec.ok_or_else(|| RunStoreError::NoBody(hash.clone()))
    }

    fn run(&self, id: RunId) -> Result<Run, RunStoreError> {
        Ok(self.lock().run(id)?.row.run.clone())
    }

    fn runs(&self, query: &RunQuery) -> Result<Vec<Run>, RunStoreError> {
        let kept = self.lock();
        let runs = kept.runs.values().rev().map(|kept| &kept.row.run);
        let found = runs.filter(|run| answers(run, query));
        let limit = query.limit.unwrap_or(usize::MAX);
        Ok(found.take(limit).cloned().collect())
    }

    fn key_holder(&self, key: &str) -> Result<Option<RunId>, RunStoreError> {
        Ok(self.lock().holders.get(key).copied())
    }

    fn tasks(&self, id: RunId, query: &TaskQuery) -> Result<Vec<Task>, RunStoreError> {
        let kept = self.lock();
        let first = query.after.map_or(0, |no| no.0 as usize + 1);
        let tasks = kept.run(id)?.tasks.iter().skip(first);
        let found =
            tasks.filter(|task| query.states.is_empty() || query.states.contains(&task.state));
        let limit = query.limit.unwrap_or(usize::MAX);
        Ok(found.take(limit).cloned().collect())
    }

    fn attempts(&self, id: RunId, task: TaskNo) -> Result<Vec<Attempt>, RunStoreError> {
        let kept = self.lock();
        let of_task = (task, 0)..=(task, u32::MAX);
        let attempts = kept.run(id)?.attempts.range(of_task);
        Ok(attempts.map(|(_, attempt)| attempt.clone()).collect())
    }

    fn events(&self, id: RunId, after: u64, limit: usize) -> Result<Vec<Recorded>, RunStoreError> {
        let kept = self.lock();
        let events = kept.run(id)?.events.iter();
        let later = events.filter(|one| one.seq > after);
        Ok(later.take(limit).cloned().collect())
    }

    fn remove(&self, id: RunId) -> Result<(), RunStoreError> {
        self.transact(|unit| unit.remove(id))
    }

    fn outbox(&self, consumer: &str, limit: usize) -> Result<Vec<OutboxRow>, RunStoreError> {
        let kept = self.lock();
        let cursor = kept.cursors.get(consumer).copied().unwrap_or_default();
        let first = kept.outbox.partition_point(|row| row.position <= cursor);
        let rows = kept.outbox[first..].iter();
        Ok(rows.take(limit).cloned().collect())
    }

    fn acknowledge(&self, consumer: &str, position: Position) -> Result<(), RunStoreError> {
        let mut kept = self.lock();
        let cursor = kept.cursors.entry(consumer.to_owned()).or_default();
        *cursor = position.max(*cursor);
        Ok(())
    }

    fn feed(&self, after: u64, limit: usize) -> Result<Vec<FeedRow>, RunStoreError> {
        let kept = self.lock();
        let first = kept.outbox.partition_point(|row| number(row) <= after);
        let of = |row: &OutboxRow| {
            let events = &kept.run(row.run)?.events;
            let event = events.get(row.run_seq as usize - 1);
            let missing = || RunStoreError::Damaged(format!("no event {}", number(row)));
            Ok(FeedRow {
                no: number(row),
                run: row.run,
                event: event.ok_or_else(missing)?.clone(),
            })
        };
        kept.outbox[first..].iter().take(limit).map(of).collect()
    }

    fn feed_end(&self) -> Result<u64, RunStoreError> {
        Ok(self.lock().outbox.last().map_or(0, number))
    }

    fn open_runs(&self) -> Result<Vec<(RunKind, RunState, u64)>, RunStoreError> {
        let kept = self.lock();
        let mut counts = HashMap::new();
        for run in kept.runs.values().map(|kept| &kept.row.run) {
            if !run.state.is_terminal() {
                *counts.entry((run.new.kind, run.state)).or_insert(0) += 1;
            }
        }
        let counted = counts.into_iter();
        Ok(in_order(
            counted.map(|((kind, state), n)| (kind, state, n)).collect(),
        ))
    }

    fn keep_body(&self, body: &[u8]) -> Result<ContentHash, RunStoreError> {
        let hash = ContentHash::of(body);
        let mut kept = self.lock();
        kept.bodies.insert(hash.clone(), body.to_vec());
        Ok(hash)
    }

    fn body(&self, hash: &ContentHash) -> Result<Vec<u8>, RunStoreError> {
        let kept = self.lock();
        let body = kept.bodies.get(hash).cloned();
        body.ok_or_else(|| RunStoreError::NoBody(hash.clone()))
    }

    fn subscribe(&self) -> Result<Box<dyn Notices>, RunStoreError> {
        Ok(self.news.subscribe())
    }

    fn vitals(&self) -> Result<Vitals, RunStoreError> {
        let kept = self.lock();
        let events = kept.runs.values().filter_map(|kept| kept.events.last());
        Ok(Vitals {
            place: "memory".to_owned(),
            engine: "memory".to_owned(),
            access: "owner".to_owned(),
            schema: 0,
            bytes: None,
            last_event_at: events.map(|event| event.at).max(),
            fault: None,
        })
    }

    fn check_run(&self, id: RunId) -> Result<Vec<Disagreement>, RunStoreError> {
        let kept = self.lock();
        let of_run = kept.run(id)?;
        let found = disagreement(&of_run.row.run, &of_run.tasks, &of_run.events);
        Ok(found.into_iter().collect())
    }
}

/// What the feed calls a row of the outbox.
fn number(row: &OutboxRow) -> u64 {
    row.position.seq.cast_unsigned()
}

/// Whether a run is one that was asked for.
fn answers(run: &Run, query: &RunQuery) -> bool {
    let before = |instant: Option<UnixMicros>, at: Option<UnixMicros>| match instant {
        Some(instant) => at.is_some_and(|at| at < instant),
        None => true,
    };
    (query.states.is_empty() || query.states.contains(&run.state))
        && query.kind.is_none_or(|kind| kind == run.new.kind)
        && query.queue.as_ref().is_none_or(|one| *one == run.new.queue)
        && query.spec.as_ref().is_none_or(|one| *one == run.new.spec)
        && query
            .strategy
            .as_ref()
            .is_none_or(|one| run.new.strategy.as_ref() == Some(one))
        && query
            .tenant
            .as_ref()
            .is_none_or(|one| *one == run.new.tenant)
        && query.parent.is_none_or(|id| run.new.parent == Some(id))
        && query.planned.is_none_or(|planned| planned == run.planned)
        && before(query.due.map(|due| due.plus(1)), run.new.deadline)
        && before(query.finished_before, run.finished_at)
        && query.before.is_none_or(|id| run.id < id)
}

impl HaltStore for MemoryRuns {
    fn halt(&self, command: HaltCommand, by: Asked) -> Result<Halt, RunStoreError> {
        self.transact(|unit| unit.halt(&command, &by))
    }

    fn obey(&self, limit: usize, by: Asked) -> Result<usize, RunStoreError> {
        self.transact(|unit| unit.obey(limit, &by))
    }

    fn halts(&self) -> Result<Vec<Halt>, RunStoreError> {
        Ok(self.lock().halts.values().cloned().collect())
    }

    fn acknowledge_halt(&self, ack: HaltAck) -> Result<(), RunStoreError> {
        let mut kept = self.lock();
        let key = (ack.scope.clone(), ack.epoch, ack.worker);
        kept.acks.entry(key).or_insert(ack);
        Ok(())
    }

    fn halt_acks(&self) -> Result<Vec<HaltAck>, RunStoreError> {
        let kept = self.lock();
        let present = |ack: &&HaltAck| {
            let latch = kept.halts.get(&ack.scope);
            latch.is_some_and(|halt| halt.epoch == ack.epoch)
        };
        Ok(kept.acks.values().filter(present).cloned().collect())
    }
}

impl WorkerStore for MemoryRuns {
    fn enlist(&self, worker: Worker) -> Result<(), RunStoreError> {
        self.lock().workers.insert(worker.id, worker);
        Ok(())
    }

    fn dismiss(&self, worker: WorkerId) -> Result<(), RunStoreError> {
        self.lock().workers.remove(&worker);
        Ok(())
    }

    fn workers(&self) -> Result<Vec<Worker>, RunStoreError> {
        Ok(self.lock().workers.values().cloned().collect())
    }
}

impl ScheduleStore for MemoryRuns {
    fn add_schedule(&self, schedule: Schedule, by: Asked) -> Result<(), RunStoreError> {
        self.transact(|unit| unit.add_schedule(&schedule, &by))
    }

    fn schedules(&self) -> Result<Vec<Schedule>, RunStoreError> {
        let kept = self.lock();
        Ok(kept
            .schedules
            .values()
            .map(|(one, _)| one.clone())
            .collect())
    }

    fn pause_schedule(
        &self,
        name: &str,
        paused: bool,
        next: Option<UnixMicros>,
        by: Asked,
    ) -> Result<(), RunStoreError> {
        self.transact(|unit| unit.pause_schedule(name, paused, next, &by))
    }

    fn remove_schedule(&self, name: &str, by: Asked) -> Result<(), RunStoreError> {
        self.transact(|unit| unit.remove_schedule(name, &by))
    }

    fn fire(&self, firing: Firing, by: Asked) -> Result<bool, RunStoreError> {
        self.transact(|unit| unit.fire(firing, &by))
    }

    fn fired(&self, name: &str, limit: usize) -> Result<Vec<Fired>, RunStoreError> {
        let kept = self.lock();
        let known = kept.schedules.get(name);
        let (_, fired) = known.ok_or_else(|| RunStoreError::NoSchedule(name.to_owned()))?;
        let mut fired = fired.clone();
        fired.sort_by_key(|tick| std::cmp::Reverse(tick.at));
        fired.truncate(limit);
        Ok(fired)
    }
}
