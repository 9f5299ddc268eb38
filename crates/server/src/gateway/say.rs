//! Frames of one connection only.

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes};
use fondaco_app::feed::frame;
use fondaco_contract::gateway::ServerMessage;
use fondaco_contract::http::ProblemCode;
use fondaco_domain::Hint;

use crate::guard::Denial;

/// A frame, written already.
pub(super) fn text(frame: Bytes) -> Message {
    // JSON is UTF-8.
    Message::Text(Utf8Bytes::try_from(frame).unwrap_or_default())
}

/// A frame, at a place in the feed.
pub(super) fn say(seq: u64, message: ServerMessage) -> Message {
    text(frame(seq, message))
}

/// Something was not done.
pub(super) fn refuse(seq: u64, code: ProblemCode, detail: impl Into<String>) -> Message {
    let message = ServerMessage::Error {
        code,
        detail: detail.into(),
        hint: None,
    };
    say(seq, message)
}

/// An error that knows its kind.
pub(super) fn fail(seq: u64, error: &impl Hint) -> Message {
    let message = ServerMessage::Error {
        code: ProblemCode::from(error.kind()),
        detail: error.to_string(),
        hint: error.hint(),
    };
    say(seq, message)
}

/// The guard said no.
pub(super) fn deny(seq: u64, denial: &Denial) -> Message {
    let message = ServerMessage::Error {
        code: denial.code(),
        detail: denial.to_string(),
        hint: denial.hint(),
    };
    say(seq, message)
}

/// The last frame, with at most 123 bytes of why.
pub(super) fn close(code: u16, why: impl Into<Utf8Bytes>) -> Message {
    Message::Close(Some(CloseFrame {
        code,
        reason: why.into(),
    }))
}
