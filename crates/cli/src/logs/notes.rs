//! What a worker notes, as facts.

use fondaco_app::runner::{Log, Note};
use tracing::{error, info, warn};

/// Says what a worker notes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Notes;

impl Log for Notes {
    fn note(&self, note: &Note) {
        match note {
            Note::StoreFailed { .. } => warn!(name: "store_failed", "{note}"),
            Note::StoreAnswers => info!(name: "store_answers", "{note}"),
            Note::EmergencyStop { .. } => warn!(name: "emergency_stop", "{note}"),
            Note::Stopping { attempt, .. } => {
                info!(name: "stopping", run_id = %attempt.run, task = attempt.task.0, "{note}");
            }
            Note::LetGo { attempt } => {
                warn!(name: "let_go", run_id = %attempt.run, task = attempt.task.0, "{note}");
            }
            Note::Refused { attempt, .. } => {
                warn!(name: "refused", run_id = %attempt.run, task = attempt.task.0, "{note}");
            }
            Note::NotStarted { attempt, .. } => {
                warn!(name: "not_started", run_id = %attempt.run, task = attempt.task.0, "{note}");
            }
            Note::Reaped { attempt, .. } => {
                info!(name: "reaped", run_id = %attempt.run, task = attempt.task.0, "{note}");
            }
            Note::Disagrees { run, .. } => error!(name: "disagrees", run_id = %run, "{note}"),
            Note::CannotFire { schedule, .. } => {
                warn!(name: "cannot_fire", schedule = %schedule, "{note}");
            }
        }
    }
}
