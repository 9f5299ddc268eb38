//! Retention: which ended runs go.
//!
//! A run goes when it ended long enough ago and is none of the last of its
//! kind. What has not ended stays, halted or not, and so does a run that
//! something open takes up again, since its plan may still ask for it.

use std::collections::BTreeSet;
use std::time::Duration;

use fondaco_domain::run::{Run, RunKind, RunState};
use fondaco_domain::{RunId, UnixMicros};

use crate::ports::Store;
use crate::ports::runs::{RunQuery, RunStoreError};

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Runs that ended less than this ago.
    pub younger_than: Duration,
    /// The last ended runs of each kind, so many, however old.
    pub last: usize,
}

/// What one step did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Removed {
    /// The runs that are gone.
    pub runs: Vec<RunId>,
    /// Whether more may go.
    pub more: bool,
}

/// Runs read at a time.
const PAGE: usize = 100;

/// Removes runs, each in a transaction of its own, at most so many. To be
/// called until there are no more.
pub fn step(
    store: &dyn Store,
    keep: Keep,
    now: UnixMicros,
    limit: usize,
) -> Result<Removed, RunStoreError> {
    let mut removed = Removed::default();
    for kind in RunKind::ALL {
        let last = last_of(store, kind, keep.last)?;
        let mut page = old(store, kind, keep, now, None)?;
        while let Some(oldest) = page.last().map(|run| run.id) {
            for run in page.iter().filter(|run| !last.contains(&run.id)) {
                if removed.runs.len() == limit {
                    removed.more = true;
                    return Ok(removed);
                }
                if remove(store, run.id)? {
                    removed.runs.push(run.id);
                }
            }
            page = old(store, kind, keep, now, Some(oldest))?;
        }
    }
    Ok(removed)
}

fn last_of(
    store: &dyn Store,
    kind: RunKind,
    count: usize,
) -> Result<BTreeSet<RunId>, RunStoreError> {
    let runs = store.runs(&RunQuery {
        states: ended(),
        kind: Some(kind),
        limit: Some(count),
        ..RunQuery::default()
    })?;
    Ok(runs.into_iter().map(|run| run.id).collect())
}

/// The next page of those that ended long enough ago.
fn old(
    store: &dyn Store,
    kind: RunKind,
    keep: Keep,
    now: UnixMicros,
    before: Option<RunId>,
) -> Result<Vec<Run>, RunStoreError> {
    let age = i64::try_from(keep.younger_than.as_micros()).unwrap_or(i64::MAX);
    store.runs(&RunQuery {
        states: ended(),
        kind: Some(kind),
        finished_before: Some(UnixMicros(now.0.saturating_sub(age))),
        before,
        limit: Some(PAGE),
        ..RunQuery::default()
    })
}

/// False where it stays, or is gone already.
fn remove(store: &dyn Store, run: RunId) -> Result<bool, RunStoreError> {
    let taken_up = store.runs(&RunQuery {
        states: open(),
        parent: Some(run),
        limit: Some(1),
        ..RunQuery::default()
    })?;
    if !taken_up.is_empty() {
        return Ok(false);
    }
    match store.remove(run) {
        Ok(()) => Ok(true),
        Err(RunStoreError::NoRun(_) | RunStoreError::NotEnded { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn ended() -> Vec<RunState> {
    let mut states = RunState::ALL.to_vec();
    states.retain(|state| state.is_terminal());
    states
}

fn open() -> Vec<RunState> {
    let mut states = RunState::ALL.to_vec();
    states.retain(|state| !state.is_terminal());
    states
}
