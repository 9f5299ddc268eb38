//! Frames of the gateway's socket, one JSON object each, both ways.
//!
//! A connection begins with [`ServerMessage::Hello`]. One that subscribes gets
//! what it missed, then a snapshot, then everything as it happens. `seq` is the
//! reader's place in the feed: it never goes back, and given back as
//! `resume_from` it goes on from there, whichever gateway answers. Beside these
//! frames stand those that a room's dashboard knows: `ping`, `get_state`,
//! `start_backtest`, `pong`, `initial_state`, `system`, `market_status_update`.

mod client;
mod room;
mod server;

pub use client::{ClientFrame, StartBacktest, Subscribe};
pub use room::{
    Dashboard, FeedEntry, InitialState, MarketState, MarketStatus, RoomEvent, RoomFrame,
    ServerMode, TeamSummary,
};
pub use server::{OpenRunsView, ServerFrame, ServerMessage, SnapshotCause};

use schemars::JsonSchema;

use crate::ContractError;

/// The version of the frames: a client that does not know it should not go on.
pub const PROTOCOL: u32 = 1;

/// Both ways in one document.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "its fields are read by the schema only")]
struct Gateway {
    /// What a client may send.
    client: ClientFrame,
    /// What the gateway sends.
    server: ServerFrame,
}

/// The published JSON schema of the frames, as it is in `schemas/`.
pub fn gateway_schema() -> Result<String, ContractError> {
    let schema = schemars::schema_for!(Gateway);
    serde_json::to_string_pretty(&schema)
        .map(|text| text + "\n")
        .map_err(ContractError::Write)
}
