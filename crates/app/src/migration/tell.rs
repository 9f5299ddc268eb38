//! Runs told in legacy files, after the events.

use std::sync::Arc;

use fondaco_contract::v1alpha1::analysis::AnalysisResult;
use fondaco_domain::RunId;
use serde_json::Value;

use super::legacy::{LegacyTask, Recommended};
use super::parity::SeenBy;
use super::read::Told;
use super::{Migration, MigrationError, Plan};
use crate::analysis::shown::names::{self, Found};
use crate::ports::Failure;
use crate::ports::runs::{FeedRow, RunStoreError};
use crate::projections::{Found as Fate, ProjectionError, Teller};

/// Writes the legacy files of analyses while anybody reads them; for a
/// [`Follower`](crate::projections::Follower). The place up to which all is
/// written lies with the files, so a process that ends between the store and a
/// file loses nothing, and writing once more changes nothing.
#[derive(Clone)]
pub struct LegacyTeller(pub Arc<Migration>);

/// Times that a run is told anew because it went on meanwhile.
const TRIES: usize = 3;

impl Teller for LegacyTeller {
    /// Files that nobody reads any more are not written. Once somebody does
    /// again, all that happened meanwhile is.
    fn is_paused(&self) -> Result<bool, ProjectionError> {
        match self.0.plan() {
            Ok(plan) => Ok(!plan.writes_legacy),
            Err(MigrationError::Store(error)) => Err(error.into()),
            Err(MigrationError::Flags(error)) => Err(ProjectionError::Flags(error)),
            Err(error) => Err(ProjectionError::Folder(Failure::new(error))),
        }
    }

    fn feed(&self, after: u64, limit: usize) -> Result<Vec<FeedRow>, ProjectionError> {
        Ok(self.0.store.feed(after, limit)?)
    }

    fn tell(&self, run: RunId, _known: u64) -> Result<Fate, ProjectionError> {
        let told = self.0.tell(run);
        told.map_err(|error| match error {
            MigrationError::Store(error) => error.into(),
            error => ProjectionError::Files {
                run,
                source: Failure::new(error),
            },
        })
    }

    fn position(&self) -> Result<u64, ProjectionError> {
        self.0.files.position().map_err(ProjectionError::Folder)
    }

    fn set_position(&self, position: u64) -> Result<(), ProjectionError> {
        let kept = self.0.files.set_position(position);
        kept.map_err(ProjectionError::Folder)
    }
}

impl Migration {
    /// Makes the legacy files of a run what the store says, where it has a name
    /// there. Files of runs that were removed stay.
    ///
    /// Two may do so at once: who has written looks again afterwards, so that
    /// the last one leaves the newest.
    pub fn tell(&self, run: RunId) -> Result<Fate, MigrationError> {
        let of_no_task = Fate::Told {
            events: 0,
            ended: true,
        };
        let Some(found) = self.names.of(&*self.store, run)? else {
            return Ok(of_no_task);
        };
        let plan = self.plan()?;
        let (mut known, mut ended) = (0, false);
        let mut differences = Vec::new();
        for _ in 0..TRIES {
            known = self.newest_event(run, known)?;
            let Some(told) = self.told_of(found.clone())? else {
                return Ok(Fate::Gone);
            };
            self.write(&plan, &told)?;
            if plan.writes_contract {
                differences = self.against_file(&told, SeenBy::Write);
            }
            let is_newest = self.newest_event(run, known)? == known;
            ended = is_newest && told.shown.run.state.is_terminal();
            if !is_newest {
                differences.clear();
            } else if differences.is_empty() {
                break;
            }
            // What differs may be of one who looked before and wrote after:
            // that one, too, looks again.
        }
        self.note(&differences)?;
        Ok(Fate::Told {
            events: known,
            ended,
        })
    }

    fn newest_event(&self, run: RunId, after: u64) -> Result<u64, MigrationError> {
        const PAGE: usize = 1_000;
        let mut newest = after;
        loop {
            let events = match self.store.events(run, newest, PAGE) {
                Err(RunStoreError::NoRun(_)) => return Ok(newest),
                events => events?,
            };
            newest = events.last().map_or(newest, |event| event.seq);
            if events.len() < PAGE {
                return Ok(newest);
            }
        }
    }

    /// Writes the files of a task, its state last: who reads that it has ended
    /// finds all the others.
    pub(super) fn write(&self, plan: &Plan, told: &Told) -> Result<(), MigrationError> {
        let mut task = told.task.clone();
        if let Some(batch) = &mut task.batch {
            for (index, part) in batch.results.iter_mut().enumerate() {
                let found = Found {
                    task_id: names::part(&told.found.task_id, index),
                    named: told.found.named.clone(),
                    part: Some(index),
                };
                let item = told.shown.items.get(index);
                let result = item.and_then(|item| item.result.as_ref());
                self.write_one(plan, &found, part, result)?;
            }
            return self.put(&task);
        }
        self.write_one(plan, &told.found, &mut task, told.result())
    }

    fn write_one(
        &self,
        plan: &Plan,
        found: &Found,
        task: &mut LegacyTask,
        result: Option<&AnalysisResult>,
    ) -> Result<(), MigrationError> {
        if let Some(result) = result.filter(|_| plan.writes_contract) {
            // Structs with text keys always serialise.
            let contract = serde_json::to_value(result).unwrap_or(Value::Null);
            let put = self.files.put_contract(&found.task_id, &contract);
            put.map_err(MigrationError::Legacy)?;
            task.result_ref = Some(format!("results/{}/result.v1alpha1.json", found.task_id));
        }
        if let Some(one) = Recommended::of(task) {
            self.recommend(&one)?;
        }
        self.put(task)
    }

    fn put(&self, task: &LegacyTask) -> Result<(), MigrationError> {
        let put = self.files.put_task(task);
        put.map(|_| ()).map_err(MigrationError::Legacy)
    }

    /// Of several analyses of a day the one that was asked for last counts.
    fn recommend(&self, one: &Recommended) -> Result<(), MigrationError> {
        let known = self.files.recommendation(&one.date, &one.ticker);
        let is_newer = |known: &Recommended| known.created_at > one.created_at;
        // One that cannot be understood says nothing that could be newer.
        if known.is_ok_and(|known| known.as_ref().is_some_and(is_newer)) {
            return Ok(());
        }
        let put = self.files.put_recommendation(one);
        put.map(|_| ()).map_err(MigrationError::Legacy)
    }
}
