//! Who works.

use fondaco_domain::task::TaskKind;
use fondaco_domain::{UnixMicros, WorkerId};
use serde::{Deserialize, Serialize};

use super::runs::RunStoreError;

/// A process that takes tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worker {
    /// Its name: another one after every start.
    pub id: WorkerId,
    /// The machine it is on.
    pub host: String,
    /// Its process there.
    pub pid: u32,
    /// When that process started, as the machine counts: tells it from another
    /// process of the same number. Empty where the machine does not say.
    pub pid_start: String,
    /// Version of the program.
    pub build: String,
    /// The lines it takes from.
    pub queues: Vec<String>,
    /// What it can do.
    pub kinds: Vec<TaskKind>,
    /// When it enlisted.
    pub since: UnixMicros,
    /// When it was last heard of.
    pub seen: UnixMicros,
}

/// The list of workers.
pub trait WorkerStore: Send + Sync {
    /// Puts a worker on the list, or updates it. Every
    /// [`exchange`](super::runs::RunStore::exchange) moves its `seen`, to the
    /// second.
    fn enlist(&self, worker: Worker) -> Result<(), RunStoreError>;

    /// Takes a worker off the list.
    fn dismiss(&self, worker: WorkerId) -> Result<(), RunStoreError>;

    /// All of them, by id.
    fn workers(&self) -> Result<Vec<Worker>, RunStoreError>;
}
