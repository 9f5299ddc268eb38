//! Simulations as they stand, and what came of them.

use fondaco_contract::v1alpha1::simulation::{
    DayLine, DayStatus, ModelDay, Progress, SimDate, SimulationJob,
};
use fondaco_domain::run::{Run, RunKind, RunState};
use fondaco_domain::task::{Task, TaskNo, TaskState};
use fondaco_domain::{ErrorKind, Hint, RunId, UnixMicros};
use thiserror::Error;

use super::job::{self, JobError};
use super::plan::{PRICES, key, split};
use super::priced::Priced;
use crate::ports::runs::{RunQuery, RunStoreError, TaskQuery};
use crate::runs::{Runs, RunsError, whole};

/// Why a simulation cannot be shown.
#[derive(Debug, Error)]
pub enum ShowError {
    /// The store says no.
    #[error(transparent)]
    Store(#[from] RunStoreError),
    /// There is no such task.
    #[error(transparent)]
    Runs(#[from] RunsError),
    /// It is a run of another kind.
    #[error("run {run} is no simulation but of kind {}", .kind.as_str())]
    Kind {
        /// The run.
        run: RunId,
        /// What it is.
        kind: RunKind,
    },
    /// Its job does not read.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The model-day is not there, or not completed.
    #[error("run {run} has no document of {date} of {model}: {why}")]
    NoDay {
        /// The run.
        run: RunId,
        /// The step.
        date: SimDate,
        /// The model.
        model: String,
        /// What there is in its place.
        why: String,
    },
    /// What a task left does not read.
    #[error("the output of `{key}` of run {run} does not read")]
    Output {
        /// The run.
        run: RunId,
        /// The task.
        key: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
}

impl Hint for ShowError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Runs(error) => error.kind(),
            Self::Job(error) => error.kind(),
            Self::Kind { .. } | Self::NoDay { .. } => ErrorKind::NotFound,
            Self::Output { .. } => ErrorKind::Corrupt,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint(),
            Self::Runs(error) => error.hint(),
            Self::Kind { .. } => Some("`fondaco simulate list` has the simulations".to_owned()),
            Self::Job(error) => error.hint(),
            Self::NoDay { .. } | Self::Output { .. } => None,
        }
    }
}

/// A simulation as it stands.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its run.
    pub run: Run,
    /// What it was asked to be.
    pub job: SimulationJob,
    /// How many model-days stand where.
    pub progress: Progress,
    /// What is to be known about its data.
    pub warnings: Vec<String>,
}

/// A page of model-days.
#[derive(Debug, Clone)]
pub struct DaysPage {
    /// In the order of the plan.
    pub days: Vec<DayLine>,
    /// Where the next page begins, where there is one.
    pub next: Option<TaskNo>,
}

/// What can be asked of simulations.
#[derive(Clone, Copy)]
pub struct Simulations<'a> {
    /// The runs.
    pub runs: Runs<'a>,
}

/// Tasks that are read together.
const PAGE: usize = 1_000;

impl Simulations<'_> {
    /// The newest ones.
    pub fn list(&self, limit: usize) -> Result<Vec<Shown>, ShowError> {
        let query = RunQuery {
            kind: Some(RunKind::Simulation),
            limit: Some(limit),
            ..RunQuery::default()
        };
        let runs = self.runs.store.runs(&query)?;
        runs.into_iter().map(|run| self.shown(run)).collect()
    }

    /// One as it stands.
    pub fn show(&self, id: RunId) -> Result<Shown, ShowError> {
        self.shown(self.runs.store.run(id)?)
    }

    fn shown(&self, run: Run) -> Result<Shown, ShowError> {
        if run.new.kind != RunKind::Simulation {
            return Err(ShowError::Kind {
                run: run.id,
                kind: run.new.kind,
            });
        }
        let job = job::parse(&self.runs.store.spec(&run.new.spec)?)?;
        let priced = self.priced(&run, &job)?;
        Ok(Shown {
            progress: self.progress(&run, &job)?,
            warnings: warnings(&job, priced),
            run,
            job,
        })
    }

    /// The model-days after a place of the plan, at most so many.
    pub fn days(
        &self,
        run: RunId,
        after: Option<TaskNo>,
        limit: usize,
    ) -> Result<DaysPage, ShowError> {
        let mut page = DaysPage {
            days: Vec::new(),
            next: after,
        };
        while page.days.len() < limit {
            let query = TaskQuery {
                after: page.next,
                limit: Some(PAGE.min(limit)),
                ..TaskQuery::default()
            };
            let tasks = self.runs.store.tasks(run, &query)?;
            let is_last = tasks.len() < PAGE.min(limit);
            for task in &tasks {
                if page.days.len() == limit {
                    return Ok(page);
                }
                page.next = Some(task.no);
                page.days.extend(self.line(run, task)?);
            }
            if is_last {
                page.next = None;
                break;
            }
        }
        Ok(page)
    }

    /// The document of a completed model-day.
    pub fn day(&self, run: RunId, date: SimDate, model: &str) -> Result<ModelDay, ShowError> {
        let task = self.runs.task_by_key(run, &key(date, model))?;
        let no_day = |why: String| ShowError::NoDay {
            run,
            date,
            model: model.to_owned(),
            why,
        };
        if let (TaskState::Completed, Some(output)) = (&task.state, &task.output) {
            return self.document(run, &task.plan.key, output);
        }
        let why = error_of(&task).unwrap_or_else(|| task.state.as_str().to_owned());
        Err(no_day(why))
    }

    /// The documents of all model-days that completed, in the order of the plan.
    pub fn documents(&self, run: RunId) -> Result<Vec<ModelDay>, ShowError> {
        let mut documents = Vec::new();
        let mut query = TaskQuery {
            states: vec![TaskState::Completed],
            limit: Some(PAGE),
            ..TaskQuery::default()
        };
        loop {
            let tasks = self.runs.store.tasks(run, &query)?;
            for task in &tasks {
                if let (Some(_), Some(output)) = (split(&task.plan.key), &task.output) {
                    documents.push(self.document(run, &task.plan.key, output)?);
                }
            }
            if tasks.len() < PAGE {
                return Ok(documents);
            }
            query.after = tasks.last().map(|task| task.no);
        }
    }

    fn document(&self, run: RunId, key: &str, output: &str) -> Result<ModelDay, ShowError> {
        let output = whole(self.runs.store, output)?;
        serde_json::from_str(&output).map_err(|source| ShowError::Output {
            run,
            key: key.to_owned(),
            source,
        })
    }

    /// What came of the download, where there is one that has ended.
    pub fn priced(&self, run: &Run, job: &SimulationJob) -> Result<Option<Priced>, ShowError> {
        if job.download.is_none() {
            return Ok(None);
        }
        let first = TaskQuery {
            limit: Some(1),
            ..TaskQuery::default()
        };
        let tasks = self.runs.store.tasks(run.id, &first)?;
        let task = tasks.first().filter(|task| task.plan.key == PRICES);
        let Some(output) = task.and_then(|task| task.output.as_deref()) else {
            return Ok(None);
        };
        let output = whole(self.runs.store, output)?;
        let read = serde_json::from_str(&output);
        read.map(Some).map_err(|source| ShowError::Output {
            run: run.id,
            key: PRICES.to_owned(),
            source,
        })
    }

    /// How many model-days stand where. They add up.
    fn progress(&self, run: &Run, job: &SimulationJob) -> Result<Progress, ShowError> {
        let is_plain = job.download.is_none()
            && matches!(
                job.style,
                fondaco_contract::v1alpha1::simulation::Style::Agent(_)
            );
        if is_plain {
            let counts = run.counts;
            return Ok(Progress {
                total_model_days: counts.total.into(),
                pending: counts.pending.into(),
                running: counts.running.into(),
                completed: counts.completed.into(),
                failed: (counts.failed + counts.cancelled).into(),
                skipped: counts.skipped.into(),
            });
        }
        let mut progress = Progress::default();
        let mut query = TaskQuery {
            limit: Some(PAGE),
            ..TaskQuery::default()
        };
        loop {
            let tasks = self.runs.store.tasks(run.id, &query)?;
            for task in tasks.iter().filter(|task| split(&task.plan.key).is_some()) {
                progress.total_model_days += 1;
                *match status(task) {
                    DayStatus::Pending => &mut progress.pending,
                    DayStatus::Running => &mut progress.running,
                    DayStatus::Completed => &mut progress.completed,
                    DayStatus::Failed => &mut progress.failed,
                    DayStatus::Skipped => &mut progress.skipped,
                } += 1;
            }
            if tasks.len() < PAGE {
                return Ok(progress);
            }
            query.after = tasks.last().map(|task| task.no);
        }
    }

    /// A model-day as it stands; nothing of a task that is only a part of one.
    fn line(&self, run: RunId, task: &Task) -> Result<Option<DayLine>, ShowError> {
        let Some((date, model)) = split(&task.plan.key) else {
            return Ok(None);
        };
        let attempts = if task.attempt == 0 {
            Vec::new()
        } else {
            self.runs.store.attempts(run, task.no)?
        };
        let ended = |at: Option<UnixMicros>| at.filter(|_| task.state.is_terminal());
        let last = attempts.last();
        Ok(Some(DayLine {
            date,
            model: model.to_owned(),
            status: status(task),
            error: error_of(task),
            started_at: attempts
                .first()
                .and_then(|it| it.started_at)
                .map(|at| at.to_string()),
            completed_at: last
                .and_then(|it| ended(it.ended_at))
                .map(|at| at.to_string()),
        }))
    }
}

/// Where a model-day stands.
pub fn status(task: &Task) -> DayStatus {
    match task.state {
        TaskState::Blocked | TaskState::Ready => DayStatus::Pending,
        TaskState::Leased | TaskState::Running => DayStatus::Running,
        TaskState::Completed => DayStatus::Completed,
        TaskState::Failed | TaskState::Cancelled => DayStatus::Failed,
        TaskState::Skipped => DayStatus::Skipped,
    }
}

/// Why a model-day was not done: the reason of a skip, exactly, or what went
/// wrong.
pub fn error_of(task: &Task) -> Option<String> {
    match task.state {
        TaskState::Skipped => task.skip.map(|reason| reason.text().to_owned()),
        TaskState::Cancelled => Some("cancelled".to_owned()),
        TaskState::Failed => task.detail.clone(),
        _ => None,
    }
}

/// How a run stands.
pub fn status_of(run: &Run, job: &SimulationJob, progress: &Progress) -> &'static str {
    let begun = progress.pending < progress.total_model_days;
    match run.state {
        RunState::Completed => "completed",
        RunState::Partial => "partial",
        RunState::Failed => "failed",
        RunState::Cancelled => "cancelled",
        RunState::Queued => "pending",
        _ if job.download.is_some() && !begun => "downloading_data",
        _ => "running",
    }
}

/// What is known of the data when nothing is downloaded, or what the download
/// says.
fn warnings(job: &SimulationJob, priced: Option<Priced>) -> Vec<String> {
    let mut warnings = Vec::new();
    let incomplete = job.data.iter().flat_map(|data| &data.incomplete);
    let incomplete: Vec<SimDate> = incomplete.copied().collect();
    match priced {
        Some(priced) => warnings.extend(priced.warnings),
        None => warnings.extend(super::download::incomplete(incomplete)),
    }
    let completed = job.models.iter().map(|model| model.completed.len()).sum();
    warnings.extend(super::download::already_completed(completed));
    warnings
}
