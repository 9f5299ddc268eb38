//! A run as it is printed.

use fondaco_domain::RunId;
use fondaco_domain::run::{Counts, Run, RunKind, RunState};
use serde::Serialize;

use crate::output::Style;
use crate::table::Cell;

/// A run for people and programs: times as RFC 3339.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RunShown {
    pub(crate) id: RunId,
    pub(crate) kind: RunKind,
    pub(crate) state: RunState,
    pub(crate) degraded: bool,
    pub(crate) reason: Option<String>,
    pub(crate) spec: String,
    pub(crate) tenant: String,
    pub(crate) strategy: Option<String>,
    pub(crate) queue: String,
    pub(crate) priority: i32,
    pub(crate) concurrency_key: Option<String>,
    pub(crate) deadline: Option<String>,
    pub(crate) parent: Option<RunId>,
    pub(crate) planned: bool,
    pub(crate) counts: Counts,
    pub(crate) created_at: String,
    pub(crate) started_at: Option<String>,
    pub(crate) finished_at: Option<String>,
}

impl RunShown {
    pub(crate) fn of(run: &Run) -> Self {
        let new = &run.new;
        Self {
            id: run.id,
            kind: new.kind,
            state: run.state,
            degraded: run.degraded,
            reason: run.reason.clone(),
            spec: new.spec.to_string(),
            tenant: new.tenant.clone(),
            strategy: new.strategy.clone(),
            queue: new.queue.clone(),
            priority: new.priority,
            concurrency_key: new.concurrency_key.clone(),
            deadline: new.deadline.map(|at| at.to_string()),
            parent: new.parent,
            planned: run.planned,
            counts: run.counts,
            created_at: run.created_at.to_string(),
            started_at: run.started_at.map(|at| at.to_string()),
            finished_at: run.finished_at.map(|at| at.to_string()),
        }
    }

    /// The end of its id, by which it can be named.
    pub(crate) fn short(&self) -> String {
        short(self.id)
    }

    /// Its state in the colour of it.
    pub(crate) fn state_cell(&self) -> Cell {
        state_cell(self.state, self.degraded)
    }

    /// `1 completed, 2 pending`.
    pub(crate) fn counted(&self) -> String {
        counted(&self.counts)
    }

    /// `run <id> is queued`, and why.
    pub(crate) fn line(&self, style: Style) -> String {
        let state = state_text(self.state, self.degraded);
        let reason = self
            .reason
            .as_ref()
            .map_or(String::new(), |reason| format!(": {reason}"));
        format!("{} {}  {state}{reason}\n", style.dim("run"), self.id)
    }
}

/// The last group of digits of an id: the random ones.
pub(crate) fn short(id: RunId) -> String {
    let id = id.to_string();
    id[id.len() - 12..].to_owned()
}

/// `completed, degraded`.
pub(crate) fn state_text(state: RunState, degraded: bool) -> String {
    let degraded = if degraded { ", degraded" } else { "" };
    format!("{}{degraded}", state.as_str())
}

pub(crate) fn state_cell(state: RunState, degraded: bool) -> Cell {
    let text = state_text(state, degraded);
    match state {
        RunState::Completed => Cell::good(text),
        RunState::Failed | RunState::Partial | RunState::Halted => Cell::bad(text),
        RunState::Cancelled => Cell::dim(text),
        _ => text.into(),
    }
}

/// What there is of each.
pub(crate) fn counted(counts: &Counts) -> String {
    let parts = [
        (counts.completed, "completed"),
        (counts.running, "running"),
        (counts.pending, "pending"),
        (counts.failed, "failed"),
        (counts.skipped, "skipped"),
        (counts.cancelled, "cancelled"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if parts.is_empty() {
        "none".to_owned()
    } else {
        parts.join(", ")
    }
}

impl crate::output::View for RunShown {
    fn text(&self, style: Style) -> String {
        self.line(style)
    }
}
