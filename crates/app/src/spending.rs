//! Money of runs: set aside before a call, settled after it, in the store.
//!
//! A run has one record. A call that is paid for is noted in it before it is
//! made, as dear as it can become, and with its cost once it is answered: what
//! was set aside and what was spent are together never more than the limit. A
//! call that a crash cut off stays set aside, for it may have been charged.

mod ledger;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use fondaco_domain::{ErrorKind, Hint, RunId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use ledger::{Ledger, Reserved};

use crate::ports::machine::Machine;
use crate::ports::model::{NanoDollars, Usage};
use crate::ports::records::{RecordKind, RecordStore};
use crate::ports::runs::RunStoreError;

/// What the calls of a run have cost.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spent {
    /// All there is; nothing for no limit.
    pub limit: Option<NanoDollars>,
    /// The cost of calls that ended.
    pub cost: NanoDollars,
    /// Calls that were answered.
    pub calls: u64,
    /// Their tokens.
    pub usage: Usage,
    /// Calls without an answer that may be charged all the same: each counts
    /// as dear as it can have been.
    pub lost: u64,
    /// Money set aside, by the number of its call: under way, or cut off by a
    /// crash.
    open: BTreeMap<u64, Open>,
    /// The number of the next call.
    next: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    /// Which call: its node and ordinal.
    call: String,
    /// What it costs at most.
    most: NanoDollars,
}

impl Spent {
    /// What is set aside.
    pub fn set_aside(&self) -> NanoDollars {
        let open = self.open.values().map(|open| open.most.0);
        NanoDollars(open.fold(0, i64::saturating_add))
    }

    /// What is left; nothing where there is no limit.
    pub fn left(&self) -> Option<NanoDollars> {
        let gone = self.cost.0.saturating_add(self.set_aside().0);
        self.limit
            .map(|limit| NanoDollars(limit.0.saturating_sub(gone).max(0)))
    }
}

/// Why no money is set aside.
#[derive(Debug, Error)]
pub enum SpendingError {
    /// It is more than is left.
    #[error("this call may cost {asked} and {left} of the budget of {limit} are left")]
    Over {
        /// What it may cost.
        asked: NanoDollars,
        /// What is left.
        left: NanoDollars,
        /// All there was.
        limit: NanoDollars,
    },
    /// The record of a run says something else.
    #[error("the spending of run {run} is damaged: {problem}")]
    Damaged {
        /// The run.
        run: RunId,
        /// What is wrong.
        problem: String,
    },
    /// The store failed.
    #[error("the spending of run {run} cannot be read or written")]
    Store {
        /// The run.
        run: RunId,
        /// What it says.
        #[source]
        source: RunStoreError,
    },
}

impl Hint for SpendingError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Over { .. } => ErrorKind::Unsuccessful,
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Store { source, .. } => source.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Over { .. } => Some("raise --budget, or choose a cheaper model".to_owned()),
            Self::Damaged { .. } => Some("look at the store with `fondaco db check`".to_owned()),
            Self::Store { source, .. } => source.hint(),
        }
    }
}

/// The ledgers of all runs.
pub struct Spending {
    store: Arc<dyn RecordStore>,
    machine: Arc<dyn Machine>,
    actor: String,
    /// Threads of this process share the ledger of a run, and so never get in
    /// each other's way in the store.
    ledgers: Mutex<BTreeMap<RunId, Weak<Ledger>>>,
}

impl Spending {
    /// In a store.
    pub fn new(store: Arc<dyn RecordStore>, machine: Arc<dyn Machine>, actor: &str) -> Self {
        Self {
            store,
            machine,
            actor: actor.to_owned(),
            ledgers: Mutex::default(),
        }
    }

    /// That of a run, with what all its calls together may cost.
    pub fn ledger(&self, run: RunId, limit: Option<NanoDollars>) -> Arc<Ledger> {
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ledger) = ledgers.get(&run).and_then(Weak::upgrade) {
            return ledger;
        }
        ledgers.retain(|_, ledger| ledger.strong_count() > 0);
        let ledger = Arc::new(Ledger::new(
            run,
            limit,
            Arc::clone(&self.store),
            Arc::clone(&self.machine),
            self.actor.clone(),
        ));
        ledgers.insert(run, Arc::downgrade(&ledger));
        ledger
    }

    /// What a run has spent; nothing where no call of it was paid for.
    pub fn of(&self, run: RunId) -> Result<Option<Spent>, SpendingError> {
        let read = self.store.record(RecordKind::Spending, &run.to_string());
        let record = read.map_err(|source| SpendingError::Store { run, source })?;
        record.map(|record| ledger::read(run, &record)).transpose()
    }
}
