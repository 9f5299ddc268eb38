//! Where durable runs are kept: in memory for tests, in `SQLite` for use.
//!
//! Both do the same inside a transaction: read the run, let
//! [`fondaco_domain::run::carry_out`] decide and write, append the events.
//! [`conformance`] is the suite that every store must pass.

pub mod conformance;
mod memory;
mod sqlite;

pub use memory::MemoryRuns;
pub use sqlite::{SqliteOptions, SqliteRuns};

use fondaco_app::ports::runs::{Asked, RunStoreError};
use fondaco_domain::RunId;
use fondaco_domain::run::{CHAIN_START, Event, Recorded, Refused, chain_hash};

/// The end of a run's chain of events.
#[derive(Debug, Clone)]
struct Chain {
    seq: u64,
    hash: String,
}

impl Chain {
    fn start() -> Self {
        Self {
            seq: 0,
            hash: CHAIN_START.to_owned(),
        }
    }

    /// The next link.
    fn link(&mut self, run: RunId, event: Event, by: &Asked) -> Result<Recorded, RunStoreError> {
        let body = serde_json::to_string(&event).map_err(|source| RunStoreError::Storage {
            action: "write an event into",
            source: source.into(),
        })?;
        let seq = self.seq + 1;
        let hash = chain_hash(&self.hash, run, seq, by.at, &by.actor, &body);
        let prev = std::mem::replace(&mut self.hash, hash.clone());
        self.seq = seq;
        Ok(Recorded {
            seq,
            at: by.at,
            actor: by.actor.clone(),
            event,
            body,
            prev,
            hash,
        })
    }
}

fn refused<E: Into<RunStoreError>>(refused: Refused<E>) -> RunStoreError {
    match refused {
        Refused::Rejection(rejection) => rejection.into(),
        Refused::Rows(error) => error.into(),
    }
}
