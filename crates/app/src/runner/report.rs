//! How the end of an attempt is told to the store.

use fondaco_domain::task::TaskCommand;

use crate::ports::exec::{AttemptId, Outcome};
use crate::ports::runs::{RunStore, RunStoreError};
use crate::runs::spill;

/// What the task is told. A large output goes to the store first, so that the
/// row never names a body that is not there.
pub(crate) fn command(
    store: &dyn RunStore,
    attempt: AttemptId,
    outcome: &Outcome,
) -> Result<TaskCommand, RunStoreError> {
    let fence = attempt.fence;
    Ok(match outcome {
        Outcome::Completed { output } => TaskCommand::Complete {
            fence,
            output: match output {
                Some(output) => Some(spill(store, output.clone())?),
                None => None,
            },
        },
        Outcome::Failed { class, error } => TaskCommand::Fail {
            fence,
            class: *class,
            error: error.clone(),
        },
        Outcome::Stopped => TaskCommand::Stopped { fence },
    })
}
