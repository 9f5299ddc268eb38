//! Frames as they are written.

use bytes::Bytes;
use fondaco_contract::gateway::{ServerFrame, ServerMessage};
use fondaco_contract::http::EventView;
use fondaco_domain::halt::{Halt, HaltMode};
use fondaco_domain::run::{Recorded, RunKind};
use serde_json::Value;

use super::ring::{About, Item};
use crate::ports::runs::FeedRow;

/// Bytes of an event's body that a frame holds at most: the plan of a large run
/// is read where it lies.
pub const LONGEST_BODY: usize = 32 * 1024;

/// A frame as it goes out.
pub fn frame(seq: u64, message: ServerMessage) -> Bytes {
    // Frames are texts, numbers and JSON: they cannot fail to be written.
    let text = serde_json::to_vec(&ServerFrame { seq, message }).unwrap_or_default();
    Bytes::from(text)
}

/// A row of the feed.
pub(super) fn event(row: &FeedRow, kind: Option<RunKind>) -> Item {
    Item {
        seq: row.no,
        about: About::Event { run: row.run, kind },
        text: event_text(row),
    }
}

/// A row of the feed, as it goes out.
pub(super) fn event_text(row: &FeedRow) -> Bytes {
    let long = row.event.body.len() > LONGEST_BODY;
    let message = ServerMessage::Event {
        run_id: row.run.to_string(),
        event: if long {
            without_body(&row.event)
        } else {
            EventView::from(&row.event)
        },
        body_bytes: long.then_some(row.event.body.len() as u64),
    };
    frame(row.no, message)
}

fn without_body(event: &Recorded) -> EventView {
    EventView {
        seq: event.seq,
        at: event.at.to_string(),
        actor: event.actor.clone(),
        kind: event.event.type_name().to_owned(),
        body: Value::Null,
        hash: event.hash.clone(),
    }
}

/// For everybody, whether they have a place in the feed or not.
pub(super) fn to_everybody(seq: u64, message: ServerMessage) -> Item {
    Item {
        seq,
        text: frame(seq, message.clone()),
        about: About::Everybody {
            unplaced: frame(0, message),
        },
    }
}

/// What became of a latch, as a sentence.
pub(super) fn halt_sentence(halt: &Halt) -> String {
    let now = match halt.mode {
        HaltMode::Active => "is free again",
        HaltMode::Reducing => "may only reduce",
        HaltMode::Drain => "is draining",
        HaltMode::Halted => "is halted",
        HaltMode::Killed => "is killed",
    };
    format!("{} {now}, by {}: {}", halt.scope, halt.actor, halt.reason)
}
