//! Runs told as they go on, and never faster than the machine can bear.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fondaco_domain::RunId;

use super::{Found, ProjectionError, Projector};
use crate::ports::machine::Machine;
use crate::ports::runs::FeedRow;

/// Tells runs somewhere, and keeps the place up to which all is told.
pub trait Teller {
    /// Whether nothing is to be told for now: what happens meanwhile is told
    /// afterwards.
    fn is_paused(&self) -> Result<bool, ProjectionError> {
        Ok(false)
    }

    /// Events of all runs after a number, at most so many.
    fn feed(&self, after: u64, limit: usize) -> Result<Vec<FeedRow>, ProjectionError>;

    /// Tells one run, of which the first `known` events are told already.
    fn tell(&self, run: RunId, known: u64) -> Result<Found, ProjectionError>;

    /// The place up to which all is told; 0 where nothing is.
    fn position(&self) -> Result<u64, ProjectionError>;

    /// Keeps that place.
    fn set_position(&self, position: u64) -> Result<(), ProjectionError>;

    /// Takes away what is told of runs that are gone, among some after one;
    /// which to go on after.
    fn sweep(&self, after: Option<RunId>) -> Result<Option<RunId>, ProjectionError> {
        let _ = after;
        Ok(None)
    }
}

/// How often what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Between two looks at the feed while nothing happens.
    pub idle: Duration,
    /// A run that goes on is told so often at most.
    pub same: Duration,
    /// After work comes rest, so many times as long: others want the disk.
    pub rest: u32,
    /// Between two looks for folders of runs that are gone.
    pub sweep: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            idle: Duration::from_millis(500),
            same: Duration::from_secs(1),
            rest: 4,
            sweep: Duration::from_mins(5),
        }
    }
}

/// Rows of the feed of one look.
const ROWS: usize = 5_000;

/// Runs told in one turn.
const RUNS: usize = 20;

/// Follows the feed. The place up to which everything is told is kept with the
/// files, so that nothing is left out when it is started again.
pub struct Follower<T = Projector> {
    teller: T,
    machine: Arc<dyn Machine>,
    pace: Pace,
    /// Up to which the feed was read; none before the first turn.
    read: Option<u64>,
    /// As it was kept last.
    kept: Option<u64>,
    /// What is to be told, since when that is known, and up to where.
    open: BTreeMap<RunId, Duration>,
    /// Runs under way: when they were told last, and how many events.
    told: BTreeMap<RunId, (Duration, u64)>,
    sweep: Sweep,
}

#[derive(Debug, Default)]
struct Sweep {
    /// When the last one began.
    began: Option<Duration>,
    /// The folder to go on after, within one.
    after: Option<RunId>,
    under_way: bool,
}

/// What a turn did.
#[derive(Debug, Default)]
pub struct Told {
    /// Runs.
    pub runs: usize,
    /// Those that could not be told; they are tried again.
    pub failed: Vec<ProjectionError>,
    /// After so long there is more to do.
    pub wait: Duration,
}

impl<T: Teller> Follower<T> {
    /// One that has read nothing yet.
    pub fn new(teller: T, machine: Arc<dyn Machine>, pace: Pace) -> Self {
        Self {
            teller,
            machine,
            pace,
            read: None,
            kept: None,
            open: BTreeMap::new(),
            told: BTreeMap::new(),
            sweep: Sweep::default(),
        }
    }

    /// One turn: reads, tells some, and says when to come again.
    pub fn turn(&mut self) -> Result<Told, ProjectionError> {
        let began = self.machine.monotonic();
        let mut turn = Told::default();
        if self.teller.is_paused()? {
            turn.wait = self.pace.idle;
            return Ok(turn);
        }
        let more = self.read(began)?;
        let due = self.due(began);
        for run in due {
            match self.tell(run) {
                Ok(()) => turn.runs += 1,
                Err(ProjectionError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    // Later, and not at once again.
                    self.told.entry(run).or_default().0 = began;
                    turn.failed.push(error);
                }
            }
        }
        if self.open.is_empty()
            && let Some(read) = self.read
        {
            self.keep(read)?;
        }
        let swept = self.open.is_empty() && self.sweep(began)?;
        let now = self.machine.monotonic();
        let rest = now.saturating_sub(began) * self.pace.rest;
        let soon = self.open.keys().map(|run| self.due_at(*run)).min();
        let soon = soon.map(|at| at.saturating_sub(now));
        let soon = soon.filter(|_| turn.failed.is_empty());
        turn.wait = if more || swept {
            rest
        } else {
            soon.unwrap_or(self.pace.idle)
                .clamp(rest, self.pace.idle.max(rest))
        };
        Ok(turn)
    }

    /// Reads what is new; says whether there may be more. What is not told yet
    /// is read again after a restart.
    fn read(&mut self, now: Duration) -> Result<bool, ProjectionError> {
        let after = if let Some(read) = self.read {
            read
        } else {
            self.teller.position()?
        };
        let rows = self.teller.feed(after, ROWS)?;
        self.read = Some(rows.last().map_or(after, |row| row.no));
        let more = rows.len() == ROWS;
        for row in rows {
            self.open.entry(row.run).or_insert(now);
        }
        Ok(more)
    }

    /// Those whose time has come, who waited longest first.
    fn due(&self, now: Duration) -> Vec<RunId> {
        let open = self.open.iter();
        let mut due: Vec<_> = open
            .filter(|(run, _)| self.due_at(**run) <= now)
            .map(|(run, since)| (*since, *run))
            .collect();
        due.sort_unstable();
        due.truncate(RUNS);
        due.into_iter().map(|(_, run)| run).collect()
    }

    fn due_at(&self, run: RunId) -> Duration {
        let told = self.told.get(&run);
        told.map_or(Duration::ZERO, |(at, _)| *at + self.pace.same)
    }

    fn tell(&mut self, run: RunId) -> Result<(), ProjectionError> {
        let known = self.told.get(&run).map_or(0, |(_, events)| *events);
        let found = self.teller.tell(run, known)?;
        self.open.remove(&run);
        match found {
            Found::Told {
                events,
                ended: false,
            } => {
                self.told.insert(run, (self.machine.monotonic(), events));
            }
            // An ended run hears of late results only.
            Found::Told { ended: true, .. } | Found::Gone => {
                self.told.remove(&run);
            }
        }
        Ok(())
    }

    fn keep(&mut self, read: u64) -> Result<(), ProjectionError> {
        if self.kept == Some(read) {
            return Ok(());
        }
        self.teller.set_position(read)?;
        self.kept = Some(read);
        Ok(())
    }

    /// Looks at some folders now and then; says whether there are more.
    fn sweep(&mut self, now: Duration) -> Result<bool, ProjectionError> {
        let is_time = |began: Duration| now.saturating_sub(began) >= self.pace.sweep;
        if !self.sweep.under_way {
            if !self.sweep.began.is_none_or(is_time) {
                return Ok(false);
            }
            self.sweep.began = Some(now);
            self.sweep.after = None;
        }
        let after = self.teller.sweep(self.sweep.after)?;
        self.sweep.under_way = after.is_some();
        self.sweep.after = after;
        Ok(self.sweep.under_way)
    }
}
