//! From the gateway to a client.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InitialState, MarketState, RoomFrame};
use crate::http::{EventView, HaltsView, ProblemCode, RunView};

/// A frame to a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerFrame {
    /// The place in the feed up to which this connection has been told. Of an
    /// `event` it is the event's own number; of any other frame, the one as of
    /// which it is true, or a newer one is. It never goes back; 0 before the
    /// first subscription.
    pub seq: u64,
    /// What it says.
    #[serde(flatten)]
    pub message: ServerMessage,
}

/// All that the gateway may say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The first frame, and the answer to `auth`.
    Hello {
        /// [`PROTOCOL`](super::PROTOCOL).
        protocol: u32,
        /// The generation of this gateway.
        generation: u64,
        /// The newest number of the feed.
        head: u64,
        /// A client is pinged so often, and given up where it has not answered
        /// twice.
        heartbeat_seconds: u32,
        /// Whether it may subscribe; `auth` first where not.
        authenticated: bool,
    },
    /// How things stand; every subscription begins with one, after what it
    /// missed, and who fell behind gets one in place of what it missed.
    Snapshot {
        /// Why it is sent.
        cause: SnapshotCause,
        /// Whether events between the frame before and this one were left out.
        reset: bool,
        /// How many of the runs asked for have not ended. Of every run of those
        /// kinds where single runs were asked for.
        open: Vec<OpenRunsView>,
        /// The newest of the runs asked for: first those that have not ended,
        /// then some that have, each newest first.
        runs: Vec<RunView>,
        /// Whether there are more that have not ended than are shown.
        more: bool,
        /// Every latch.
        halts: HaltsView,
    },
    /// Something happened to a run.
    Event {
        /// The run.
        run_id: String,
        /// What. Its `seq` is its place in the run, from 1 and without a gap.
        event: EventView,
        /// Bytes of the event's body, where that is too long for a frame and
        /// `null` in it: it can be read below `/v1/runs/{run_id}/events`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body_bytes: Option<u64>,
    },
    /// How a run stands, after one or more events.
    Run {
        /// Counts at least the events of the run up to this one.
        run_seq: u64,
        /// The run.
        run: RunView,
    },
    /// The latches, after a change or an acknowledgement.
    Halts {
        /// All of them.
        halts: HaltsView,
    },
    /// What the client sent was not done.
    Error {
        /// Of the closed list.
        code: ProblemCode,
        /// What was wrong this time.
        detail: String,
        /// What to do about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
    /// The answer to a `ping`.
    Pong {
        /// The time now, RFC 3339.
        timestamp: String,
    },
    /// The answer to `get_state`.
    InitialState {
        /// All of it.
        state: Box<InitialState>,
    },
    /// The market opened or closed.
    MarketStatusUpdate {
        /// As it is now.
        market_status: MarketState,
    },
    /// Halts and the gateway's own life, in words.
    System {
        /// One sentence.
        content: String,
    },
    /// Something happened in a room. It stands before the `event` that it was
    /// made of and has the number before that, so that whoever comes again is
    /// told it again where the event was not told.
    #[serde(untagged)]
    Room(RoomFrame),
}

/// Why a snapshot was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotCause {
    /// A subscription began.
    Subscribed,
    /// What was missed since `resume_from` has been sent.
    Resumed,
    /// Too much was missed since `resume_from`, or the feed does not know the
    /// number.
    TooOld,
    /// The client read too slowly.
    Slow,
}

impl SnapshotCause {
    /// Whether events were left out.
    pub fn is_reset(self) -> bool {
        matches!(self, Self::TooOld | Self::Slow)
    }
}

/// Runs that have not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenRunsView {
    /// Their kind.
    pub kind: String,
    /// Where they stand.
    pub state: String,
    /// How many.
    pub runs: u64,
}
