//! How often a provider is asked.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fondaco_app::ports::model::ModelError;

use crate::patience::{GLANCE, Patience};

/// The door to one provider, for all calls of this process.
#[derive(Debug)]
pub(crate) struct Gate {
    in_flight: u32,
    per_minute: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    inside: u32,
    /// When those of the last minute went in.
    entered: VecDeque<Instant>,
    /// The provider wants to be left alone until then.
    closed_until: Option<Instant>,
}

const MINUTE: Duration = Duration::from_mins(1);

impl Gate {
    pub(crate) fn new(in_flight: u32, per_minute: u32) -> Self {
        Self {
            in_flight,
            per_minute: per_minute as usize,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Waits for a place. Where there can be none in time, it says so at once.
    pub(crate) fn enter(
        &self,
        provider: &str,
        patience: &Patience<'_>,
    ) -> Result<Inside<'_>, ModelError> {
        let mut state = self.state();
        loop {
            let now = Instant::now();
            let Some(opens) = state.opens(now, self) else {
                state.inside += 1;
                state.entered.push_back(now);
                return Ok(Inside(self));
            };
            let wait = opens.saturating_duration_since(now);
            patience.wanted()?;
            let left = patience.left();
            if wait > left || left.is_zero() {
                return Err(ModelError::RateLimited {
                    provider: provider.to_owned(),
                    retry_after: (!wait.is_zero()).then_some(wait),
                });
            }
            // Full is known to end when it is told, a time when it has come.
            let step = if wait.is_zero() {
                GLANCE
            } else {
                wait.min(GLANCE)
            };
            let waited = self.changed.wait_timeout(state, step);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Nobody goes in for so long.
    pub(crate) fn close_for(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut state = self.state();
        state.closed_until = state.closed_until.max(Some(until));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// When it is worth to look again; nothing where one can go in.
    fn opens(&mut self, now: Instant, gate: &Gate) -> Option<Instant> {
        if let Some(until) = self.closed_until
            && until > now
        {
            return Some(until);
        }
        while self
            .entered
            .front()
            .is_some_and(|at| now.duration_since(*at) >= MINUTE)
        {
            self.entered.pop_front();
        }
        if self.entered.len() >= gate.per_minute {
            return self.entered.front().map(|at| *at + MINUTE);
        }
        (self.inside >= gate.in_flight).then_some(now)
    }
}

/// A call under way.
#[derive(Debug)]
pub(crate) struct Inside<'a>(&'a Gate);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.state().inside -= 1;
        self.0.changed.notify_one();
    }
}
