//! Attempts whose worker is gone or silent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use fondaco_domain::WorkerId;
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::run::Command;
use fondaco_domain::task::{Rung, TaskCommand};

use super::Reaper;
use crate::ports::exec::{AttemptId, Executor, Found, Outcome};
use crate::ports::runs::{Held, RunStoreError};
use crate::ports::workers::Worker;
use crate::runner::{Note, is_the_end, outcome_command};

/// How long nothing has been heard of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Silence {
    beats: u64,
    owner: WorkerId,
    lasted: Duration,
    /// It was sent the signal that nothing survives.
    killed: bool,
}

/// What is known of the worker that holds an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// A process of this machine that is gone.
    Dead,
    /// A process of this machine.
    Here,
    /// Another machine's, or nobody on the list.
    Elsewhere,
}

/// After so many leases without a word a worker is taken off the list.
const FORGOTTEN: u32 = 10;

impl Reaper {
    /// Settles what is silent.
    pub(super) fn reap(&mut self, watched: Duration) -> Result<bool, RunStoreError> {
        let held = self.ports.store.held()?;
        let workers = self.ports.store.workers()?;
        let by_id: BTreeMap<WorkerId, &Worker> =
            workers.iter().map(|worker| (worker.id, worker)).collect();
        let here: BTreeSet<AttemptId> = held.iter().map(id).collect();
        self.silences.retain(|id, silence| {
            let stays = here.contains(id);
            if !stays && silence.killed {
                self.ports.executors.pardon(*id);
            }
            stays
        });
        let mut settled = Ok(());
        for one in &held {
            let holder = self.holder(by_id.get(&one.lease.owner).copied());
            let lasted = self.listen(one, watched);
            if holder == Holder::Dead || lasted >= self.settings.lease {
                match self.settle(one, holder) {
                    Ok(()) => {}
                    Err(error) if holds_all_up(&error) => return Err(error),
                    // One that cannot be settled holds no other up.
                    Err(error) => settled = Err(error),
                }
            }
        }
        self.clear_list(&workers, &held, watched)?;
        settled.map(|()| false)
    }

    fn holder(&self, worker: Option<&Worker>) -> Holder {
        match worker {
            Some(worker) if worker.host != self.settings.host => Holder::Elsewhere,
            Some(worker) if (self.ports.alive)(worker.pid, &worker.pid_start) => Holder::Here,
            Some(_) => Holder::Dead,
            None => Holder::Elsewhere,
        }
    }

    /// How long it has been silent by now.
    fn listen(&mut self, held: &Held, watched: Duration) -> Duration {
        let fresh = Silence {
            beats: held.beats,
            owner: held.lease.owner,
            lasted: Duration::ZERO,
            killed: false,
        };
        match self.silences.get_mut(&id(held)) {
            Some(silence) if silence.beats == fresh.beats && silence.owner == fresh.owner => {
                silence.lasted += watched;
                silence.lasted
            }
            _ => {
                self.silences.insert(id(held), fresh);
                Duration::ZERO
            }
        }
    }

    /// Asks its executor before it says anything.
    fn settle(&mut self, held: &Held, holder: Holder) -> Result<(), RunStoreError> {
        let (found, executor) = self.find(held, holder);
        match (found, executor) {
            (Found::Ended(outcome), Some(executor)) => {
                self.tell(held, &outcome, "its result was found")?;
                executor.settled(id(held));
                Ok(())
            }
            (Found::Running, Some(_)) if holder == Holder::Dead => {
                (self.ports.adopt)(held.clone());
                Ok(())
            }
            (Found::Running, Some(executor)) if self.kill(held, &*executor) => Ok(()),
            (Found::Gone, _) => self.lose(held, "its process is gone"),
            _ if holder == Holder::Dead => self.lose(held, "its worker is gone"),
            _ => self.lose(held, "its worker is silent"),
        }
    }

    /// What an executor here knows of it. Where its worker had no time to say
    /// which one has it, each is asked.
    fn find(&self, held: &Held, holder: Holder) -> (Found, Option<Arc<dyn Executor>>) {
        if holder == Holder::Elsewhere {
            return (Found::Unknown, None);
        }
        let asked: Vec<(Arc<dyn Executor>, &str)> = match &held.external {
            Some(external) => {
                let reference = external.reference.as_deref().unwrap_or_default();
                let named = self.ports.executors.named(&external.executor);
                named
                    .map(|one| (Arc::clone(one), reference))
                    .into_iter()
                    .collect()
            }
            None => self
                .ports
                .executors
                .all()
                .map(|one| (Arc::clone(one), ""))
                .collect(),
        };
        let mut best = (Found::Unknown, None);
        for (executor, reference) in asked {
            match executor.find(id(held), reference) {
                Found::Unknown => {}
                Found::Gone => best = (Found::Gone, Some(executor)),
                found @ (Found::Running | Found::Ended(_)) => return (found, Some(executor)),
            }
        }
        best
    }

    /// Kills what is alive but silent, once; what came of it is seen in the
    /// next round. False where it has been killed before.
    fn kill(&mut self, held: &Held, executor: &dyn Executor) -> bool {
        let reference = held
            .external
            .as_ref()
            .and_then(|one| one.reference.as_deref());
        match self.silences.get_mut(&id(held)) {
            Some(silence) if !silence.killed => {
                silence.killed = true;
                if executor.adopt(id(held), reference.unwrap_or_default()) {
                    self.ports.executors.condemn(id(held));
                    executor.stop(id(held), Rung::Kill);
                }
                true
            }
            _ => false,
        }
    }

    fn lose(&mut self, held: &Held, found: &'static str) -> Result<(), RunStoreError> {
        let lost = Outcome::Failed {
            class: ErrorClass::LostWorker,
            error: found.to_owned(),
        };
        self.tell(held, &lost, found)
    }

    fn tell(
        &mut self,
        held: &Held,
        outcome: &Outcome,
        found: &'static str,
    ) -> Result<(), RunStoreError> {
        let command: TaskCommand = outcome_command(&*self.ports.store, id(held), outcome)?;
        let command = Command::Task(held.task, command);
        match self.ports.store.command(held.run, command, self.asked()) {
            // Somebody was faster.
            Ok(_) | Err(RunStoreError::Rejected(_) | RunStoreError::NoRun(_)) => {}
            Err(error) => return Err(error),
        }
        self.silences.remove(&id(held));
        self.ports.executors.pardon(id(held));
        self.ports.log.note(&Note::Reaped {
            attempt: id(held),
            found,
        });
        Ok(())
    }

    /// Takes workers off the list that hold nothing and are gone, or have not
    /// been heard of for long.
    fn clear_list(
        &mut self,
        workers: &[Worker],
        held: &[Held],
        watched: Duration,
    ) -> Result<(), RunStoreError> {
        let busy: BTreeSet<WorkerId> = held.iter().map(|one| one.lease.owner).collect();
        self.idle
            .retain(|id, _| workers.iter().any(|worker| worker.id == *id));
        for worker in workers {
            let idle = self.idle.entry(worker.id).or_default();
            *idle = match *idle {
                (seen, lasted) if seen == worker.seen => (seen, lasted + watched),
                _ => (worker.seen, Duration::ZERO),
            };
            let forgotten = idle.1 >= self.settings.lease * FORGOTTEN;
            let gone = forgotten || self.holder(Some(worker)) == Holder::Dead;
            if gone && !busy.contains(&worker.id) {
                self.ports.store.dismiss(worker.id)?;
            }
        }
        Ok(())
    }
}

/// Whether the store would answer nothing about another attempt either.
fn holds_all_up(error: &RunStoreError) -> bool {
    is_the_end(error) || matches!(error, RunStoreError::Unreachable { .. })
}

fn id(held: &Held) -> AttemptId {
    AttemptId {
        run: held.run,
        task: held.task,
        fence: held.fence,
    }
}
