//! The tasks of one run as one command leaves them, not yet kept.

use std::collections::BTreeMap;

use fondaco_app::ports::runs::RunStoreError;
use fondaco_domain::RunId;
use fondaco_domain::run::Rows;
use fondaco_domain::task::{Task, TaskNo, TaskState};

use super::{Backend, Standing, Unit};

/// Rows over those of a unit; dropped when the command is rejected.
pub(super) struct Stage<'a, B> {
    unit: &'a mut Unit<B>,
    run: RunId,
    new_run: bool,
    staged: Staged,
}

/// What a command wrote.
#[derive(Debug, Default)]
pub(super) struct Staged {
    /// And whether it is new.
    pub(super) tasks: BTreeMap<TaskNo, (Task, bool)>,
    /// Which new tasks need a task.
    pub(super) needs: BTreeMap<TaskNo, Vec<TaskNo>>,
}

impl<'a, B: Backend> Stage<'a, B> {
    pub(super) fn new(unit: &'a mut Unit<B>, run: RunId) -> Self {
        let new_run = unit.is_new(run);
        Self {
            unit,
            run,
            new_run,
            staged: Staged::default(),
        }
    }

    /// Of a run that is nowhere yet.
    pub(super) fn of_new_run(unit: &'a mut Unit<B>, run: RunId) -> Self {
        Self {
            unit,
            run,
            new_run: true,
            staged: Staged::default(),
        }
    }

    pub(super) fn staged(self) -> Staged {
        self.staged
    }

    /// Tasks that are not in the place as they are here: those of this
    /// command, and of the commands before it.
    fn unwritten(&self) -> BTreeMap<TaskNo, TaskState> {
        let of_run = (self.run, TaskNo(0))..=(self.run, TaskNo(u32::MAX));
        let before = self.unit.tasks.range(of_run);
        let before = before.filter(|(_, task)| task.standing != Standing::Same);
        let now = self.staged.tasks.iter();
        before
            .map(|((_, no), task)| (*no, task.value.state))
            .chain(now.map(|(no, (task, _))| (*no, task.state)))
            .collect()
    }
}

impl<B: Backend> Rows for Stage<'_, B> {
    type Error = RunStoreError;

    fn task(&mut self, no: TaskNo) -> Result<Option<Task>, RunStoreError> {
        if let Some((task, _)) = self.staged.tasks.get(&no) {
            return Ok(Some(task.clone()));
        }
        if self.new_run && !self.unit.is_new(self.run) {
            return Ok(None);
        }
        Ok(self.unit.task(self.run, no)?.cloned())
    }

    fn add(&mut self, task: &Task) -> Result<(), RunStoreError> {
        for need in &task.plan.needs {
            self.staged.needs.entry(*need).or_default().push(task.no);
        }
        self.staged.tasks.insert(task.no, (task.clone(), true));
        Ok(())
    }

    fn write(&mut self, task: &Task) -> Result<(), RunStoreError> {
        match self.staged.tasks.get_mut(&task.no) {
            Some((staged, _)) => staged.clone_from(task),
            None => {
                self.staged.tasks.insert(task.no, (task.clone(), false));
            }
        }
        Ok(())
    }

    fn known_key(&mut self, keys: &[&str]) -> Result<Option<String>, RunStoreError> {
        let of_run = (self.run, TaskNo(0))..=(self.run, TaskNo(u32::MAX));
        let unwritten = self.unit.tasks.range(of_run);
        let mut new = unwritten.filter(|(_, task)| task.standing == Standing::New);
        let known = new.find(|(_, task)| keys.contains(&task.value.plan.key.as_str()));
        if let Some((_, task)) = known {
            return Ok(Some(task.value.plan.key.clone()));
        }
        if self.new_run || keys.is_empty() {
            return Ok(None);
        }
        self.unit.backend.known_key(self.run, keys)
    }

    fn dependents(&mut self, no: TaskNo) -> Result<Vec<TaskNo>, RunStoreError> {
        let mut found = Vec::new();
        let is_staged_new = self.staged.tasks.get(&no).is_some_and(|(_, new)| *new);
        if !is_staged_new {
            self.unit.fetch_dependents(&[(self.run, no)])?;
            found.extend(
                self.unit
                    .dependents
                    .get(&(self.run, no))
                    .into_iter()
                    .flatten(),
            );
        }
        found.extend(self.staged.needs.get(&no).into_iter().flatten());
        Ok(found)
    }

    fn in_states(
        &mut self,
        states: &[TaskState],
        limit: usize,
    ) -> Result<Vec<TaskNo>, RunStoreError> {
        let unwritten = self.unwritten();
        let mut found = if self.new_run {
            Vec::new()
        } else {
            let enough = limit.saturating_add(unwritten.len());
            self.unit.backend.in_states(self.run, states, enough)?
        };
        found.retain(|no| !unwritten.contains_key(no));
        let here = unwritten.iter().filter(|(_, state)| states.contains(state));
        found.extend(here.map(|(no, _)| *no));
        found.sort_unstable();
        found.truncate(limit);
        Ok(found)
    }
}
