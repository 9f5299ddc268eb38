//! The reaper: what nobody else does in time.
//!
//! Every few seconds it settles attempts whose worker is gone or silent,
//! expires runs, sweeps what is being cancelled, tells runs of halts, hands
//! unfinished plans on, and compares the rows of some run with its events.
//!
//! Silence is that [`Held::beats`] does not grow, judged on the monotonic
//! clock of who looks and only while it looks, so that neither a jump of the
//! wall clock nor a sleep of this process makes anybody silent. A terminal
//! state is never touched, and nothing goes by the age of a row. Several may
//! be at work: each of their words counts only under the fence it is about.

mod chores;
mod orphans;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fondaco_domain::{RunId, UnixMicros, WorkerId};

use crate::ports::Store;
use crate::ports::exec::AttemptId;
use crate::ports::machine::Machine;
use crate::ports::runs::{Asked, Held, RunStoreError};
use crate::runner::{Executors, Log, Note, in_words, is_the_end};
use orphans::Silence;

/// What the reaper needs from outside.
#[derive(Clone)]
pub struct ReaperPorts {
    /// Where runs are kept.
    pub store: Arc<dyn Store>,
    /// Those whose attempts can be found from here.
    pub executors: Executors,
    /// Time and chance.
    pub machine: Arc<dyn Machine>,
    /// Whether a process of this machine lives, by its number and its start.
    pub alive: Arc<Alive>,
    /// Takes over an attempt found running without its worker: the handle of
    /// the runner here. Called again until the store says another owner.
    pub adopt: Arc<dyn Fn(Held) + Send + Sync>,
    /// Goes on with the plan of a run that is not whole.
    pub plan: Arc<dyn Fn(RunId) + Send + Sync>,
    /// Where its notes go.
    pub log: Arc<dyn Log>,
}

/// Whether a process lives, by its number and its start.
pub type Alive = dyn Fn(u32, &str) -> bool + Send + Sync;

/// Says whether more of it waits than one round does; told how long the
/// reaper has been watching.
type Step = fn(&mut Reaper, Duration) -> Result<bool, RunStoreError>;

impl fmt::Debug for ReaperPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReaperPorts")
            .field("executors", &self.executors)
            .finish_non_exhaustive()
    }
}

/// How it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaperSettings {
    /// Silence for so long is the end of an attempt.
    pub lease: Duration,
    /// Between two turns.
    pub period: Duration,
    /// The name of this machine, as its workers enlist it.
    pub host: String,
    /// Written into the events it leads to.
    pub actor: String,
}

/// Between two turns of the reaper.
pub const PERIOD: Duration = Duration::from_secs(5);

impl ReaperSettings {
    /// With the usual lease.
    pub fn new(host: impl Into<String>, actor: impl Into<String>) -> Self {
        Self {
            lease: crate::runner::LEASE,
            period: PERIOD,
            host: host.into(),
            actor: actor.into(),
        }
    }
}

/// One reaper: one thread turns it.
pub struct Reaper {
    ports: ReaperPorts,
    settings: ReaperSettings,
    /// When the last turn was, on the monotonic clock.
    looked: Option<Duration>,
    silences: BTreeMap<AttemptId, Silence>,
    /// When a worker was last heard of, and for how long it has not been.
    idle: BTreeMap<WorkerId, (UnixMicros, Duration)>,
    /// Watched since rows and events were last compared.
    unchecked: Duration,
}

impl Reaper {
    /// One that has seen nothing yet.
    pub fn new(ports: ReaperPorts, settings: ReaperSettings) -> Self {
        Self {
            ports,
            settings,
            looked: None,
            silences: BTreeMap::new(),
            idle: BTreeMap::new(),
            unchecked: Duration::ZERO,
        }
    }

    /// One round; returns how long to wait for the next. An error is one
    /// after which the store answers nothing more. After another one, the
    /// rest of the round is done and the next one tries again.
    pub fn turn(&mut self) -> Result<Duration, RunStoreError> {
        let watched = self.watched();
        let mut wait = self.settings.period;
        let steps: [Step; 6] = [
            Self::reap,
            Self::expire,
            Self::sweep,
            Self::obey,
            Self::plan,
            Self::check,
        ];
        for step in steps {
            match step(self, watched) {
                Ok(false) => {}
                // More of it waits.
                Ok(true) => wait = Duration::ZERO,
                Err(error) if is_the_end(&error) => return Err(error),
                Err(error) => self.ports.log.note(&Note::StoreFailed {
                    error: in_words(&error),
                    again_in: Some(self.settings.period),
                }),
            }
        }
        Ok(wait)
    }

    /// How long it has been watching since the last turn. Of a longer sleep
    /// nothing counts but what a turn may be late: who else slept on this
    /// machine must have time to wake.
    fn watched(&mut self) -> Duration {
        let now = self.ports.machine.monotonic();
        let since = self
            .looked
            .replace(now)
            .map_or(Duration::ZERO, |at| now.saturating_sub(at));
        since.min(self.settings.period * 2)
    }

    fn asked(&self) -> Asked {
        Asked {
            actor: self.settings.actor.clone(),
            at: self.ports.machine.wall(),
        }
    }
}

impl fmt::Debug for Reaper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reaper")
            .field("settings", &self.settings)
            .field("silences", &self.silences)
            .finish_non_exhaustive()
    }
}
