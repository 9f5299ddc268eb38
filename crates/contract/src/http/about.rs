//! What a server says about itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who answers here, and where its parts are reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AboutView {
    /// `fondaco`.
    pub name: String,
    /// Version of the program.
    pub version: String,
    /// The roles whose addresses are known, in the order of their ports.
    pub roles: Vec<RoleView>,
    /// The gateway's socket, as a client that reached this server reaches it;
    /// absent where there is none.
    pub gateway: Option<String>,
}

/// A role and where it listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoleView {
    /// `control`, `trading`, `news`, `runtime`, `gateway`.
    pub role: String,
    /// Host and port.
    pub address: String,
}
