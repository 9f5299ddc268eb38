//! From a client to the gateway.

use fondaco_domain::RunId;
use fondaco_domain::run::RunKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All that a client may say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Asks for a `pong`.
    Ping,
    /// Asks for an `initial_state`.
    GetState,
    /// Asks a room in backtest mode to begin; ignored by all others.
    StartBacktest(StartBacktest),
    /// Asks for events; the answer ends in a `snapshot`. A second one changes
    /// what is asked for and goes on from the place reached.
    Subscribe(Subscribe),
    /// No more events.
    Unsubscribe,
    /// Says who asks, where that could not be said in a header.
    Auth {
        /// The key.
        key: String,
    },
}

/// Which dates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StartBacktest {
    /// Days, as `YYYY-MM-DD`.
    #[serde(default)]
    pub dates: Vec<String>,
}

/// Which events, and from where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    /// Of these runs only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<String>>")]
    pub runs: Option<Vec<RunId>>,
    /// Of runs of these kinds only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<String>>")]
    pub kinds: Option<Vec<RunKind>>,
    /// The largest `seq` seen: what came after it is sent first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_from: Option<u64>,
}
