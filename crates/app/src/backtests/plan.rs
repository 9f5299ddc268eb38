//! From a job to a run of one task.

use fondaco_domain::ContentHash;
use fondaco_domain::retry::RetryPolicy;
use fondaco_domain::run::{NewRun, RunKind};
use fondaco_domain::task::{TaskKind, TaskPlan};

use super::job::{self, JobError};
use crate::ports::plan::{PlanError, Planner, Tasks};

/// The key of the one task.
pub const TASK: &str = "backtest";

/// Tried again where the worker was lost or another system failed.
const RETRY: RetryPolicy = RetryPolicy {
    max_attempts: 3,
    first: 200_000,
    longest: 10_000_000,
};

/// Plans runs of [`RunKind::Backtest`].
#[derive(Debug, Clone, Copy, Default)]
pub struct BacktestPlanner;

impl Planner for BacktestPlanner {
    fn new_run(&self, spec: &str, hash: ContentHash) -> Result<NewRun, PlanError> {
        let spec = read(spec)?;
        let mut new = NewRun::new(RunKind::Backtest, hash);
        new.strategy = Some(spec.strategy.name);
        Ok(new)
    }

    fn tasks(&self, spec: &str) -> Result<Tasks, PlanError> {
        read(spec)?;
        Ok(Box::new(std::iter::once(task())))
    }
}

/// The one task.
pub(super) fn task() -> TaskPlan {
    let mut task = TaskPlan::new(TASK, TaskKind::Backtest);
    task.retry = RETRY;
    task
}

/// Everything about a job that can be checked without candles.
fn read(spec: &str) -> Result<super::Spec, PlanError> {
    let read = || -> Result<super::Spec, JobError> {
        let spec = job::spec(&job::parse(spec)?, 0)?;
        Ok(spec)
    };
    read().map_err(|error| PlanError {
        source: Box::new(error),
    })
}
