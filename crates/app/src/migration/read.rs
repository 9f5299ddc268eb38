//! One task, read where the plan says.

use fondaco_contract::v1alpha1::analysis::AnalysisResult;
use fondaco_domain::{Hint, RunId, UnixMicros};
use serde_json::Value;

use super::legacy::LegacyTask;
use super::parity::{Difference, Look, SeenBy, compare, unreadable};
use super::{Migration, MigrationError, Plan, Reads};
use crate::analysis::shown::names::{self, Found, NameError};
use crate::analysis::shown::{Seen, ShowError, Shown};
use crate::ports::Failure;

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The new store.
    New,
    /// The legacy files.
    Legacy,
}

/// A task as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRead {
    /// By which plan: the shape of the answer is in it.
    pub plan: Plan,
    /// Where it comes from.
    pub from: From,
    /// The run behind it; none where only the legacy files know the task.
    pub run: Option<RunId>,
    /// The task.
    pub task: LegacyTask,
    /// Its contract as it was kept, where only the legacy files know it.
    pub contract: Option<Value>,
    /// What the two stores say differently, where both were looked at.
    pub differences: Vec<Difference>,
}

/// A task as the new store has it.
pub(super) struct Told {
    pub(super) found: Found,
    pub(super) shown: Shown,
    pub(super) task: LegacyTask,
    /// When the last thing happened to its run.
    pub(super) changed: UnixMicros,
}

impl Told {
    /// What came of it, where it is about one item.
    pub(super) fn result(&self) -> Option<&AnalysisResult> {
        if self.task.batch.is_some() {
            return None;
        }
        let item = self.shown.items.get(self.found.part.unwrap_or(0))?;
        item.result.as_ref()
    }
}

impl Migration {
    /// Reads a task of the routes of seed 000 (`GET
    /// /api/analysis/status/{task_id}`, its socket, its list), by the flags as
    /// they are now. Nothing where neither store knows it.
    ///
    /// The plan that decided is part of the answer: with
    /// [`Shape::Legacy`](super::Shape) the answer is [`TaskRead::task`] as JSON
    /// and nothing else (for the socket with `type: "progress"` in front). With
    /// [`Shape::V1alpha1`](super::Shape) it is the payload of the contract of
    /// [`TaskRead::run`]; where there is no run, it is made of the task and
    /// [`TaskRead::contract`].
    ///
    /// What the stores say differently is kept in the log of differences; that
    /// it could not be kept is an error only where the answer is not at hand.
    pub fn read_task(&self, task_id: &str) -> Result<Option<TaskRead>, MigrationError> {
        self.read_task_by(&self.plan()?, task_id, SeenBy::Read)
    }

    /// The same, by a plan that was read before.
    pub fn read_task_by(
        &self,
        plan: &Plan,
        task_id: &str,
        seen: SeenBy,
    ) -> Result<Option<TaskRead>, MigrationError> {
        let read = match plan.reads {
            Reads::Legacy => self.read_legacy(plan, task_id)?,
            Reads::LegacyCompared => {
                let read = self.read_legacy(plan, task_id)?;
                self.with_differences(read, seen)?
            }
            Reads::NewFirst | Reads::New => self.read_new(plan, task_id, seen)?,
        };
        if let Some(read) = &read {
            // The log is about us and not about who asks.
            let _ = self.note(&read.differences);
        }
        Ok(read)
    }

    /// Keeps differences in the log.
    pub(super) fn note(&self, differences: &[Difference]) -> Result<(), MigrationError> {
        if differences.is_empty() {
            return Ok(());
        }
        self.files.note(differences).map_err(MigrationError::Legacy)
    }

    /// A task as the new store has it; nothing where it has none.
    pub(super) fn told(&self, task_id: &str) -> Result<Option<Told>, MigrationError> {
        match names::find(&*self.store, task_id) {
            Ok(found) => self.told_of(found),
            Err(NameError::Unknown(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Nothing where the run was removed since.
    pub(super) fn told_of(&self, found: Found) -> Result<Option<Told>, MigrationError> {
        let run = found.named.run_id;
        let shown = self.with_analyses(|analyses| analyses.look(run, &mut Seen::default()));
        let shown = match shown {
            Err(ShowError::NoAnalysis(_)) => return Ok(None),
            shown => shown?,
        };
        let now = self.machine.wall();
        let Some(task) = LegacyTask::told(&found, &shown, now) else {
            return Ok(None);
        };
        let ends = shown.items.iter().flat_map(|item| {
            let stages = item.stages.iter().filter_map(|stage| stage.completed_at);
            stages.chain(item.ended_at)
        });
        let begun = [Some(shown.run.created_at), shown.run.started_at];
        let all = begun.into_iter().chain([shown.run.finished_at]).flatten();
        let changed = all.chain(ends).max().unwrap_or(now);
        Ok(Some(Told {
            found,
            shown,
            task,
            changed,
        }))
    }

    /// The state of a task from its file, with what only its contract says.
    pub(super) fn filed(&self, task_id: &str) -> Result<Option<LegacyTask>, Failure> {
        let Some(mut task) = self.files.task(task_id)? else {
            return Ok(None);
        };
        let is_short = task.decision.is_none() || task.confidence.is_none();
        if is_short
            && task.status.is_success()
            && let Some(contract) = self.files.contract(task_id)?
        {
            complete(&mut task, &contract);
        }
        Ok(Some(task))
    }

    /// Legacy files are authoritative. One of a task under way is brought up to
    /// date first; one of a task that has ended is taken as it is.
    fn read_legacy(&self, plan: &Plan, id: &str) -> Result<Option<TaskRead>, MigrationError> {
        let filed = self.filed(id).map_err(MigrationError::Legacy)?;
        let is_settled = filed.as_ref().is_some_and(|task| task.status.is_final());
        let told = self.told(id)?;
        let run = told.as_ref().map(|told| told.found.named.run_id);
        let task = match (filed, told) {
            (filed, Some(told)) if !is_settled => {
                self.write(plan, &told)?;
                let again = self.filed(id).map_err(MigrationError::Legacy)?;
                again.or(filed)
            }
            (Some(task), None) => Some(task.abandoned()),
            (filed, _) => filed,
        };
        task.map(|task| self.as_filed(plan, run, task)).transpose()
    }

    fn as_filed(
        &self,
        plan: &Plan,
        run: Option<RunId>,
        task: LegacyTask,
    ) -> Result<TaskRead, MigrationError> {
        let contract = match run {
            None => self.files.contract(&task.task_id),
            Some(_) => Ok(None),
        };
        Ok(TaskRead {
            plan: plan.clone(),
            from: From::Legacy,
            run,
            task,
            contract: contract.map_err(MigrationError::Legacy)?,
            differences: Vec::new(),
        })
    }

    fn with_differences(
        &self,
        read: Option<TaskRead>,
        seen: SeenBy,
    ) -> Result<Option<TaskRead>, MigrationError> {
        let Some(mut read) = read else {
            return Ok(None);
        };
        if let Some(told) = self.told(&read.task.task_id)? {
            let look = self.look(&told, seen);
            read.differences = compare(&told.task, &read.task, look);
        }
        Ok(Some(read))
    }

    fn read_new(
        &self,
        plan: &Plan,
        id: &str,
        seen: SeenBy,
    ) -> Result<Option<TaskRead>, MigrationError> {
        let Some(told) = self.told(id)? else {
            let filed = self.filed(id).map_err(MigrationError::Legacy)?;
            let read = filed.map(|task| self.as_filed(plan, None, task.abandoned()));
            return read.transpose();
        };
        let differences = if plan.reads.compares() {
            self.against_file(&told, seen)
        } else {
            Vec::new()
        };
        Ok(Some(TaskRead {
            plan: plan.clone(),
            from: From::New,
            run: Some(told.found.named.run_id),
            task: told.task,
            contract: None,
            differences,
        }))
    }

    /// What the file of a task says differently.
    pub(super) fn against_file(&self, told: &Told, seen: SeenBy) -> Vec<Difference> {
        let look = self.look(told, seen);
        match self.filed(&told.task.task_id) {
            Ok(Some(filed)) => compare(&told.task, &filed, look),
            Ok(None) => unreadable(&told.task, None, look).into_iter().collect(),
            Err(error) => {
                let words = in_words(&error);
                let difference = unreadable(&told.task, Some(&words), look);
                difference.into_iter().collect()
            }
        }
    }

    fn look(&self, told: &Told, seen: SeenBy) -> Look {
        Look {
            at: self.machine.wall(),
            changed: told.changed,
            seen,
        }
    }
}

/// An error with what is behind it, on one line.
pub(super) fn in_words(error: &impl Hint) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    words
}

/// Fills in what the contract knows better: of older files only it does.
fn complete(task: &mut LegacyTask, contract: &Value) {
    let place = |field: &str| {
        let inside = contract.get("result").and_then(|result| result.get(field));
        contract.get(field).or(inside)
    };
    if task.decision.is_none() {
        let decision = place("decision").and_then(Value::as_str);
        task.decision = decision.map(str::to_owned);
    }
    if task.confidence.is_none() {
        task.confidence = place("confidence").and_then(Value::as_f64);
    }
}
