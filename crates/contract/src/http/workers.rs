//! Workers on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words;

/// A process that takes tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkerView {
    /// Its name: another one after every start.
    #[schemars(schema_with = "words::id")]
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
    #[schemars(schema_with = "words::task_kinds")]
    pub kinds: Vec<String>,
    /// When it began.
    #[schemars(schema_with = "words::instant")]
    pub since: String,
    /// When it was last heard of.
    #[schemars(schema_with = "words::instant")]
    pub seen: String,
}
