//! Halts on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words;

/// An order to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HaltSetBody {
    /// `global`, `tenant:…`, `kind:…`, `strategy:…`, `spec:…`, `run:…`.
    #[schemars(schema_with = "words::halt_scope")]
    pub scope: String,
    /// `reducing`, `drain`, `halted` or `killed`.
    #[schemars(schema_with = "words::halting_mode")]
    pub mode: String,
    /// Why.
    pub reason: String,
}

/// A wish for the confirmation that clearing a halt takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HaltConfirmBody {
    /// The scope of the halt.
    #[schemars(schema_with = "words::halt_scope")]
    pub scope: String,
    /// Why it is safe again.
    #[schemars(regex(pattern = r"\S"))]
    pub reason: String,
}

/// A confirmation: it counts once, for the halt as it was, for who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HaltConfirmationView {
    /// Give it back to clear the halt.
    pub confirmation: String,
    /// The scope of the halt.
    #[schemars(schema_with = "words::halt_scope")]
    pub scope: String,
    /// The halt's epoch: where that changes, the confirmation counts no more.
    pub epoch: u64,
    /// Until when it counts.
    #[schemars(schema_with = "words::instant")]
    pub expires_at: String,
}

/// An order to allow everything again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HaltClearBody {
    /// The scope of the halt.
    #[schemars(schema_with = "words::halt_scope")]
    pub scope: String,
    /// Why it is safe again.
    #[schemars(regex(pattern = r"\S"))]
    pub reason: String,
    /// What was given a moment ago.
    pub confirmation: String,
}

/// A worker's word that nothing forbidden runs there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HaltAckView {
    /// Who.
    #[schemars(schema_with = "words::id")]
    pub worker: String,
    /// Its machine, while it is on the list.
    pub host: Option<String>,
    /// Its process, while it is on the list.
    pub pid: Option<u32>,
    /// When; absent while it has not.
    #[schemars(schema_with = "words::instant_or_none")]
    pub at: Option<String>,
}

/// A latch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HaltView {
    /// What it covers.
    #[schemars(schema_with = "words::halt_scope")]
    pub scope: String,
    /// `active` where it was cleared.
    #[schemars(schema_with = "words::halt_mode")]
    pub mode: String,
    /// The counter when it was last changed.
    pub epoch: u64,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// When.
    #[schemars(schema_with = "words::instant")]
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
