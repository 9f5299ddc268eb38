//! Runs in memory, for tests of what stands on a store.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fondaco_app::ports::runs::{
    Asked, Claimed, Commanded, Expired, IdempotencyKey, OutboxRow, RunStore, RunStoreError,
    Submission, Submitted,
};
use fondaco_domain::halt::{Halt, HaltBook, HaltCommand};
use fondaco_domain::run::{
    self, Command, Effect, Event, MemoryRows, Recorded, Refused, Rows, Run, RunCommand,
};
use fondaco_domain::task::{Fence, Lease, Task, TaskCommand, TaskNo, TaskState, renew};
use fondaco_domain::{ContentHash, RunId, UnixMicros};

use super::{Chain, refused};

/// Loses everything when it is dropped; keeps every other promise of
/// [`RunStore`].
#[derive(Debug, Default)]
pub struct MemoryRuns {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default, Clone)]
struct Kept {
    runs: BTreeMap<RunId, KeptRun>,
    keys: BTreeMap<IdempotencyKey, (ContentHash, RunId)>,
    halts: HaltBook,
    outbox: Vec<OutboxRow>,
    cursors: BTreeMap<String, i64>,
}

#[derive(Debug, Clone)]
struct KeptRun {
    run: Run,
    rows: MemoryRows,
    events: Vec<Recorded>,
    chain: Chain,
}

impl RunStore for MemoryRuns {
    fn submit(&self, submission: Submission, by: Asked) -> Result<Submitted, RunStoreError> {
        self.transact(|kept| kept.submit(submission, &by))
    }

    fn command(&self, run: RunId, command: Command, by: Asked) -> Result<Commanded, RunStoreError> {
        self.transact(|kept| kept.command(run, command, &by))
    }

    fn claim(
        &self,
        queue: &str,
        lease: Lease,
        limit: usize,
        by: Asked,
    ) -> Result<Vec<Claimed>, RunStoreError> {
        self.transact(|kept| kept.claim(queue, &lease, limit, &by))
    }

    fn renew(
        &self,
        run: RunId,
        task: TaskNo,
        fence: Fence,
        until: UnixMicros,
    ) -> Result<Lease, RunStoreError> {
        self.transact(|kept| {
            let run = kept.get_mut(run)?;
            let mut task = run.task(task)?;
            let lease = renew(&task, fence, until)?;
            task.lease = Some(lease.clone());
            let Ok(()) = run.rows.write(&task);
            Ok(lease)
        })
    }

    fn expired(&self, now: UnixMicros) -> Result<Vec<Expired>, RunStoreError> {
        let mut found = Vec::new();
        for kept in self.lock().runs.values() {
            for task in kept.rows.tasks() {
                let until = task.lease.as_ref().map(|lease| lease.until);
                let expired = Expired {
                    run: kept.run.id,
                    task: task.no,
                    fence: task.fence,
                };
                found.extend(until.filter(|until| *until < now).map(|at| (at, expired)));
            }
        }
        found.sort_by_key(|(until, expired)| (*until, expired.run, expired.task));
        Ok(found.into_iter().map(|(_, expired)| expired).collect())
    }

    fn halt(
        &self,
        command: HaltCommand,
        by: Asked,
    ) -> Result<Vec<(RunId, Vec<Effect>)>, RunStoreError> {
        self.transact(|kept| kept.halt(&command, &by))
    }

    fn halts(&self) -> Result<Vec<Halt>, RunStoreError> {
        Ok(self.lock().halts.latches().cloned().collect())
    }

    fn run(&self, id: RunId) -> Result<Run, RunStoreError> {
        Ok(self.lock().get_mut(id)?.run.clone())
    }

    fn runs(&self) -> Result<Vec<Run>, RunStoreError> {
        let kept = self.lock();
        Ok(kept
            .runs
            .values()
            .rev()
            .map(|kept| kept.run.clone())
            .collect())
    }

    fn tasks(&self, id: RunId) -> Result<Vec<Task>, RunStoreError> {
        Ok(self.lock().get_mut(id)?.rows.tasks().cloned().collect())
    }

    fn events(&self, id: RunId) -> Result<Vec<Recorded>, RunStoreError> {
        Ok(self.lock().get_mut(id)?.events.clone())
    }

    fn outbox(&self, consumer: &str, limit: usize) -> Result<Vec<OutboxRow>, RunStoreError> {
        let kept = self.lock();
        let after = kept.cursors.get(consumer).copied().unwrap_or(0);
        let rows = kept.outbox.iter().filter(|row| row.seq > after);
        Ok(rows.take(limit).cloned().collect())
    }

    fn acknowledge(&self, consumer: &str, seq: i64) -> Result<(), RunStoreError> {
        self.transact(|kept| {
            let cursor = kept.cursors.entry(consumer.to_owned()).or_default();
            *cursor = seq.max(*cursor);
            Ok(())
        })
    }
}

impl MemoryRuns {
    /// Works on a copy that takes the place of the original when all went
    /// well: slow, and as whole as a transaction.
    fn transact<T>(
        &self,
        work: impl FnOnce(&mut Kept) -> Result<T, RunStoreError>,
    ) -> Result<T, RunStoreError> {
        let mut kept = self.lock();
        let mut copy = kept.clone();
        let answer = work(&mut copy)?;
        *kept = copy;
        Ok(answer)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn get_mut(&mut self, id: RunId) -> Result<&mut KeptRun, RunStoreError> {
        self.runs.get_mut(&id).ok_or(RunStoreError::NoRun(id))
    }

    fn submit(&mut self, asked: Submission, by: &Asked) -> Result<Submitted, RunStoreError> {
        let fingerprint = asked.fingerprint();
        if let Some(key) = &asked.key {
            if let Some((known, existing)) = self.keys.get(key) {
                return known_key(key, *known == fingerprint, *existing);
            }
            self.keys.insert(key.clone(), (fingerprint, asked.id));
        }
        if self.runs.contains_key(&asked.id) {
            return Err(RunStoreError::IdTaken(asked.id));
        }
        let epoch = self.halts.covering(&[]).epoch;
        let mut rows = MemoryRows::default();
        let plan = (asked.tasks, asked.last);
        let (run, done) =
            run::submit(asked.id, asked.new, plan, &mut rows, epoch, by.at).map_err(only_rules)?;
        let kept = KeptRun {
            run,
            rows,
            events: Vec::new(),
            chain: Chain::start(),
        };
        self.runs.insert(asked.id, kept);
        self.record(asked.id, done.events, by)?;
        Ok(Submitted {
            id: asked.id,
            fresh: true,
        })
    }

    fn command(
        &mut self,
        id: RunId,
        command: Command,
        by: &Asked,
    ) -> Result<Commanded, RunStoreError> {
        let scopes = self.get_mut(id)?.run.scopes();
        let halts = self.halts.covering(&scopes);
        let kept = self.get_mut(id)?;
        let done = run::carry_out(&mut kept.run, &mut kept.rows, command, &halts, by.at)
            .map_err(only_rules)?;
        let run = kept.run.clone();
        let events = done.events.len();
        self.record(id, done.events, by)?;
        Ok(Commanded {
            run,
            events,
            effects: done.effects,
        })
    }

    fn claim(
        &mut self,
        queue: &str,
        lease: &Lease,
        limit: usize,
        by: &Asked,
    ) -> Result<Vec<Claimed>, RunStoreError> {
        let mut ready: Vec<(i32, UnixMicros, RunId, TaskNo)> = self
            .runs
            .values()
            .filter(|kept| kept.run.new.queue == queue)
            .flat_map(|kept| kept.rows.tasks().map(|task| (kept.run.id, task)))
            .filter(|(_, task)| task.state == TaskState::Ready && task.ready_at <= by.at)
            .map(|(run, task)| (-task.plan.priority, task.ready_at, run, task.no))
            .collect();
        ready.sort_unstable();
        let mut claimed = Vec::new();
        for (_, _, run, no) in ready {
            if claimed.len() == limit {
                break;
            }
            let command = TaskCommand::Lease {
                worker: lease.owner,
                until: lease.until,
            };
            match self.command(run, Command::Task(no, command), by) {
                Ok(_) => claimed.push(Claimed {
                    run,
                    task: self.get_mut(run)?.task(no)?,
                }),
                Err(RunStoreError::Rejected(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(claimed)
    }

    fn halt(
        &mut self,
        command: &HaltCommand,
        by: &Asked,
    ) -> Result<Vec<(RunId, Vec<Effect>)>, RunStoreError> {
        let Some(halt) = self.halts.step(command, &by.actor, by.at)? else {
            return Ok(Vec::new());
        };
        self.halts.apply(halt.clone());
        if !halt.mode.forbids_start() {
            return Ok(Vec::new());
        }
        let covered: Vec<RunId> = self
            .runs
            .values()
            .filter(|kept| !kept.run.state.is_terminal())
            .filter(|kept| kept.run.scopes().contains(&halt.scope))
            .map(|kept| kept.run.id)
            .collect();
        let tell = |run| {
            let done = self.command(run, Command::Run(RunCommand::Halt), by)?;
            Ok((run, done.effects))
        };
        covered.into_iter().map(tell).collect()
    }

    fn record(&mut self, id: RunId, events: Vec<Event>, by: &Asked) -> Result<(), RunStoreError> {
        for event in events {
            let kept = self.get_mut(id)?;
            let recorded = kept.chain.link(id, event, by)?;
            kept.events.push(recorded.clone());
            self.outbox.push(OutboxRow {
                seq: self.outbox.len() as i64 + 1,
                run: id,
                run_seq: recorded.seq,
                body: recorded.body,
            });
        }
        Ok(())
    }
}

impl KeptRun {
    fn task(&mut self, no: TaskNo) -> Result<Task, RunStoreError> {
        let Ok(task) = self.rows.task(no);
        task.ok_or_else(|| run::Rejection::UnknownTask(no).into())
    }
}

/// What a known key comes to.
pub(super) fn known_key(
    key: &IdempotencyKey,
    same: bool,
    existing: RunId,
) -> Result<Submitted, RunStoreError> {
    if same {
        return Ok(Submitted {
            id: existing,
            fresh: false,
        });
    }
    Err(RunStoreError::KeyConflict {
        key: key.clone(),
        existing,
    })
}

fn only_rules(error: Refused<std::convert::Infallible>) -> RunStoreError {
    match error {
        Refused::Rejection(rejection) => refused::<RunStoreError>(Refused::Rejection(rejection)),
    }
}
