//! Rows from events.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::carry_out::take_in;
use super::{CHAIN_START, Event, MemoryRows, Recorded, Run, chain_hash};
use crate::RunId;

/// Why recorded events are not the story of a run.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fold")]
pub enum FoldError {
    /// There are none, or the first is not a submission.
    #[error("the events of run {run} do not begin with its submission")]
    Beginning {
        /// The run.
        run: RunId,
    },
    /// A place in the sequence is missing or taken twice.
    #[error("event {wanted} of run {run} is missing")]
    Gap {
        /// The run.
        run: RunId,
        /// What should have come.
        wanted: u64,
    },
    /// A hash is not what it should be: something was changed or torn.
    #[error("the chain of run {run} is broken at event {seq}")]
    Chain {
        /// The run.
        run: RunId,
        /// Where.
        seq: u64,
    },
    /// An event of a task that was never planned.
    #[error("event {seq} of run {run} is about a task that was never planned")]
    UnknownTask {
        /// The run.
        run: RunId,
        /// Where.
        seq: u64,
    },
}

/// The rows that the events of a run lead to, after its sequence and its
/// chain of hashes were checked.
pub fn fold(id: RunId, events: &[Recorded]) -> Result<(Run, MemoryRows), FoldError> {
    let Some(Recorded {
        event: Event::Submitted { new, epoch },
        at,
        ..
    }) = events.first()
    else {
        return Err(FoldError::Beginning { run: id });
    };
    let mut run = Run::accepted(id, new.clone(), *epoch, *at);
    let mut rows = MemoryRows::default();
    let mut prev = CHAIN_START;
    for (recorded, wanted) in events.iter().zip(1..) {
        check_link(id, recorded, wanted, prev)?;
        let Ok(known) = take_in(&mut run, &mut rows, &recorded.event, recorded.at);
        if !known {
            return Err(FoldError::UnknownTask {
                run: id,
                seq: wanted,
            });
        }
        prev = &recorded.hash;
    }
    Ok((run, rows))
}

fn check_link(id: RunId, recorded: &Recorded, wanted: u64, prev: &str) -> Result<(), FoldError> {
    if recorded.seq != wanted {
        return Err(FoldError::Gap { run: id, wanted });
    }
    let hash = chain_hash(
        prev,
        id,
        recorded.seq,
        recorded.at,
        &recorded.actor,
        &recorded.body,
    );
    if recorded.prev != prev || recorded.hash != hash {
        return Err(FoldError::Chain {
            run: id,
            seq: wanted,
        });
    }
    Ok(())
}
