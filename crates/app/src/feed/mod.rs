//! Everything that happens, told to everybody who watches.
//!
//! One [`Hub`] in a process follows the store's feed and keeps the newest frames
//! in a [`Ring`], each written once. A [`Reader`] is a place in it: nothing is
//! queued per reader, so a slow one costs the others nothing. One that the
//! ring's end has passed gets a snapshot in place of what it missed.
//!
//! Numbers come from the store and readers name theirs when they come again,
//! so neither a lost connection nor a new process makes a gap or a repeat.

mod filter;
mod follow;
mod frames;
mod hub;
mod reader;
mod ring;
mod room;
mod snapshot;
mod tally;

pub use filter::{Filter, FilterError, MOST_RUNS};
pub use frames::{LONGEST_BODY, frame};
pub use hub::{Hub, Settings};
pub use reader::{Reader, Refused, Step};
pub use ring::{About, Bounds, Item, Lost, Ring};
pub use room::initial_state;
pub use tally::{Tallied, Tally};

use fondaco_contract::http::{HaltAckView, HaltView, HaltsView};

use crate::halts::{Latch, Status, Word};
use crate::ports::workers::Worker;

impl From<&Status> for HaltsView {
    fn from(status: &Status) -> Self {
        Self {
            epoch: status.epoch.0,
            latches: status.latches.iter().map(latch).collect(),
        }
    }
}

fn latch(latch: &Latch) -> HaltView {
    let halt = &latch.halt;
    HaltView {
        scope: halt.scope.to_string(),
        mode: halt.mode.as_str().to_owned(),
        epoch: halt.epoch.0,
        reason: halt.reason.clone(),
        actor: halt.actor.clone(),
        at: halt.at.to_string(),
        acknowledged: latch.acknowledged.iter().map(acknowledged).collect(),
        missing: latch.missing.iter().map(missing).collect(),
    }
}

fn acknowledged(word: &Word) -> HaltAckView {
    HaltAckView {
        worker: word.worker.to_string(),
        host: word.host.clone(),
        pid: word.pid,
        at: Some(word.at.to_string()),
    }
}

fn missing(worker: &Worker) -> HaltAckView {
    HaltAckView {
        worker: worker.id.to_string(),
        host: Some(worker.host.clone()),
        pid: Some(worker.pid),
        at: None,
    }
}
