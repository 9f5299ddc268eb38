//! A run as it goes.

use std::ops::ControlFlow;
use std::time::Duration;

use fondaco_domain::RunId;
use fondaco_domain::run::{Recorded, Run};

use super::RunsError;
use crate::ports::Store;
use crate::ports::runs::Notice;

/// How long a watch waits for a notice before it looks by itself: notices may
/// get lost.
pub const POLL: Duration = Duration::from_millis(250);

/// Events that one look takes at most.
const PAGE: usize = 1_000;

/// Notices that are one look at most.
const BURST: usize = 256;

/// A look at a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// As it stands.
    pub run: Run,
    /// What has happened since the look before, where that was asked for.
    pub events: Vec<Recorded>,
}

/// Looks at a run until it ends or `told` has seen enough; returns it as it
/// stands then.
///
/// `after` is the place in its events after which they are wanted (0 for all);
/// without it, none are read. `told` is called for every look: at least once
/// every [`POLL`], also where nothing is new.
pub fn watch(
    store: &dyn Store,
    id: RunId,
    after: Option<u64>,
    told: &mut dyn FnMut(&Followed) -> ControlFlow<()>,
) -> Result<Run, RunsError> {
    let mut notices = store.subscribe()?;
    let mut after = after;
    loop {
        // The run before its events: once it has ended, they hold its end.
        let run = store.run(id)?;
        let ended = run.state.is_terminal();
        loop {
            let events = match after {
                Some(seq) => store.events(id, seq, PAGE)?,
                None => Vec::new(),
            };
            let full = events.len() == PAGE;
            if let (Some(seq), Some(event)) = (&mut after, events.last()) {
                *seq = event.seq;
            }
            let followed = Followed {
                run: run.clone(),
                events,
            };
            if told(&followed).is_break() {
                return Ok(run);
            }
            if !full {
                break;
            }
        }
        if ended {
            return Ok(run);
        }
        // Any notice may be about it; a burst of them is one look.
        let mut notice = notices.wait(POLL);
        for _ in 0..BURST {
            match notice {
                None => break,
                Some(Notice::Ended { run, .. }) if run == id => break,
                Some(_) => notice = notices.wait(Duration::ZERO),
            }
        }
    }
}
