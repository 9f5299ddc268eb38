//! Where the latches of halts are kept.

use fondaco_domain::halt::{Epoch, Halt, HaltCommand, Scope};
use fondaco_domain::{UnixMicros, WorkerId};
use serde::{Deserialize, Serialize};

use super::runs::{Asked, RunStoreError};

/// A worker's word that nothing that a latch forbids runs with it any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HaltAck {
    /// The latch.
    pub scope: Scope,
    /// As it was then.
    pub epoch: Epoch,
    /// Who.
    pub worker: WorkerId,
    /// When.
    pub at: UnixMicros,
}

/// Latches, and who obeys them.
pub trait HaltStore: Send + Sync {
    /// Sets or clears a latch: committed before it returns, and before all
    /// that waits, with a record of the change. Returns the latch as it is now. Nothing that it forbids
    /// starts from here on; the runs it covers are told by
    /// [`HaltStore::obey`].
    fn halt(&self, command: HaltCommand, by: Asked) -> Result<Halt, RunStoreError>;

    /// Tells runs that a latch covers and that do not know yet, at most so
    /// many, so that no transaction is long. Returns how many were told:
    /// fewer than `limit` means there are no more.
    fn obey(&self, limit: usize, by: Asked) -> Result<usize, RunStoreError>;

    /// Every latch, cleared ones among them, by scope.
    fn halts(&self) -> Result<Vec<Halt>, RunStoreError>;

    /// Keeps a worker's acknowledgement.
    fn acknowledge_halt(&self, ack: HaltAck) -> Result<(), RunStoreError>;

    /// Acknowledgements of the latches as they are now.
    fn halt_acks(&self) -> Result<Vec<HaltAck>, RunStoreError>;
}
