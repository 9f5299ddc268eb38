//! Rows in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use super::Rows;
use crate::task::{Task, TaskNo, TaskState};

/// The tasks of one run in memory: what a fold gives, and what tests use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryRows {
    tasks: BTreeMap<TaskNo, Task>,
    dependents: BTreeMap<TaskNo, Vec<TaskNo>>,
    keys: BTreeSet<String>,
}

impl MemoryRows {
    /// In the order of the plan.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values()
    }
}

impl Rows for MemoryRows {
    type Error = Infallible;

    fn task(&mut self, no: TaskNo) -> Result<Option<Task>, Infallible> {
        Ok(self.tasks.get(&no).cloned())
    }

    fn add(&mut self, task: &Task) -> Result<(), Infallible> {
        for need in &task.plan.needs {
            self.dependents.entry(*need).or_default().push(task.no);
        }
        self.keys.insert(task.plan.key.clone());
        self.tasks.insert(task.no, task.clone());
        Ok(())
    }

    fn write(&mut self, task: &Task) -> Result<(), Infallible> {
        self.tasks.insert(task.no, task.clone());
        Ok(())
    }

    fn known_key(&mut self, keys: &[&str]) -> Result<Option<String>, Infallible> {
        let known = keys.iter().find(|key| self.keys.contains(**key));
        Ok(known.map(|key| (*key).to_owned()))
    }

    fn dependents(&mut self, no: TaskNo) -> Result<Vec<TaskNo>, Infallible> {
        Ok(self.dependents.get(&no).cloned().unwrap_or_default())
    }

    fn in_states(&mut self, states: &[TaskState], limit: usize) -> Result<Vec<TaskNo>, Infallible> {
        Ok(self
            .tasks
            .values()
            .filter(|task| states.contains(&task.state))
            .map(|task| task.no)
            .take(limit)
            .collect())
    }
}
