//! A backtest as a durable run: submitted, waited for, told.

use std::num::NonZeroUsize;
use std::sync::Arc;

use fondaco_app::backtests::body::{Kept, Step};
use fondaco_app::backtests::job;
use fondaco_app::backtests::told::Told;
use fondaco_app::ports::runs::{IdempotencyKey, RunQuery, RunStore, TaskQuery};
use fondaco_app::ports::{Progress, Store};
use fondaco_app::runner::NoLog;
use fondaco_app::runs::{Overrides, Spec, whole};
use fondaco_contract::v1alpha1::BacktestJob;
use fondaco_domain::run::{Run, RunState};
use fondaco_domain::task::TaskNo;
use fondaco_domain::{ErrorKind, Hint, RunId};
use thiserror::Error;

use crate::commands::data::bar::Bar;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, Host, HostError, HostOptions, Place};
use crate::output;

/// Whose keys make the same command twice one run.
const SCOPE: &str = "cli";

/// The one task.
const TASK: TaskNo = TaskNo(0);

/// A run that ended without a result, for no reason of the backtest itself.
#[derive(Debug, Error)]
pub(super) enum DurableError {
    /// Its worker was lost too often, or it took too long.
    #[error("run {run} failed: {reason}")]
    Failed {
        /// The run.
        run: RunId,
        /// Why.
        reason: String,
    },
    /// Somebody cancelled it.
    #[error("run {run} was cancelled: {reason}")]
    Cancelled {
        /// The run.
        run: RunId,
        /// Why.
        reason: String,
    },
    /// Somebody said to stop.
    #[error("interrupted: run {run} is {}", state.as_str())]
    Interrupted {
        /// The run.
        run: RunId,
        /// Where it stands.
        state: RunState,
    },
    /// Its output names no result.
    #[error("the output of run {run} names no result")]
    Output {
        /// The run.
        run: RunId,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// It has no output at all.
    #[error("run {0} completed without an output")]
    NoOutput(RunId),
}

impl Hint for DurableError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Failed { .. } => ErrorKind::Unsuccessful,
            Self::Cancelled { .. } | Self::Interrupted { .. } => ErrorKind::Cancelled,
            Self::Output { .. } | Self::NoOutput(_) => ErrorKind::Corrupt,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Failed { run, .. } | Self::NoOutput(run) | Self::Output { run, .. } => {
                Some(format!("see `fondaco run show {run}`, or run it again"))
            }
            Self::Interrupted { run, .. } => Some(format!(
                "the same command goes on with it, `fondaco run cancel {run}` ends it"
            )),
            Self::Cancelled { .. } => None,
        }
    }
}

/// Submits a job: the open run of the same job, where there is one, or a new
/// one. Who submits the same at the same time gets the same run.
pub(super) fn submit(client: &Client, job: &BacktestJob) -> Result<RunId, Failure> {
    let canonical = job::canonical(job)?;
    let hash = canonical.hash();
    let newest = client.store().runs(&RunQuery {
        spec: Some(hash.clone()),
        limit: Some(1),
        ..RunQuery::default()
    })?;
    let key = match newest.first() {
        None => hash.to_string(),
        Some(run) if run.state.is_terminal() || run.state == RunState::Cancelling => {
            format!("{hash}:{}", run.id)
        }
        Some(run) => {
            client.runs().finish_planning(run.id)?;
            return Ok(run.id);
        }
    };
    let key = IdempotencyKey {
        scope: SCOPE.to_owned(),
        key,
    };
    let spec = Spec::parse(canonical.text())?;
    let submitted = client
        .runs()
        .submit(&spec, Some(key), &Overrides::default())?;
    Ok(submitted.id)
}

/// Works on a run until it has ended, here or wherever else it is worked on,
/// and says where the result is.
pub(super) fn finish(
    client: &Client,
    id: RunId,
    threads: usize,
    context: &Context,
) -> Result<Kept, Failure> {
    let run = client.store().run(id)?;
    if run.state.is_terminal() {
        return outcome(client.store(), &run);
    }
    let options = HostOptions {
        slots: NonZeroUsize::MIN,
        calls: 0,
        queues: vec![run.new.queue],
        run: Some(id),
        place: Place::Auto,
        threads,
        at_once: true,
        log: Arc::new(NoLog),
    };
    let host = Host::start(client, context, options)?;
    let store = client.store();
    let mut shown = Shown::new(context);
    let mut halted = Halted::default();
    let ended = host.until_ended(store, id, &mut |run| {
        halted.tell(run);
        shown.look(store, id);
    });
    let ended = ended.map_err(in_our_words)?;
    host.shutdown()?;
    outcome(store, &ended)
}

/// The same command goes on with a run that it was interrupted in.
fn in_our_words(error: HostError) -> Failure {
    match error {
        HostError::Interrupted { run, state } => DurableError::Interrupted { run, state }.into(),
        other => other.into(),
    }
}

/// Says once that nothing happens, and what to do about it.
#[derive(Debug, Default)]
struct Halted {
    told: bool,
}

impl Halted {
    fn tell(&mut self, run: &Run) {
        let is_halted = run.state == RunState::Halted;
        if is_halted && !self.told {
            let reason = run.reason.as_deref().unwrap_or("for no stated reason");
            output::to_stderr(&format!(
                "run {id} is halted: {reason}\nit goes on after `fondaco run resume {id}`\n",
                id = run.id
            ));
        }
        self.told = is_halted;
    }
}

/// How far the attempt is, whoever makes it.
struct Shown<'a> {
    bar: Option<Bar<'a>>,
    step: Step,
}

impl<'a> Shown<'a> {
    fn new(context: &'a Context) -> Self {
        Self {
            bar: context.progress_visible().then(|| Bar::new(context)),
            step: Step::default(),
        }
    }

    fn look(&mut self, store: &dyn RunStore, id: RunId) {
        let Some(bar) = &self.bar else { return };
        let Some(step) = progress(store, id) else {
            return;
        };
        if step.stage != self.step.stage || step.done < self.step.done {
            bar.begin(&step.stage, step.of);
            self.step.done = 0;
        }
        bar.advance(step.done - self.step.done, &step.what);
        self.step = step;
    }
}

/// What the attempt under way said last; nothing where the store does not
/// answer, which others say.
fn progress(store: &dyn RunStore, id: RunId) -> Option<Step> {
    let attempts = store.attempts(id, TASK).ok()?;
    serde_json::from_str(attempts.last()?.progress.as_deref()?).ok()
}

/// Where the result of a run that ended is, or why there is none: what the
/// backtest itself said, in its own words.
fn outcome(store: &dyn Store, run: &Run) -> Result<Kept, Failure> {
    let tasks = store.tasks(run.id, &TaskQuery::default())?;
    let task = tasks.first();
    let run_id = run.id;
    if run.state == RunState::Completed {
        let output = task.and_then(|task| task.output.as_deref());
        let output = whole(store, output.ok_or(DurableError::NoOutput(run_id))?)?;
        let kept = serde_json::from_str(&output).map_err(|source| DurableError::Output {
            run: run_id,
            source,
        })?;
        return Ok(kept);
    }
    let detail = task.and_then(|task| task.detail.clone());
    if let Some(told) = detail.as_deref().and_then(Told::from_json) {
        return Err(told.into());
    }
    let reason = detail
        .or_else(|| run.reason.clone())
        .unwrap_or_else(|| "nothing says why".to_owned());
    Err(if run.state == RunState::Cancelled {
        DurableError::Cancelled {
            run: run_id,
            reason,
        }
    } else {
        DurableError::Failed {
            run: run_id,
            reason,
        }
    }
    .into())
}
