//! Retention: which ended runs go.
//!
//! A run goes when it ended long enough ago and is none of the last of its
//! kind. What has not ended stays, halted or not, and so does a run that
//! something open takes up again, since its plan may still ask for it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
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

/// What [`step`] would do now, and what it would pass over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prospect {
    /// The runs that may go.
    pub go: Vec<RunId>,
    /// Old enough, but something open takes them up again.
    pub taken_up: Vec<RunId>,
}

/// Looks, and removes nothing.
pub fn prospect(store: &dyn Store, keep: Keep, now: UnixMicros) -> Result<Prospect, RunStoreError> {
    let mut found = Prospect::default();
    each_old(store, keep, now, &mut |run| {
        if is_taken_up(store, run)? {
            found.taken_up.push(run);
        } else {
            found.go.push(run);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// Removes runs, each in a transaction of its own, at most so many. To be
/// called until there are no more.
pub fn step(
    store: &dyn Store,
    keep: Keep,
    now: UnixMicros,
    limit: usize,
) -> Result<Removed, RunStoreError> {
    let mut removed = Removed::default();
    each_old(store, keep, now, &mut |run| {
        if removed.runs.len() == limit {
            removed.more = true;
            return Ok(ControlFlow::Break(()));
        }
        if remove(store, run)? {
            removed.runs.push(run);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(removed)
}

type OnRun<'a> = dyn FnMut(RunId) -> Result<ControlFlow<()>, RunStoreError> + 'a;

/// Those that ended long enough ago and are none of the last of their kind.
fn each_old(
    store: &dyn Store,
    keep: Keep,
    now: UnixMicros,
    on_run: &mut OnRun<'_>,
) -> Result<(), RunStoreError> {
    for kind in RunKind::ALL {
        let last = last_of(store, kind, keep.last)?;
        let mut page = old(store, kind, keep, now, None)?;
        while let Some(oldest) = page.last().map(|run| run.id) {
            for run in page.iter().filter(|run| !last.contains(&run.id)) {
                if on_run(run.id)?.is_break() {
                    return Ok(());
                }
            }
            page = old(store, kind, keep, now, Some(oldest))?;
        }
    }
    Ok(())
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
    if is_taken_up(store, run)? {
        return Ok(false);
    }
    match store.remove(run) {
        Ok(()) => Ok(true),
        Err(RunStoreError::NoRun(_) | RunStoreError::NotEnded { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_taken_up(store: &dyn Store, run: RunId) -> Result<bool, RunStoreError> {
    let open = store.runs(&RunQuery {
        states: open(),
        parent: Some(run),
        limit: Some(1),
        ..RunQuery::default()
    })?;
    Ok(!open.is_empty())
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
