//! Schedules: added, looked at, paused, taken up again.
//!
//! The [`crate::scheduler`] fires them.

use fondaco_domain::schedule::{Ticks, Timing, TimingError, jitter};
use fondaco_domain::{ErrorKind, Hint, UnixMicros};
use thiserror::Error;

use crate::ports::runs::RunStoreError;
use crate::ports::schedules::{Fired, Schedule};
use crate::runs::{Overrides, Runs, RunsError, Spec};

/// Letters of a name at most.
const LONGEST_NAME: usize = 100;

/// Why nothing became of it.
#[derive(Debug, Error)]
pub enum ScheduleError {
    /// The expression, the zone or the interval.
    #[error("the schedule can never fire as it is")]
    Timing(#[source] TimingError),
    /// No name.
    #[error("`{0}` is no name for a schedule")]
    Name(String),
    /// What it would submit.
    #[error(transparent)]
    Spec(#[from] RunsError),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] RunStoreError),
}

impl Hint for ScheduleError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Timing(_) | Self::Name(_) => ErrorKind::Invalid,
            Self::Spec(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Timing(error) => error.hint(),
            Self::Name(_) => Some(format!(
                "use letters, digits, -, _ and ., {LONGEST_NAME} at most"
            )),
            Self::Spec(error) => error.hint(),
            Self::Store(error) => error.hint(),
        }
    }
}

/// A tick to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// When it is.
    pub at: UnixMicros,
    /// When its run is submitted: the jitter later.
    pub fires_at: UnixMicros,
}

/// A wish for runs again and again.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    /// Its name.
    pub name: &'a str,
    /// When.
    pub timing: Timing,
    /// What is submitted.
    pub spec: &'a Spec,
    /// What that says beside its spec.
    pub overrides: &'a Overrides,
}

impl Runs<'_> {
    /// Adds a schedule. Its spec is checked as if it were submitted now.
    pub fn add_schedule(&self, wish: Wish<'_>) -> Result<Schedule, ScheduleError> {
        let now = self.machine.wall();
        let ticks = Ticks::of(&wish.timing.trigger).map_err(ScheduleError::Timing)?;
        let schedule = Schedule {
            name: named(wish.name)?,
            timing: wish.timing,
            spec: wish.spec.text().to_owned(),
            new: self.would_be(wish.spec, wish.overrides)?,
            paused: false,
            next: ticks.after(now),
            since: now,
        };
        self.store.add_schedule(schedule.clone(), self.asked())?;
        Ok(schedule)
    }

    /// One schedule.
    pub fn schedule(&self, name: &str) -> Result<Schedule, ScheduleError> {
        let found = self.store.schedules()?;
        let found = found.into_iter().find(|schedule| schedule.name == name);
        Ok(found.ok_or_else(|| RunStoreError::NoSchedule(name.to_owned()))?)
    }

    /// Lets a schedule rest.
    pub fn pause_schedule(&self, name: &str) -> Result<Schedule, ScheduleError> {
        let schedule = self.schedule(name)?;
        if !schedule.paused {
            self.store
                .pause_schedule(name, true, schedule.next, self.asked())?;
        }
        self.schedule(name)
    }

    /// Lets a schedule go on: what passed meanwhile is gone.
    pub fn resume_schedule(&self, name: &str) -> Result<Schedule, ScheduleError> {
        let schedule = self.schedule(name)?;
        if schedule.paused {
            let ticks = Ticks::of(&schedule.timing.trigger).map_err(ScheduleError::Timing)?;
            let next = ticks.after(self.machine.wall());
            self.store.pause_schedule(name, false, next, self.asked())?;
        }
        self.schedule(name)
    }

    /// Removes a schedule; its runs stay.
    pub fn remove_schedule(&self, name: &str) -> Result<(), ScheduleError> {
        Ok(self.store.remove_schedule(name, self.asked())?)
    }

    /// The next ticks of a schedule, whether it rests or not.
    pub fn next_ticks(&self, name: &str, count: usize) -> Result<Vec<Tick>, ScheduleError> {
        let schedule = self.schedule(name)?;
        let ticks = Ticks::of(&schedule.timing.trigger).map_err(ScheduleError::Timing)?;
        let first = schedule.next.or_else(|| ticks.after(self.machine.wall()));
        let tick = |at: UnixMicros| Tick {
            at,
            fires_at: at.plus(jitter(name, at, schedule.timing.jitter_ms)),
        };
        let all = std::iter::successors(first, |tick| ticks.after(*tick));
        Ok(all.take(count).map(tick).collect())
    }

    /// The last ticks of a schedule, the newest first.
    pub fn last_ticks(&self, name: &str, count: usize) -> Result<Vec<Fired>, ScheduleError> {
        self.schedule(name)?;
        Ok(self.store.fired(name, count)?)
    }
}

fn named(name: &str) -> Result<String, ScheduleError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(fits) {
        Ok(name.to_owned())
    } else {
        Err(ScheduleError::Name(name.to_owned()))
    }
}
