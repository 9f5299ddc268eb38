//! How long somebody waits, and whether at all.

use std::time::{Duration, Instant};

use fondaco_app::ports::model::{CallContext, ModelError};

/// How often it is asked whether anybody waits.
pub(crate) const GLANCE: Duration = Duration::from_millis(50);

/// A deadline for everything that a call takes.
pub(crate) struct Patience<'a> {
    since: Instant,
    deadline: Duration,
    stopped: &'a (dyn Fn() -> bool + Sync),
}

impl<'a> Patience<'a> {
    /// From now on.
    pub(crate) fn of(context: &CallContext<'a>) -> Self {
        Self {
            since: Instant::now(),
            deadline: context.deadline,
            stopped: context.stopped,
        }
    }

    /// What is left.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.since.elapsed())
    }

    /// Whether it is not over.
    pub(crate) fn check(&self, provider: &str) -> Result<(), ModelError> {
        self.wanted()?;
        if self.left().is_zero() {
            return Err(self.timed_out(provider));
        }
        Ok(())
    }

    /// Whether somebody wants the answer.
    pub(crate) fn wanted(&self) -> Result<(), ModelError> {
        if (self.stopped)() {
            return Err(ModelError::Stopped);
        }
        Ok(())
    }

    /// It is over.
    pub(crate) fn timed_out(&self, provider: &str) -> ModelError {
        ModelError::TimedOut {
            provider: provider.to_owned(),
            deadline: self.deadline,
        }
    }

    /// Lets time pass, unless it is over before.
    pub(crate) fn pause(&self, pause: Duration, provider: &str) -> Result<(), ModelError> {
        let until = Instant::now() + pause;
        loop {
            self.check(provider)?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::park_timeout(left.min(GLANCE));
        }
    }
}
