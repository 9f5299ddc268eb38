//! Why an order to the runtime is refused.

use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

use super::{ConfigProblem, RuntimeId};
use crate::ports::runs::RunStoreError;

/// An order that is not carried out.
#[derive(Debug, Error)]
pub enum RuntimeError {
    /// One run at a time.
    #[error("run {0} of the runtime is under way")]
    AlreadyRunning(RuntimeId),
    /// Nothing to stop.
    #[error("no run of the runtime is under way")]
    NotRunning,
    /// Nothing to look at.
    #[error("the runtime was never started")]
    NeverStarted,
    /// A setting that cannot be.
    #[error(transparent)]
    Config(#[from] ConfigProblem),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] RunStoreError),
}

impl Hint for RuntimeError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::AlreadyRunning(_) | Self::NotRunning => ErrorKind::Conflict,
            Self::NeverStarted => ErrorKind::NotFound,
            Self::Config(_) => ErrorKind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::AlreadyRunning(_) => Some("stop it first, or restart it".to_owned()),
            Self::NotRunning | Self::NeverStarted => Some("start it first".to_owned()),
            Self::Config(_) => None,
            Self::Store(error) => error.hint(),
        }
    }
}
