//! Durable runs: submitted, planned, watched, cancelled, taken up again.
//!
//! Start at [`Runs`]: a store, the planners and a machine, with a method for
//! each thing that a user can ask for. [`workflow`] is the spec of a plain
//! graph of tasks, [`why`] says why a task waits.

mod bodies;
mod error;
mod follow;
mod resume;
mod spec;
mod submit;
pub mod why;
pub mod workflow;

pub use bodies::whole;
pub use error::RunsError;
pub use follow::{Followed, POLL, watch};
pub use spec::{Spec, SpecError};
pub use submit::{CHUNK, Overrides};

use std::collections::BTreeMap;
use std::sync::Arc;

use fondaco_domain::run::RunKind;
use fondaco_domain::strategy::suggest;
use fondaco_domain::task::Task;
use fondaco_domain::{RunId, UnixMicros};

use crate::ports::Store;
use crate::ports::machine::Machine;
use crate::ports::plan::Planner;
use crate::ports::runs::{Asked, TaskQuery};

/// Whose planner plans which kind of run.
#[derive(Clone, Default)]
pub struct Planners(BTreeMap<RunKind, Arc<dyn Planner>>);

impl Planners {
    /// With one more, or another one.
    #[must_use]
    pub fn with(mut self, kind: RunKind, planner: Arc<dyn Planner>) -> Self {
        self.0.insert(kind, planner);
        self
    }

    /// The kinds that can be planned.
    pub fn kinds(&self) -> impl Iterator<Item = RunKind> {
        self.0.keys().copied()
    }

    /// The planner of a kind.
    pub fn of(&self, kind: RunKind) -> Result<&dyn Planner, RunsError> {
        self.0
            .get(&kind)
            .map(AsRef::as_ref)
            .ok_or(RunsError::NoPlanner { kind })
    }
}

/// What can be asked of durable runs, and with what.
#[derive(Clone, Copy)]
pub struct Runs<'a> {
    /// Where they are kept.
    pub store: &'a dyn Store,
    /// How specs become tasks.
    pub planners: &'a Planners,
    /// Time and chance.
    pub machine: &'a dyn Machine,
    /// Who asks: written into every event.
    pub actor: &'a str,
}

impl Runs<'_> {
    /// Who asks, now.
    pub(crate) fn asked(&self) -> Asked {
        Asked {
            actor: self.actor.to_owned(),
            at: self.now(),
        }
    }

    /// A task by its name.
    pub fn task_by_key(&self, run: RunId, key: &str) -> Result<Task, RunsError> {
        let mut query = TaskQuery {
            limit: Some(CHUNK),
            ..TaskQuery::default()
        };
        let mut keys = Vec::new();
        loop {
            let page = self.store.tasks(run, &query)?;
            query.after = page.last().map(|task| task.no);
            let full = page.len() == CHUNK;
            for task in page {
                if task.plan.key == key {
                    return Ok(task);
                }
                keys.push(task.plan.key);
            }
            if !full {
                let meant = suggest(key, keys.iter().map(String::as_str));
                return Err(RunsError::NoStep {
                    run,
                    key: key.to_owned(),
                    meant: meant.map(str::to_owned),
                });
            }
        }
    }

    fn now(&self) -> UnixMicros {
        self.machine.wall()
    }
}
