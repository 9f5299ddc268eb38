//! One run, told in files.

use std::sync::Arc;

use fondaco_contract::v1alpha1::BacktestResult;
use fondaco_domain::run::{Recorded, Run, RunKind, RunState};
use fondaco_domain::task::TaskState;
use fondaco_domain::{ErrorKind, Hint, RunId};
use thiserror::Error;

use super::{CHUNK, Picture, Simulated, Teller, chunk, events, files};
use crate::backtests::body::Kept;
use crate::flags::{self, FlagsError};
use crate::ports::results::ResultStore;
use crate::ports::run_files::RunFiles;
use crate::ports::runs::{FeedRow, RunQuery, RunStoreError, TaskQuery};
use crate::ports::{Failure, Store};
use crate::runs::whole;
use crate::simulation::{job, plan};

/// A run that could not be told.
#[derive(Debug, Error)]
pub enum ProjectionError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] RunStoreError),
    /// What is switched could not be read.
    #[error(transparent)]
    Flags(FlagsError),
    /// A file could not be written, or a result not be read.
    #[error("cannot tell run {run} in files")]
    Files {
        /// Which.
        run: RunId,
        /// Why not.
        #[source]
        source: Failure,
    },
    /// The folder of all runs failed.
    #[error("cannot use the folder of runs")]
    Folder(#[source] Failure),
}

impl Hint for ProjectionError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Flags(error) => error.kind(),
            Self::Files { source, .. } | Self::Folder(source) => source.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint(),
            Self::Flags(error) => error.hint(),
            Self::Files { source, .. } | Self::Folder(source) => source.hint(),
        }
    }
}

/// What became of the files of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// They tell of so many events.
    Told {
        /// Up to this one.
        events: u64,
        /// Whether the run has ended.
        ended: bool,
    },
    /// There is no such run, and no folder of it any more.
    Gone,
}

/// Tells runs in files.
#[derive(Clone)]
pub struct Projector {
    /// The truth.
    pub store: Arc<dyn Store>,
    /// Where results of backtests are.
    pub results: Arc<dyn ResultStore>,
    /// Where the files go.
    pub files: Arc<dyn RunFiles>,
    /// Whether dashboards are written, too, where the flag does not say no.
    /// Those written before stay.
    pub with_dashboard: bool,
}

/// Runs of one look at the store or the folder.
const PAGE: usize = 100;

/// Times that a run is told anew because it went on meanwhile.
const TRIES: usize = 3;

impl Projector {
    /// Makes the files of a run what the store says; those of its first
    /// `known` events are there already.
    ///
    /// Two may do so at once: who has written looks again afterwards, so that
    /// the last one leaves the newest.
    pub fn run(&self, run: RunId, known: u64) -> Result<Found, ProjectionError> {
        if known == 0 {
            let tidied = self.files.tidy(run);
            tidied.map_err(|source| ProjectionError::Files { run, source })?;
        }
        let mut known = known;
        let mut tries = 0;
        loop {
            let Some(found) = self.tell_run(run, known)? else {
                self.gone(run)?;
                return Ok(Found::Gone);
            };
            tries += 1;
            let Found::Told { events, .. } = found else {
                return Ok(found);
            };
            if tries == TRIES || self.store.events(run, events, 1)?.is_empty() {
                return Ok(found);
            }
            known = events;
        }
    }

    /// Tells every run anew, and removes the folders of those that are gone.
    /// How many were told, and how many removed.
    pub fn all(&self, on_run: &mut dyn FnMut(RunId)) -> Result<(usize, usize), ProjectionError> {
        let mut told = 0;
        let mut query = RunQuery {
            limit: Some(PAGE),
            ..RunQuery::default()
        };
        loop {
            let page = self.store.runs(&query)?;
            for run in &page {
                if self.run(run.id, 0)? != Found::Gone {
                    told += 1;
                }
                on_run(run.id);
            }
            match page.last() {
                Some(last) if page.len() == PAGE => query.before = Some(last.id),
                _ => break,
            }
        }
        let mut removed = 0;
        let mut after = None;
        loop {
            let (next, gone) = self.sweep(after)?;
            removed += gone;
            match next {
                Some(_) => after = next,
                None => return Ok((told, removed)),
            }
        }
    }

    /// Removes folders of runs that are gone, among the next hundred after
    /// one; which to go on after, and how many went.
    pub fn sweep(&self, after: Option<RunId>) -> Result<(Option<RunId>, usize), ProjectionError> {
        let folders = self
            .files
            .list(after, PAGE)
            .map_err(ProjectionError::Folder)?;
        let mut gone = 0;
        for run in &folders {
            match self.store.run(*run) {
                Ok(_) => {}
                Err(RunStoreError::NoRun(_)) => {
                    self.gone(*run)?;
                    gone += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        let last = folders.last().filter(|_| folders.len() == PAGE);
        Ok((last.copied(), gone))
    }

    fn is_switched_on(&self) -> Result<bool, ProjectionError> {
        match flags::list(&*self.store) {
            Ok(now) => Ok(now.snapshot.dashboard_exports()),
            Err(FlagsError::Store(error)) => Err(error.into()),
            Err(error) => Err(ProjectionError::Flags(error)),
        }
    }

    fn gone(&self, run: RunId) -> Result<(), ProjectionError> {
        let removed = self.files.remove(run);
        removed.map_err(|source| ProjectionError::Files { run, source })
    }

    /// Nothing where there is no such run.
    fn tell_run(&self, id: RunId, known: u64) -> Result<Option<Found>, ProjectionError> {
        // The row is read before the events: what is told of it has happened.
        let Some(run) = there(self.store.run(id))? else {
            return Ok(None);
        };
        let Some(spec) = there(self.store.spec(&run.new.spec))? else {
            return Ok(None);
        };
        let last = self.tell_events(id, known)?;
        let result = self.result(&run)?;
        let with_dashboard = self.with_dashboard && self.is_switched_on()?;
        let simulated = simulated(&*self.store, &run, &spec)?;
        let picture = Picture {
            run: &run,
            spec: &spec,
            last: last.as_ref(),
            result: result.as_ref(),
            simulated: simulated.as_ref(),
        };
        for file in files(picture, with_dashboard) {
            self.put(id, &file)?;
        }
        Ok(Some(Found::Told {
            events: last.map_or(0, |event| event.seq),
            ended: run.state.is_terminal(),
        }))
    }

    /// Writes the files of events from the one that the first unknown event
    /// stands in; gives the last event.
    fn tell_events(&self, id: RunId, known: u64) -> Result<Option<Recorded>, ProjectionError> {
        let (mut number, mut before) = chunk(known.saturating_sub(1));
        let mut last = None;
        loop {
            let limit = usize::try_from(CHUNK).unwrap_or(usize::MAX);
            let mut found = self.store.events(id, before, limit)?;
            if found.is_empty() {
                return Ok(last);
            }
            self.put(id, &events(number, &found))?;
            let full = found.len() == limit;
            last = found.pop();
            if !full {
                return Ok(last);
            }
            number += 1;
            before += CHUNK;
        }
    }

    /// The kept result of a backtest that completed.
    fn result(&self, run: &Run) -> Result<Option<BacktestResult>, ProjectionError> {
        if run.new.kind != RunKind::Backtest || run.state != RunState::Completed {
            return Ok(None);
        }
        let first = TaskQuery {
            limit: Some(1),
            ..TaskQuery::default()
        };
        let tasks = self.store.tasks(run.id, &first)?;
        let output = tasks.first().and_then(|task| task.output.as_deref());
        let Some(output) = output else {
            return Ok(None);
        };
        let output = whole(&*self.store, output)?;
        let Ok(kept) = serde_json::from_str::<Kept>(&output) else {
            return Ok(None);
        };
        self.results
            .result(&kept.result)
            .map_err(|source| ProjectionError::Files {
                run: run.id,
                source,
            })
    }

    fn put(&self, run: RunId, file: &super::File) -> Result<(), ProjectionError> {
        self.files
            .put(run, &file.path, &file.bytes)
            .map(|_| ())
            .map_err(|source| ProjectionError::Files { run, source })
    }
}

impl Teller for Projector {
    fn feed(&self, after: u64, limit: usize) -> Result<Vec<FeedRow>, ProjectionError> {
        Ok(self.store.feed(after, limit)?)
    }

    fn tell(&self, run: RunId, known: u64) -> Result<Found, ProjectionError> {
        self.run(run, known)
    }

    fn position(&self) -> Result<u64, ProjectionError> {
        self.files.position().map_err(ProjectionError::Folder)
    }

    fn set_position(&self, position: u64) -> Result<(), ProjectionError> {
        let kept = self.files.set_position(position);
        kept.map_err(ProjectionError::Folder)
    }

    fn sweep(&self, after: Option<RunId>) -> Result<Option<RunId>, ProjectionError> {
        Ok(Self::sweep(self, after)?.0)
    }
}

/// Model-days of a run that are told in a dashboard at most: larger ones are
/// read through the results.
const MODEL_DAYS: usize = 2_000;

/// What the models of a simulation did so far; nothing of other runs, of ones
/// that are too large, and of ones whose documents this program does not read.
fn simulated(store: &dyn Store, run: &Run, spec: &str) -> Result<Option<Simulated>, RunStoreError> {
    if run.new.kind != RunKind::Simulation {
        return Ok(None);
    }
    let Ok(job) = job::parse(spec) else {
        return Ok(None);
    };
    if job.dates.len().saturating_mul(job.models.len()) > MODEL_DAYS {
        return Ok(None);
    }
    let mut days = vec![Vec::new(); job.models.len()];
    let completed = TaskQuery {
        states: vec![TaskState::Completed],
        ..TaskQuery::default()
    };
    for task in store.tasks(run.id, &completed)? {
        let Some((_, name)) = plan::split(&task.plan.key) else {
            continue;
        };
        let place = job.models.iter().position(|model| model.name == name);
        let (Some(place), Some(output)) = (place, &task.output) else {
            continue;
        };
        let Ok(day) = serde_json::from_str(&whole(store, output)?) else {
            return Ok(None);
        };
        days[place].push(day);
    }
    Ok(Some(Simulated { job, days }))
}

/// What may have been removed meanwhile.
fn there<T>(found: Result<T, RunStoreError>) -> Result<Option<T>, RunStoreError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(RunStoreError::NoRun(_) | RunStoreError::NoBody(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
