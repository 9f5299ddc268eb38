//! Halts on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An order to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HaltSetBody {
    /// `global`, `tenant:…`, `kind:…`, `strategy:…`, `spec:…`, `run:…`.
    pub scope: String,
    /// `reducing`, `drain`, `halted` or `killed`.
    pub mode: String,
    /// Why.
    pub reason: String,
}

/// A wish for the confirmation that clearing a halt takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HaltConfirmBody {
    /// The scope of the halt.
    pub scope: String,
    /// Why it is safe again.
    pub reason: String,
}

/// A confirmation: it counts once, for the halt as it was, for who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HaltConfirmationView {
    /// Give it back to clear the halt.
    pub confirmation: String,
    /// The scope of the halt.
    pub scope: String,
    /// The halt's epoch: where that changes, the confirmation counts no more.
    pub epoch: u64,
    /// Until when it counts.
    pub expires_at: String,
}

/// An order to allow everything again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HaltClearBody {
    /// The scope of the halt.
    pub scope: String,
    /// Why it is safe again.
    pub reason: String,
    /// What was given a moment ago.
    pub confirmation: String,
}

/// A worker's word that nothing forbidden runs there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HaltAckView {
    /// Who.
    pub worker: String,
    /// Its machine, while it is on the list.
    pub host: Option<String>,
    /// Its process, while it is on the list.
    pub pid: Option<u32>,
    /// When; absent while it has not.
    pub at: Option<String>,
}

/// A latch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HaltView {
    /// What it covers.
    pub scope: String,
    /// `active` where it was cleared.
    pub mode: String,
    /// The counter when it was last changed.
    pub epoch: u64,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// When.
    pub at: String,
    /// Who has stopped.
    pub acknowledged: Vec<HaltAckView>,
    /// Who has not.
    pub missing: Vec<HaltAckView>,
}

/// Every latch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HaltsView {
    /// The counter.
    pub epoch: u64,
    /// Those in force first.
    pub latches: Vec<HaltView>,
}
