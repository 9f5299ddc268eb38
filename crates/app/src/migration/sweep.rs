//! Both stores looked over, task by task.

use std::collections::BTreeSet;

use fondaco_contract::v1alpha1::analysis::LaneResult;
use fondaco_domain::UnixMicros;
use fondaco_domain::signal::Probability;

use super::legacy::LegacyTask;
use super::parity::{Difference, GRACE, Look, SeenBy, compare, unreadable};
use super::read::{Told, in_words};
use super::triggers::{Face, Observations, TaskSeen};
use super::{Migration, MigrationError, Plan, Reads};
use crate::analysis::shown::names;

/// What was found in both stores.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Swept {
    /// Tasks that both know and that say the same.
    pub equal: usize,
    /// Of those, how many have ended, and when.
    pub(super) ended: Vec<UnixMicros>,
    /// Tasks that only the new store knows.
    pub only_new: usize,
    /// Tasks that only the legacy files know.
    pub only_legacy: usize,
    /// Files that cannot be understood: the task, and why.
    pub broken: Vec<(String, String)>,
    /// What is said differently.
    pub differences: Vec<Difference>,
    /// What the triggers look at.
    pub observations: Observations,
    /// Older tasks that were not looked at.
    pub left_out: usize,
}

/// Tasks that are looked at, the newest first.
const MOST: usize = 2_000;

impl Migration {
    /// Looks at all tasks of both stores, and changes nothing. Differences are
    /// not noted.
    pub fn look_over(&self) -> Result<Swept, MigrationError> {
        let plan = self.plan()?;
        let at = self.machine.wall();
        let mut swept = Swept {
            observations: Observations {
                at,
                writes_legacy: plan.writes_legacy,
                ..Observations::default()
            },
            ..Swept::default()
        };
        let mut named = names::all(&*self.store)?;
        swept.left_out = named.len().saturating_sub(MOST);
        let mut known: BTreeSet<String> = BTreeSet::new();
        known.extend(named.iter().map(|found| found.task_id.clone()));
        named.truncate(MOST);
        for found in named {
            let id = found.task_id.clone();
            match self.told_of(found) {
                Ok(Some(told)) => {
                    let parts = told.task.batch.iter().flat_map(|batch| &batch.results);
                    known.extend(parts.map(|part| part.task_id.clone()));
                    self.look_at(&plan, &told, &mut swept);
                }
                // Removed since: what is left of it is in its files.
                Ok(None) => {
                    known.remove(&id);
                }
                Err(MigrationError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    swept.broken.push((id.clone(), in_words(&error)));
                    swept.observations.tasks.push(not_shown(id));
                }
            }
        }
        let ids = self.files.task_ids().map_err(MigrationError::Legacy)?;
        for id in ids.into_iter().filter(|id| !known.contains(id)) {
            self.look_at_file(id, &mut swept);
        }
        let changed = |task: &str| {
            let tasks = &swept.observations.tasks;
            tasks.iter().find(|seen| seen.task == task)?.changed
        };
        swept.observations.sockets = self.sockets.observed(changed);
        Ok(swept)
    }

    /// A task of ours, and its parts.
    fn look_at(&self, plan: &Plan, told: &Told, swept: &mut Swept) {
        let results = told.shown.items.iter().map(|item| item.result.as_ref());
        let parts = told.task.batch.iter().flat_map(|batch| &batch.results);
        let parts: Vec<_> = match &told.task.batch {
            Some(_) => parts.zip(results).collect(),
            None => vec![(&told.task, told.result())],
        };
        for (task, result) in parts {
            let mut truth = Face::from(task);
            if let Some(result) = result {
                let said = |lane: &LaneResult| {
                    let rating = lane.rating.filter(|_| lane.available);
                    rating.map(|rating| rating.as_str().to_owned())
                };
                truth.decision = result.decision.map(|it| it.as_str().to_owned());
                truth.confidence = result.confidence.map(Probability::get);
                truth.quant = said(&result.signals.quant);
                truth.llm = said(&result.signals.llm);
            }
            self.look_at_one(plan, task, (told.changed, truth), swept);
        }
        if told.task.batch.is_some() {
            let truth = Face::from(&told.task);
            self.look_at_one(plan, &told.task, (told.changed, truth), swept);
        }
    }

    fn look_at_one(
        &self,
        plan: &Plan,
        task: &LegacyTask,
        (changed, truth): (UnixMicros, Face),
        swept: &mut Swept,
    ) {
        let at = swept.observations.at;
        let look = Look {
            at,
            changed,
            seen: SeenBy::Sweep,
        };
        let filed = self.filed(&task.task_id);
        let differences: Vec<Difference> = match &filed {
            Ok(Some(filed)) => compare(task, filed, look),
            Ok(None) if plan.writes_legacy => unreadable(task, None, look).into_iter().collect(),
            Ok(None) => Vec::new(),
            Err(error) => {
                let words = in_words(error);
                swept.broken.push((task.task_id.clone(), words.clone()));
                unreadable(task, Some(&words), look).into_iter().collect()
            }
        };
        match &filed {
            Ok(Some(_)) if differences.is_empty() => {
                swept.equal += 1;
                if task.status.is_final() {
                    swept.ended.push(changed);
                }
            }
            Ok(None) => swept.only_new += 1,
            _ => {}
        }
        let is_new = at.0 - changed.0 < GRACE;
        let in_file = filed.as_ref().ok().and_then(Option::as_ref);
        let shown = match plan.reads {
            Reads::NewFirst | Reads::New => Some(Face::from(task)),
            // Asking for one whose file is not there yet writes it.
            Reads::Legacy | Reads::LegacyCompared => match &filed {
                Ok(None) if is_new => Some(Face::from(task)),
                _ => in_file.map(Face::from),
            },
        };
        swept.observations.tasks.push(TaskSeen {
            task: task.task_id.clone(),
            changed: Some(changed),
            filed: in_file.is_some(),
            truth: Some(truth),
            shown,
            missing: in_file.map_or(Vec::new(), |filed| self.missing(filed, is_new)),
        });
        swept.differences.extend(differences);
    }

    /// A task that only the legacy files know.
    fn look_at_file(&self, id: String, swept: &mut Swept) {
        swept.only_legacy += 1;
        match self.filed(&id) {
            Ok(Some(task)) => {
                let has_contract = task.result_ref.is_some() && !self.has_contract(&id);
                swept.observations.tasks.push(TaskSeen {
                    shown: Some(Face::from(&task)),
                    filed: true,
                    missing: has_contract.then_some("contract").into_iter().collect(),
                    ..not_shown(id)
                });
            }
            // Removed just now.
            Ok(None) => swept.only_legacy -= 1,
            Err(error) => {
                swept.broken.push((id.clone(), in_words(&error)));
                swept.observations.tasks.push(not_shown(id));
            }
        }
    }

    /// What belongs to a task by its file, and is not there.
    fn missing(&self, task: &LegacyTask, is_new: bool) -> Vec<&'static str> {
        let mut missing = Vec::new();
        if is_new {
            return missing;
        }
        if task.result_ref.is_some() && !self.has_contract(&task.task_id) {
            missing.push("contract");
        }
        if task.status.is_success()
            && let (Some(date), Some(ticker)) = (&task.date, &task.ticker)
        {
            let found = self.files.recommendation(date, ticker);
            if !found.is_ok_and(|found| found.is_some()) {
                missing.push("recommendation");
            }
        }
        missing
    }

    fn has_contract(&self, id: &str) -> bool {
        self.files.contract(id).is_ok_and(|found| found.is_some())
    }
}

fn not_shown(task: String) -> TaskSeen {
    TaskSeen {
        task,
        changed: None,
        filed: false,
        truth: None,
        shown: None,
        missing: Vec::new(),
    }
}
