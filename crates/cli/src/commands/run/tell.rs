//! Events in words.

use std::collections::BTreeMap;

use fondaco_app::ports::runs::{RunStore, RunStoreError};
use fondaco_app::runs::why::task;
use fondaco_domain::RunId;
use fondaco_domain::run::{Event, LateReason, Recorded, ReleaseReason};
use fondaco_domain::task::TaskNo;
use serde::Serialize;

use super::failure;
use super::shown::state_text;

/// Names of the tasks of one run, read when they are first needed.
pub(super) struct Names<'a> {
    store: &'a dyn RunStore,
    run: RunId,
    known: BTreeMap<TaskNo, String>,
}

impl<'a> Names<'a> {
    pub(super) fn of(store: &'a dyn RunStore, run: RunId) -> Self {
        Self {
            store,
            run,
            known: BTreeMap::new(),
        }
    }

    fn name(&mut self, no: TaskNo) -> Result<String, RunStoreError> {
        if let Some(name) = self.known.get(&no) {
            return Ok(name.clone());
        }
        let found = task(self.store, self.run, no)?;
        let name = found.map_or_else(|| no.0.to_string(), |task| task.plan.key);
        self.known.insert(no, name.clone());
        Ok(name)
    }
}

/// An event for people and programs.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Told {
    seq: u64,
    at: String,
    actor: String,
    #[serde(rename = "type")]
    what: &'static str,
    task: Option<String>,
    event: serde_json::Value,
    #[serde(skip)]
    words: String,
}

impl Told {
    pub(super) fn of(recorded: &Recorded, names: &mut Names<'_>) -> Result<Self, RunStoreError> {
        let event = &recorded.event;
        if let Event::Planned { first, tasks, .. } = event {
            let keys = tasks.iter().map(|task| task.key.clone());
            names.known.extend((first.0..).map(TaskNo).zip(keys));
        }
        let task = event.task().map(|no| names.name(no)).transpose()?;
        let words = words(event, names)?;
        Ok(Self {
            seq: recorded.seq,
            at: recorded.at.to_string(),
            actor: recorded.actor.clone(),
            what: event.type_name(),
            task,
            event: serde_json::to_value(event).expect("events are documents"),
            words,
        })
    }

    /// One line.
    pub(super) fn line(&self) -> String {
        let task = self
            .task
            .as_ref()
            .map_or(String::new(), |task| format!(" `{task}`"));
        let words = if self.words.is_empty() {
            String::new()
        } else {
            format!("  {}", self.words)
        };
        format!("{}  {:>5}  {}{task}{words}\n", self.at, self.seq, self.what)
    }
}

/// What the type and the task do not say.
fn words(event: &Event, names: &mut Names<'_>) -> Result<String, RunStoreError> {
    Ok(match event {
        Event::Submitted { new, .. } => {
            format!("{} in queue `{}`", new.kind.as_str(), new.queue)
        }
        Event::Planned { tasks, last, .. } => {
            let more = if *last { ", the last" } else { "" };
            match tasks.len() {
                1 => format!("1 task{more}"),
                count => format!("{count} tasks{more}"),
            }
        }
        Event::RunStarted
        | Event::RunHalted
        | Event::TaskStarted { .. }
        | Event::TaskCancelled { .. } => String::new(),
        Event::RunHalting {
            mode,
            epoch,
            reason,
        } => format!("{} in epoch {}: {reason}", mode.as_str(), epoch.0),
        Event::RunResumed { epoch } => format!("in epoch {}", epoch.0),
        Event::RunCancelling { reason } => reason.clone(),
        Event::RunEnded {
            state,
            degraded,
            reason,
        } => match reason {
            Some(reason) => format!("{}: {reason}", state_text(*state, *degraded)),
            None => state_text(*state, *degraded),
        },
        Event::TaskNeedEnded { need, left, .. } => {
            format!("`{}` ended, {left} left", names.name(*need)?)
        }
        Event::TaskLeased { fence, worker, .. } => format!("fence {}, worker {worker}", fence.0),
        Event::TaskAdopted { worker, .. } => format!("worker {worker}"),
        Event::TaskEscalated { rung, .. } => rung.as_str().to_owned(),
        Event::TaskCompleted { output, .. } => output.clone().unwrap_or_default(),
        Event::TaskRetried {
            ready_at,
            class,
            error,
            ..
        } => format!(
            "{}: {}; ready at {ready_at}",
            class.as_str(),
            failure::words(error)
        ),
        Event::TaskReleased { fence, reason, .. } => {
            format!("{}, fence {}", released(*reason), fence.0)
        }
        Event::TaskFailed { class, error, .. } => {
            format!("{}: {}", class.as_str(), failure::words(error))
        }
        Event::TaskSkipped { reason, detail, .. } => match detail {
            Some(detail) => format!("{}: {detail}", reason.text()),
            None => reason.text().to_owned(),
        },
        Event::LateResult { fence, reason, .. } => {
            format!("fence {}: {}", fence.0, late(*reason))
        }
    })
}

fn released(reason: ReleaseReason) -> &'static str {
    match reason {
        ReleaseReason::Halt => "its worker obeyed a halt",
        ReleaseReason::Killed => "taken by a halt that drops results",
        ReleaseReason::GivenBack => "given back by its worker",
    }
}

fn late(reason: LateReason) -> &'static str {
    match reason {
        LateReason::NotHeld => "not held under it any more",
        LateReason::Killed => "a halt drops results",
    }
}
