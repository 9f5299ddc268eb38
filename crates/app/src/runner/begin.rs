//! From a claim to an attempt.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fondaco_domain::retry::ErrorClass;
use fondaco_domain::task::{TaskCommand, TaskNo};
use fondaco_domain::{ContentHash, RunId};
use thiserror::Error;

use super::attempt::{Attempt, chain};
use super::{Ended, Note, Runner, in_words, report};
use crate::ports::Store;
use crate::ports::exec::{Assignment, AttemptId, Executor, Found, Need};
use crate::ports::runs::{Claimed, Held, RunStoreError};
use crate::runs::why::task;

/// Specs read before, by hash: the tasks of a run come one after the other.
#[derive(Debug, Default)]
pub(super) struct Specs(BTreeMap<ContentHash, Arc<str>>);

/// So many specs are kept at most.
const SPECS: usize = 32;

impl Specs {
    fn get(&mut self, hash: &ContentHash, store: &dyn Store) -> Result<Arc<str>, Unready> {
        if let Some(spec) = self.0.get(hash) {
            return Ok(Arc::clone(spec));
        }
        let spec: Arc<str> = store.spec(hash).map_err(Unready::from)?.into();
        if ContentHash::of(spec.as_bytes()) != *hash {
            return Err(Unready::Changed(hash.clone()));
        }
        if self.0.len() >= SPECS {
            self.0.clear();
        }
        self.0.insert(hash.clone(), Arc::clone(&spec));
        Ok(spec)
    }
}

/// Why a claimed task cannot begin.
#[derive(Debug, Error)]
enum Unready {
    /// The store has not got what it should have.
    #[error("{0} is not in the store")]
    Missing(ContentHash),
    /// What it has is not what was put there.
    #[error("what the store has as {0} has another hash")]
    Changed(ContentHash),
    /// What it has can be nothing that was put there.
    #[error("{0}")]
    Damaged(String),
    /// It cannot be read now.
    #[error("cannot read what the task needs")]
    Store(#[source] RunStoreError),
}

impl Unready {
    /// Given back, the task would be here again at once; a failure counts,
    /// and the next attempt waits.
    fn class(&self) -> ErrorClass {
        match self {
            Self::Store(_) => ErrorClass::Transient,
            Self::Missing(_) | Self::Changed(_) | Self::Damaged(_) => ErrorClass::Permanent,
        }
    }
}

impl From<RunStoreError> for Unready {
    fn from(error: RunStoreError) -> Self {
        match error {
            RunStoreError::NoBody(hash) => Self::Missing(hash),
            RunStoreError::SpecMismatch(hash) => Self::Changed(hash),
            RunStoreError::Damaged(what) => Self::Damaged(what),
            error => Self::Store(error),
        }
    }
}

impl Runner {
    /// Begins a task that the store gave, asked at `sent`. Each way that does
    /// not lead to an attempt leads to a report.
    pub(super) fn begin(&mut self, claimed: &Claimed, sent: Duration) {
        let id = AttemptId {
            run: claimed.run,
            task: claimed.task.no,
            fence: claimed.task.fence,
        };
        let assignment = match self.assignment(id, claimed) {
            Ok(assignment) => assignment,
            Err(unready) => {
                let error = in_words(&unready);
                self.not_started(id, error.clone());
                return self.report(id, failed(id, unready.class(), error));
            }
        };
        if !self.may_start(claimed) || self.is_too_late(sent) {
            return self.report(id, TaskCommand::Stopped { fence: id.fence });
        }
        self.start(id, claimed, assignment, sent);
    }

    fn start(&mut self, id: AttemptId, claimed: &Claimed, assignment: Assignment, sent: Duration) {
        let Some(executor) = self.ports.executors.of(assignment.kind).cloned() else {
            return self.report(id, TaskCommand::Stopped { fence: id.fence });
        };
        let now = self.clock.now;
        match executor.start(assignment) {
            Ok(reference) => {
                self.gate.tell(executor.name(), Some(true), now);
                let chain = chain(claimed.run, &claimed.new);
                let attempt = Attempt::new(id, chain, executor, reference, sent);
                self.live.insert(id, attempt);
            }
            Err(error) => {
                if error.class.may_retry() {
                    self.gate.tell(executor.name(), Some(false), now);
                }
                let words = in_words(&error);
                self.not_started(id, words.clone());
                self.report(id, failed(id, error.class, words));
            }
        }
    }

    /// Whether no order has come since the store gave it: the file, or a latch
    /// that a notice told of. What cannot be looked up may not.
    fn may_start(&mut self, claimed: &Claimed) -> bool {
        self.latches.hear(self.handle.epoch());
        if let Err(error) = self.look_at_latches() {
            self.ports.log.note(&Note::StoreFailed {
                error: in_words(&error),
                again_in: None,
            });
            return false;
        }
        // Last, since the look before may have taken long.
        self.look_for_emergency();
        !self.latches.forbid_starts() && !self.latches.cover(&chain(claimed.run, &claimed.new))
    }

    /// Whether so much of a lease is gone that what begins now would have to
    /// stop: the process slept.
    fn is_too_late(&self, sent: Duration) -> bool {
        let lease = self.settings.lease;
        self.ports.machine.monotonic() >= sent + lease.saturating_sub(super::ladder::reserve(lease))
    }

    fn assignment(&mut self, id: AttemptId, claimed: &Claimed) -> Result<Assignment, Unready> {
        let store = &*self.ports.store;
        let spec = self.specs.get(&claimed.new.spec, store)?;
        let plan = &claimed.task.plan;
        let input = plan.input.as_deref().map(|input| whole(store, input));
        let needs = plan.needs.iter().map(|no| need(store, claimed.run, *no));
        Ok(Assignment {
            needs: needs.collect::<Result<_, _>>()?,
            id,
            attempt: claimed.task.attempt,
            kind: plan.kind,
            key: plan.key.clone(),
            spec: spec.to_string(),
            input: input.transpose()?,
        })
    }

    /// Takes over an attempt that the store has put into these hands.
    pub(super) fn go_on_with(&mut self, orphan: &Orphan, sent: Duration) {
        let Orphan { id, held, chain } = orphan;
        let Some((executor, reference)) = self.found_by(*id, held) else {
            return self.report(*id, gone(*id));
        };
        if executor.adopt(*id, &reference) {
            let chain = Arc::clone(chain);
            let attempt = Attempt::new(*id, chain, executor, Some(reference), sent);
            let told = held.external.is_some();
            let attempt = if told { attempt.told() } else { attempt };
            self.live.insert(*id, attempt);
            return;
        }
        match executor.find(*id, &reference) {
            Found::Ended(outcome) => self.ended.push(Ended {
                id: *id,
                outcome,
                executor,
            }),
            Found::Running | Found::Gone | Found::Unknown => self.report(*id, gone(*id)),
        }
    }

    /// Which executor has it, and by what reference. Where its worker had no
    /// time to say, each is asked, as the reaper did.
    fn found_by(&self, id: AttemptId, held: &Held) -> Option<(Arc<dyn Executor>, String)> {
        let Some(external) = &held.external else {
            let knows = |one: &&Arc<dyn Executor>| {
                matches!(one.find(id, ""), Found::Running | Found::Ended(_))
            };
            let executor = self.ports.executors.all().find(knows)?;
            return Some((Arc::clone(executor), String::new()));
        };
        let executor = self.ports.executors.named(&external.executor)?;
        let reference = external.reference.clone().unwrap_or_default();
        Some((Arc::clone(executor), reference))
    }

    /// Reads what is needed of the runs of orphans. Those whose run is gone
    /// are nobody's, and those that another worker has by now are its own.
    /// Where this one has it by now and does not know it, the answer that said
    /// so was lost.
    pub(super) fn meet_orphans(&mut self) -> Result<Vec<Orphan>, RunStoreError> {
        let mut met = Vec::new();
        if self.orphans.is_empty() {
            return Ok(met);
        }
        let present = self.ports.store.held()?;
        let mut orphans = std::mem::take(&mut self.orphans);
        let unchanged = |orphan: &Held| {
            let same = |held: &Held| {
                (held.run, held.task, held.fence) == (orphan.run, orphan.task, orphan.fence)
                    && (held.lease.owner == orphan.lease.owner
                        || held.lease.owner == self.worker.id)
            };
            present.iter().any(same) && !self.has(attempt_of(orphan))
        };
        orphans.retain(unchanged);
        self.orphans = orphans;
        for held in &self.orphans {
            match self.ports.store.run(held.run) {
                Ok(run) => met.push(Orphan {
                    id: attempt_of(held),
                    held: held.clone(),
                    chain: chain(run.id, &run.new),
                }),
                Err(RunStoreError::NoRun(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(met)
    }

    fn not_started(&self, attempt: AttemptId, error: String) {
        self.ports.log.note(&Note::NotStarted { attempt, error });
    }
}

/// An attempt of another process, found running.
pub(super) struct Orphan {
    pub(super) id: AttemptId,
    held: Held,
    chain: Arc<[fondaco_domain::halt::Scope]>,
}

/// The attempt that is held.
pub(super) fn attempt_of(held: &Held) -> AttemptId {
    AttemptId {
        run: held.run,
        task: held.task,
        fence: held.fence,
    }
}

fn failed(id: AttemptId, class: ErrorClass, error: String) -> TaskCommand {
    TaskCommand::Fail {
        fence: id.fence,
        class,
        error,
    }
}

fn gone(id: AttemptId) -> TaskCommand {
    failed(
        id,
        ErrorClass::LostWorker,
        "the attempt was gone when another worker took it over".to_owned(),
    )
}

/// What came of a task that is needed.
fn need(store: &dyn Store, run: RunId, no: TaskNo) -> Result<Need, Unready> {
    let Some(task) = task(store, run, no)? else {
        return Err(Unready::Damaged(format!(
            "task {} of run {run} is needed, and is not there",
            no.0
        )));
    };
    let output = task.output.as_deref().map(|output| whole(store, output));
    Ok(Need {
        key: task.plan.key,
        state: task.state,
        output: output.transpose()?,
        detail: task.detail,
    })
}

/// An input or output itself, where the row has it by its hash.
fn whole(store: &dyn Store, text: &str) -> Result<String, Unready> {
    let Some(hash) = report::hash(text) else {
        return Ok(text.to_owned());
    };
    let body = store.body(&hash)?;
    if ContentHash::of(&body) != hash {
        return Err(Unready::Changed(hash));
    }
    String::from_utf8(body).map_err(|_| Unready::Damaged(format!("the body {hash} is no text")))
}
