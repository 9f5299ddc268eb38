//! How the end of an attempt is told to the store.

use fondaco_domain::ContentHash;
use fondaco_domain::task::TaskCommand;

use crate::ports::exec::{AttemptId, Outcome};
use crate::ports::runs::{INLINE, RunStore, RunStoreError};

/// Before the hash of a body that lies elsewhere.
const BY_HASH: &str = "sha256:";

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
                Some(output) => Some(reference(store, output)?),
                None => None,
            },
        },
        Outcome::Skipped { reason, detail } => TaskCommand::Pass {
            fence,
            reason: *reason,
            detail: detail.clone(),
        },
        Outcome::Failed { class, error } => TaskCommand::Fail {
            fence,
            class: *class,
            error: error.clone(),
        },
        Outcome::Stopped => TaskCommand::Stopped { fence },
    })
}

/// A body as a row holds it: itself, or where it is longer than [`INLINE`]
/// bytes, `sha256:` and its hash, and the store keeps it.
pub fn reference(store: &dyn RunStore, body: &str) -> Result<String, RunStoreError> {
    if body.len() <= INLINE && hash(body).is_none() {
        return Ok(body.to_owned());
    }
    let hash = store.keep_body(body.as_bytes())?;
    Ok(format!("{BY_HASH}{hash}"))
}

/// The hash in a reference, where it is one.
pub fn hash(reference: &str) -> Option<ContentHash> {
    reference.strip_prefix(BY_HASH).and_then(ContentHash::parse)
}
