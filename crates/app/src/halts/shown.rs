//! Latches as they are told to those outside.

use fondaco_contract::http::{HaltAckView, HaltView, HaltsView};

use super::{Latch, Status, Word};
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
