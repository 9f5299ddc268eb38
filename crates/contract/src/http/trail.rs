//! The trail on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A change of something that is no run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeView {
    /// Its place in the trail: grows with every change.
    pub no: u64,
    /// `key`, `flag`, `strategy`, `confirmation`, `halt`, `schedule`, `data`,
    /// `runtime`.
    pub kind: String,
    /// The name of what was changed.
    pub name: String,
    /// From 1.
    pub version: u32,
    /// When.
    pub at: String,
    /// By whom.
    pub actor: String,
    /// Whether it is gone since then.
    pub removed: bool,
    /// What it says since then, without what nobody may see.
    pub body: Option<Value>,
}
