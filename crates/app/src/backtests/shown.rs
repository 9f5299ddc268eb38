//! Backtests as they stand: where they came from, how far they are, what came
//! of them.

use fondaco_contract::v1alpha1::{BacktestListing, JobOrigin};
use fondaco_domain::run::{Run, RunKind, RunState};
use fondaco_domain::task::Task;
use fondaco_domain::{ErrorKind, Hint, RunId};
use serde::Deserialize;
use thiserror::Error;

use super::body::{Kept, Step};
use super::told::Told;
use crate::ports::Failure;
use crate::ports::results::{ResultFile, ResultStore};
use crate::ports::runs::{RunQuery, RunStoreError, TaskQuery};
use crate::runs::why::{Situation, Why};
use crate::runs::{Runs, RunsError, whole};

/// A backtest as it stands.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its run.
    pub run: Run,
    /// Where its job came from, where that is known.
    pub origin: Option<JobOrigin>,
    /// Its figures, once it has completed and while its result is kept.
    pub listing: Option<BacktestListing>,
    /// What went wrong, once it has failed.
    pub error: Option<Told>,
    /// How far it is, while a worker has it.
    pub step: Option<Step>,
    /// Why it is not under way.
    pub waits: Option<Why>,
}

/// Why a backtest or a part of it cannot be shown.
#[derive(Debug, Error)]
pub enum ShowError {
    /// No such run, or one of another kind.
    #[error("there is no backtest {0}")]
    NoBacktest(RunId),
    /// It has no result, or not yet.
    #[error("backtest {run} is {}: it has no result", state.as_str())]
    NoResult {
        /// The run.
        run: RunId,
        /// Where it stands.
        state: RunState,
    },
    /// The result, or the file of it, is not where results are kept.
    #[error("backtest {run} has no {}", file.as_str())]
    NoFile {
        /// The run.
        run: RunId,
        /// The file.
        file: ResultFile,
    },
    /// The output of its task is not what a backtest leaves.
    #[error("the output of backtest {run} names no result")]
    Output {
        /// The run.
        run: RunId,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// The result cannot be read.
    #[error(transparent)]
    Results(#[from] Failure),
    /// The store of runs refused or failed.
    #[error(transparent)]
    Runs(#[from] RunsError),
}

impl From<RunStoreError> for ShowError {
    fn from(error: RunStoreError) -> Self {
        match error {
            RunStoreError::NoRun(run) => Self::NoBacktest(run),
            other => Self::Runs(other.into()),
        }
    }
}

impl Hint for ShowError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoBacktest(_) | Self::NoFile { .. } => ErrorKind::NotFound,
            Self::NoResult { .. } => ErrorKind::Conflict,
            Self::Output { .. } => ErrorKind::Corrupt,
            Self::Results(error) => error.kind(),
            Self::Runs(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoResult { state, .. } if !state.is_terminal() => {
                Some("wait for its end".to_owned())
            }
            Self::NoFile {
                file: ResultFile::Report,
                ..
            } => Some("it was asked for without a report, or its result was removed".to_owned()),
            Self::NoFile { .. } => Some("its result was removed: submit it again".to_owned()),
            Self::NoBacktest(_) | Self::NoResult { .. } | Self::Output { .. } => None,
            Self::Results(error) => error.hint(),
            Self::Runs(error) => error.hint(),
        }
    }
}

/// What can be looked at of backtests, and with what.
#[derive(Clone, Copy)]
pub struct Backtests<'a> {
    /// Where their runs are.
    pub runs: Runs<'a>,
    /// Where their results are.
    pub results: &'a dyn ResultStore,
}

impl Backtests<'_> {
    /// One backtest, with why it waits.
    pub fn show(&self, id: RunId) -> Result<Shown, ShowError> {
        let mut shown = self.of(self.run(id)?)?;
        if !shown.run.state.is_terminal()
            && let Some(task) = self.task(id)?
        {
            let (store, now) = (self.runs.store, self.runs.machine.wall());
            shown.waits = Situation::of(store, &shown.run, now, &|_| true)?.obstacle(&task)?;
            shown.step = self.step(id, &task)?;
        }
        Ok(shown)
    }

    /// Backtests, the newest first: figures of those that completed, and no
    /// more than that.
    pub fn list(&self, query: &RunQuery) -> Result<Vec<Shown>, ShowError> {
        let query = RunQuery {
            kind: Some(RunKind::Backtest),
            ..query.clone()
        };
        let runs = self.runs.store.runs(&query)?;
        runs.into_iter().map(|run| self.of(run)).collect()
    }

    /// Ends a backtest. One that has ended stays as it is.
    pub fn cancel(&self, id: RunId, reason: &str) -> Result<Shown, ShowError> {
        self.run(id)?;
        self.of(self.runs.cancel(id, reason)?)
    }

    /// The name of the result of a backtest that completed.
    pub fn result_of(&self, id: RunId) -> Result<String, ShowError> {
        let run = self.run(id)?;
        let state = run.state;
        let kept = self.kept(&run)?;
        kept.map(|kept| kept.result)
            .ok_or(ShowError::NoResult { run: id, state })
    }

    /// A file of the result of a backtest.
    pub fn file(&self, id: RunId, file: ResultFile) -> Result<Vec<u8>, ShowError> {
        let name = self.result_of(id)?;
        let bytes = self.results.file(&name, file)?;
        bytes.ok_or(ShowError::NoFile { run: id, file })
    }

    /// The whole result of a backtest.
    pub fn result(
        &self,
        id: RunId,
    ) -> Result<fondaco_contract::v1alpha1::BacktestResult, ShowError> {
        let name = self.result_of(id)?;
        let file = ResultFile::Result;
        let result = self.results.result(&name)?;
        result.ok_or(ShowError::NoFile { run: id, file })
    }

    /// The run of a backtest.
    pub fn run(&self, id: RunId) -> Result<Run, ShowError> {
        let run = self.runs.store.run(id)?;
        if run.new.kind == RunKind::Backtest {
            Ok(run)
        } else {
            Err(ShowError::NoBacktest(id))
        }
    }

    fn of(&self, run: Run) -> Result<Shown, ShowError> {
        let origin = origin(&self.runs.store.spec(&run.new.spec)?);
        self.with(run, origin)
    }

    /// A backtest whose origin is known, or of no interest.
    pub fn with(&self, run: Run, origin: Option<JobOrigin>) -> Result<Shown, ShowError> {
        let listing = match self.kept(&run)? {
            Some(kept) => self.results.listing(&kept.result)?,
            None => None,
        };
        let error = self.error(&run)?;
        Ok(Shown {
            run,
            origin,
            listing,
            error,
            step: None,
            waits: None,
        })
    }

    /// Where the result is, once there is one.
    fn kept(&self, run: &Run) -> Result<Option<Kept>, ShowError> {
        if run.state != RunState::Completed {
            return Ok(None);
        }
        let store = self.runs.store;
        let task = self.task(run.id)?;
        let Some(output) = task.and_then(|task| task.output) else {
            return Ok(None);
        };
        let kept = serde_json::from_str(&whole(store, &output)?);
        let run = run.id;
        kept.map(Some)
            .map_err(|source| ShowError::Output { run, source })
    }

    fn error(&self, run: &Run) -> Result<Option<Told>, ShowError> {
        if !matches!(run.state, RunState::Failed | RunState::Partial) {
            return Ok(None);
        }
        let detail = self.task(run.id)?.and_then(|task| task.detail);
        let said = detail.as_deref();
        if let Some(told) = said.and_then(Told::from_json) {
            return Ok(Some(told));
        }
        let said = said.or(run.reason.as_deref());
        Ok(said.map(|said| Told::new(ErrorKind::Unsuccessful, said)))
    }

    fn step(&self, id: RunId, task: &Task) -> Result<Option<Step>, ShowError> {
        if task.lease.is_none() {
            return Ok(None);
        }
        let attempts = self.runs.store.attempts(id, task.no)?;
        let said = attempts.last().and_then(|last| last.progress.as_deref());
        Ok(said.and_then(|said| serde_json::from_str(said).ok()))
    }

    fn task(&self, id: RunId) -> Result<Option<Task>, ShowError> {
        let query = TaskQuery {
            limit: Some(1),
            ..TaskQuery::default()
        };
        Ok(self.runs.store.tasks(id, &query)?.into_iter().next())
    }
}

/// Where a job came from, as its spec says; nothing where it does not.
pub(super) fn origin(spec: &str) -> Option<JobOrigin> {
    #[derive(Deserialize)]
    struct Job {
        #[serde(default)]
        origin: Option<JobOrigin>,
    }
    serde_json::from_str::<Job>(spec).ok()?.origin
}
