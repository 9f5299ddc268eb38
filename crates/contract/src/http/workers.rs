//! Workers on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A process that takes tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkerView {
    /// Its name: another one after every start.
    pub worker_id: String,
    /// The machine it is on.
    pub host: String,
    /// Its process there.
    pub pid: u32,
    /// Version of the program.
    pub build: String,
    /// The lines it takes from.
    pub queues: Vec<String>,
    /// What it can do.
    pub kinds: Vec<String>,
    /// When it began.
    pub since: String,
    /// When it was last heard of.
    pub seen: String,
}
