//! What can go wrong with a wish about runs.

use fondaco_domain::run::{RunKind, RunState};
use fondaco_domain::{ErrorKind, Hint, RunId};
use thiserror::Error;

use super::SpecError;
use crate::ports::plan::PlanError;
use crate::ports::runs::RunStoreError;

/// Why a wish about runs was not fulfilled.
#[derive(Debug, Error)]
pub enum RunsError {
    /// The spec is not one.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// This program cannot plan runs of this kind.
    #[error("runs of kind `{}` cannot be planned by this program", kind.as_str())]
    NoPlanner {
        /// The kind.
        kind: RunKind,
    },
    /// The spec has no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] RunStoreError),
    /// The plan of an accepted run could not be made; the run has failed.
    #[error("run {run} failed: its plan cannot be made: {reason}")]
    Unplannable {
        /// The run.
        run: RunId,
        /// Why not.
        reason: String,
    },
    /// Only what has ended is taken up again.
    #[error("run {run} is {}", state.as_str())]
    NotEnded {
        /// The run.
        run: RunId,
        /// Where it stands.
        state: RunState,
    },
    /// All of it is done.
    #[error("run {run} completed: there is nothing to do again")]
    AllDone {
        /// The run.
        run: RunId,
    },
    /// The plan has no such step.
    #[error("run {run} has no task `{key}`")]
    NoStep {
        /// The run.
        run: RunId,
        /// As asked for.
        key: String,
        /// One of almost that name.
        meant: Option<String>,
    },
}

impl Hint for RunsError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Spec(error) => error.kind(),
            Self::Plan(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::NoPlanner { .. } | Self::Unplannable { .. } => ErrorKind::Invalid,
            Self::NotEnded { .. } | Self::AllDone { .. } => ErrorKind::Conflict,
            Self::NoStep { .. } => ErrorKind::NotFound,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Spec(error) => error.hint(),
            Self::Plan(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::NoPlanner { .. } => Some("use a build of the program that knows it".into()),
            Self::Unplannable { .. } => Some("mend the spec and submit it again".into()),
            Self::NotEnded { run, .. } => Some(format!(
                "wait for its end with `fondaco run watch {run}`, or cancel it first"
            )),
            Self::AllDone { run } => Some(format!(
                "do all of it once more with `fondaco run replay {run}`"
            )),
            Self::NoStep { run, meant, .. } => Some(match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("see its tasks with `fondaco run show {run}`"),
            }),
        }
    }
}
