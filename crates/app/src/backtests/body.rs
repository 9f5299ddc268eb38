//! The one task of a backtest: reads the job, runs it, keeps the result.

use std::path::PathBuf;
use std::sync::Mutex;

use fondaco_contract::v1alpha1::BacktestJob;
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::{ErrorKind, Hint};
use fondaco_engine::backtest::Stop;
use serde::{Deserialize, Serialize};

use super::told::Told;
use super::{Finished, Spec, job};
use crate::ports::exec::{Assignment, Outcome, TaskBody, Watch};
use crate::ports::{Failure, Progress};

/// Where the candles of a job are read and its result is kept: the adapters,
/// put together outside.
pub trait Workshop: Send + Sync {
    /// Runs [`run_until`](super::run_until) on the candles that a job names,
    /// after making sure that they are those it was accepted with.
    fn backtest(
        &self,
        job: &BacktestJob,
        spec: &Spec,
        progress: &dyn Progress,
        stop: Stop<'_>,
    ) -> Result<Finished, Failure>;

    /// Keeps the result: whole or not at all, and in the same place with the
    /// same bytes when it is done again.
    fn keep(&self, job: &BacktestJob, finished: &Finished) -> Result<Kept, Failure>;
}

/// Where a result is: the output of the task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Name of the result.
    pub result: String,
    /// Its folder.
    pub folder: PathBuf,
}

/// How far a backtest is: the progress of the task, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Step {
    /// What it is at.
    pub stage: String,
    /// Units done of it.
    pub done: u64,
    /// Units it has.
    pub of: u64,
    /// The unit that was done last; empty where none was.
    pub what: String,
}

/// The task, in a workshop.
#[derive(Debug, Clone)]
pub struct BacktestBody<W> {
    workshop: W,
    threads: usize,
}

impl<W: Workshop> BacktestBody<W> {
    /// On so many threads; zero for as many as there are. Threads change no
    /// figure.
    pub fn new(workshop: W, threads: usize) -> Self {
        Self { workshop, threads }
    }

    fn done(&self, text: &str, watch: &dyn Watch) -> Result<Kept, Failure> {
        let job = job::parse(text).map_err(Failure::new)?;
        let spec = job::spec(&job, self.threads).map_err(Failure::new)?;
        let progress = Reporting::new(watch);
        let stop = || watch.stopped();
        let finished = self.workshop.backtest(&job, &spec, &progress, &stop)?;
        if stop() {
            return Err(Failure::new(super::BacktestsError::Stopped));
        }
        progress.begin("keeping the result", 1);
        self.workshop.keep(&job, &finished)
    }
}

impl<W: Workshop> TaskBody for BacktestBody<W> {
    fn run(&self, assignment: &Assignment, watch: &dyn Watch) -> Outcome {
        match self.done(&assignment.spec, watch) {
            Ok(kept) => Outcome::Completed {
                output: Some(serde_json::to_string(&kept).expect("texts always serialise")),
            },
            Err(failure) if failure.kind() == ErrorKind::Cancelled => Outcome::Stopped,
            Err(failure) => Outcome::Failed {
                class: class(failure.kind()),
                error: Told::of(&failure).to_json(),
            },
        }
    }
}

/// Only what another system did may be different the next time.
fn class(kind: ErrorKind) -> ErrorClass {
    match kind {
        ErrorKind::Unavailable => ErrorClass::Transient,
        _ => ErrorClass::Permanent,
    }
}

/// Progress that goes to whoever watches the task.
struct Reporting<'a> {
    watch: &'a dyn Watch,
    step: Mutex<Step>,
}

impl<'a> Reporting<'a> {
    fn new(watch: &'a dyn Watch) -> Self {
        Self {
            watch,
            step: Mutex::new(Step::default()),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Step)) {
        // A panic elsewhere leaves at worst a stale step.
        let mut step = self
            .step
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        change(&mut step);
        let text = serde_json::to_string(&*step).expect("texts always serialise");
        self.watch.progress(&text);
    }
}

impl Progress for Reporting<'_> {
    fn begin(&self, stage: &str, total: u64) {
        self.change(|step| {
            *step = Step {
                stage: stage.to_owned(),
                of: total,
                ..Step::default()
            }
        });
    }

    fn advance(&self, units: u64, what: &str) {
        self.change(|step| {
            step.done += units;
            what.clone_into(&mut step.what);
        });
    }

    fn end(&self) {
        self.change(|step| step.done = step.of);
    }
}

#[cfg(test)]
mod tests;
