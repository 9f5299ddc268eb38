//! What a worker says to those who run it.

use std::fmt;
use std::time::Duration;

use fondaco_domain::RunId;
use fondaco_domain::run::Rejection;

use crate::ports::exec::AttemptId;
use crate::ports::runs::Disagreement;

/// Something worth a line in the log. What changes a run is an event of it
/// and is not repeated here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The store did not do what it was asked; what runs goes on.
    StoreFailed {
        /// Why not, with its causes.
        error: String,
        /// It is asked again after so long, where it is.
        again_in: Option<Duration>,
    },
    /// The store answers again.
    StoreAnswers,
    /// The file that orders an emergency stop is there.
    EmergencyStop {
        /// Its text.
        reason: String,
    },
    /// An attempt is being stopped.
    Stopping {
        /// Which.
        attempt: AttemptId,
        /// Why.
        why: StopReason,
    },
    /// An attempt did not stop on any rung: it may still run, and nothing it
    /// says counts any more.
    LetGo {
        /// Which.
        attempt: AttemptId,
    },
    /// The store refused what was reported of an attempt.
    Refused {
        /// Which.
        attempt: AttemptId,
        /// Why.
        rejection: Rejection,
    },
    /// An attempt could not begin.
    NotStarted {
        /// Which.
        attempt: AttemptId,
        /// Why not, with its causes.
        error: String,
    },
    /// An attempt of a worker that is gone or silent was settled.
    Reaped {
        /// Which.
        attempt: AttemptId,
        /// What was found, in words.
        found: &'static str,
    },
    /// Rows and events of a run tell different stories.
    Disagrees {
        /// The run.
        run: RunId,
        /// How.
        disagreement: Disagreement,
    },
    /// A schedule can never fire as it is.
    CannotFire {
        /// Its name.
        schedule: String,
        /// Why not, with its causes.
        error: String,
    },
}

/// Why an attempt is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopReason {
    /// The worker ends.
    Drain,
    /// The store told so: its run or itself was cancelled, or halted.
    Told,
    /// A halt covers it.
    Halted,
    /// The file that orders an emergency stop is there.
    Emergency,
    /// The store has not renewed its lease in time.
    Lease,
    /// It has been taken from this worker.
    Lost,
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Drain => "this worker ends",
            Self::Told => "the store told so",
            Self::Halted => "a halt covers it",
            Self::Emergency => "an emergency stop was ordered",
            Self::Lease => "its lease was not renewed in time",
            Self::Lost => "it was taken from this worker",
        })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StoreFailed { error, again_in } => match again_in {
                Some(time) => write!(f, "{error}; asking again in {} ms", time.as_millis()),
                None => f.write_str(error),
            },
            Self::StoreAnswers => f.write_str("the store of runs answers again"),
            Self::EmergencyStop { reason } => write!(f, "emergency stop: {reason}"),
            Self::Stopping { attempt, why } => write!(f, "stopping {}: {why}", name(attempt)),
            Self::LetGo { attempt } => write!(f, "{} did not stop and is let go", name(attempt)),
            Self::Refused { attempt, rejection } => {
                write!(f, "what {} reported is refused: {rejection}", name(attempt))
            }
            Self::NotStarted { attempt, error } => {
                write!(f, "{} was not started: {error}", name(attempt))
            }
            Self::Reaped { attempt, found } => write!(f, "settled {}: {found}", name(attempt)),
            Self::Disagrees { disagreement, .. } => fmt::Display::fmt(disagreement, f),
            Self::CannotFire { schedule, error } => {
                write!(f, "schedule `{schedule}` can never fire as it is: {error}")
            }
        }
    }
}

fn name(attempt: &AttemptId) -> String {
    format!("task {} of run {}", attempt.task.0, attempt.run)
}

/// Takes notes.
pub trait Log: Send + Sync {
    /// Takes one.
    fn note(&self, note: &Note);
}

/// Takes none.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLog;

impl Log for NoLog {
    fn note(&self, _note: &Note) {}
}

/// An error with its causes, as one line.
pub(crate) fn in_words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
