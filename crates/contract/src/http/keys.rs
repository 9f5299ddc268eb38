//! Keys on the wire, never with their secrets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeyView {
    /// Its name: who uses it is `key:<name>` in events and in the trail.
    pub name: String,
    /// What its text says which one it is by.
    pub id: String,
    /// `read`, `run`, `trade`, `halt`, `admin`.
    pub scopes: Vec<String>,
    /// `usable`, `expired` or `revoked`.
    pub state: String,
    /// When it was added.
    pub created_at: String,
    /// By whom.
    pub created_by: String,
    /// From when on it counts no more.
    pub expires_at: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<String>,
    /// By whom.
    pub revoked_by: Option<String>,
}
