//! From a spec to a plan.

use fondaco_domain::run::NewRun;
use fondaco_domain::task::TaskPlan;
use fondaco_domain::{ContentHash, ErrorKind, Hint};
use thiserror::Error;

use super::Cause;

/// A spec that cannot be planned.
#[derive(Debug, Error)]
#[error("the spec cannot be planned")]
pub struct PlanError {
    /// Why not, naming the place in the spec.
    #[source]
    pub source: Cause,
}

impl Hint for PlanError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some("mend the spec and submit it again".into())
    }
}

/// Tasks in the order of the plan.
pub type Tasks = Box<dyn Iterator<Item = TaskPlan> + Send>;

/// What the specs of one kind of run mean. The `kind` of the spec, a document
/// in its canonical form, says whose it is.
///
/// Planning is repeatable: the same spec gives the same tasks, so that a plan
/// that was cut off half-way goes on where it was.
pub trait Planner: Send + Sync {
    /// What the run is to be.
    fn new_run(&self, spec: &str, hash: ContentHash) -> Result<NewRun, PlanError>;

    /// All its tasks.
    fn tasks(&self, spec: &str) -> Result<Tasks, PlanError>;
}
