//! How things stand, for those who begin.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use fondaco_contract::gateway::{OpenRunsView, ServerMessage, SnapshotCause};
use fondaco_contract::http::{HaltsView, RunView};
use fondaco_domain::run::{Run, RunKind, RunState};

use super::filter::Filter;
use super::frames::frame;
use super::hub::{Hub, lock};
use super::tally::Tally;
use crate::halts;
use crate::ports::runs::{RunQuery, RunStoreError};

/// Runs that have not ended, shown at most.
const OPEN: usize = 50;

/// Runs that have ended, shown at most.
const ENDED: usize = 20;

/// One look serves all who come within so long.
const SHARED_FOR: Duration = Duration::from_millis(250);

/// Written forms kept of one look.
const FORMS: usize = 16;

/// A snapshot, ready to go out.
pub(super) struct Shot {
    /// The number in it.
    pub(super) seq: u64,
    /// Whatever stands in the ring before this place is in it.
    pub(super) end: u64,
    pub(super) text: Bytes,
}

/// The last look at everything.
#[derive(Default)]
pub(super) struct Shots(Option<Look>);

struct Look {
    as_of: u64,
    end: u64,
    made: Duration,
    state: State,
    forms: BTreeMap<(u64, bool, u8), Bytes>,
}

#[derive(Clone)]
struct State {
    open: Vec<OpenRunsView>,
    runs: Vec<RunView>,
    more: bool,
    halts: HaltsView,
}

impl Hub {
    /// How things stand for a filter, not older than a number. The number in it
    /// is `at`, where that is wanted, or the newest.
    pub(super) fn shot(
        &self,
        filter: &Filter,
        cause: SnapshotCause,
        (at_least, at): (u64, Option<u64>),
    ) -> Result<Shot, RunStoreError> {
        Tally::count(&self.tally.snapshots, 1);
        if !filter.is_all() {
            let mut look = self.fresh(filter)?;
            return Ok(look.shot(cause, at));
        }
        // Held while it is made, so that it is made once for all who come.
        let mut shots = lock(&self.shots);
        let now = self.machine.monotonic();
        let reads_on = |end| self.with_ring(|ring| ring.read(end).is_ok());
        let look = match shots.0.take() {
            Some(look)
                if look.as_of >= at_least
                    && now.saturating_sub(look.made) <= SHARED_FOR
                    && reads_on(look.end) =>
            {
                look
            }
            _ => self.fresh(filter)?,
        };
        Ok(shots.0.insert(look).shot(cause, at))
    }

    /// The ring first and the store after it, so that nothing is missing.
    fn fresh(&self, filter: &Filter) -> Result<Look, RunStoreError> {
        let (as_of, end) = self.with_ring(|ring| (ring.head(), ring.end()));
        Ok(Look {
            as_of,
            end,
            made: self.machine.monotonic(),
            state: self.state(filter)?,
            forms: BTreeMap::new(),
        })
    }

    fn state(&self, filter: &Filter) -> Result<State, RunStoreError> {
        let halts = (&halts::status(&*self.store)?).into();
        if filter.is_nothing() {
            return Ok(State {
                open: Vec::new(),
                runs: Vec::new(),
                more: false,
                halts,
            });
        }
        let kinds = filter.kinds();
        let counts = self.store.open_runs()?.into_iter();
        let open = counts
            .filter(|(kind, ..)| kinds.contains(kind))
            .map(|(kind, state, runs)| OpenRunsView {
                kind: kind.as_str().to_owned(),
                state: state.as_str().to_owned(),
                runs,
            })
            .collect();
        let mut unended = self.newest(filter, &kinds, false, OPEN + 1)?;
        let more = unended.len() > OPEN;
        unended.truncate(OPEN);
        let ended = self.newest(filter, &kinds, true, ENDED)?;
        Ok(State {
            open,
            runs: unended.iter().chain(&ended).map(RunView::from).collect(),
            more,
            halts,
        })
    }

    /// The newest runs that pass, that have ended or have not.
    fn newest(
        &self,
        filter: &Filter,
        kinds: &[RunKind],
        ended: bool,
        limit: usize,
    ) -> Result<Vec<Run>, RunStoreError> {
        if let Some(named) = filter.runs() {
            let mut found = Vec::new();
            for id in named.iter().rev() {
                match self.store.run(*id) {
                    Ok(run) if run.state.is_terminal() == ended => found.push(run),
                    Ok(_) | Err(RunStoreError::NoRun(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            found.retain(|run| kinds.contains(&run.new.kind));
            found.truncate(limit);
            return Ok(found);
        }
        let states: Vec<RunState> = RunState::ALL
            .into_iter()
            .filter(|state| state.is_terminal() == ended)
            .collect();
        let query = |kind| RunQuery {
            states: states.clone(),
            kind,
            limit: Some(limit),
            ..RunQuery::default()
        };
        if kinds.len() == RunKind::ALL.len() {
            return self.store.runs(&query(None));
        }
        let mut found = Vec::new();
        for kind in kinds {
            found.extend(self.store.runs(&query(Some(*kind)))?);
        }
        found.sort_by_key(|run| std::cmp::Reverse(run.id));
        found.dedup_by_key(|run| run.id);
        found.truncate(limit);
        Ok(found)
    }
}

impl Look {
    fn shot(&mut self, cause: SnapshotCause, at: Option<u64>) -> Shot {
        let seq = at.unwrap_or(self.as_of);
        let form = (seq, cause.is_reset(), cause as u8);
        if self.forms.len() >= FORMS {
            self.forms.clear();
        }
        let state = &self.state;
        let text = self.forms.entry(form).or_insert_with(|| {
            let State {
                open,
                runs,
                more,
                halts,
            } = state.clone();
            let message = ServerMessage::Snapshot {
                cause,
                reset: cause.is_reset(),
                open,
                runs,
                more,
                halts,
            };
            frame(seq, message)
        });
        Shot {
            seq,
            end: self.end,
            text: text.clone(),
        }
    }
}
