//! Obeying halts.

use std::collections::BTreeMap;

use fondaco_domain::halt::{Epoch, Halt, HaltBook, HaltCommand, HaltMode, Scope};

use super::{Note, Runner, StopReason};
use crate::ports::halts::HaltAck;
use crate::ports::runs::RunStoreError;

/// What a worker knows of the latches.
#[derive(Debug, Default)]
pub(super) struct Latches {
    /// As they were last read.
    book: HaltBook,
    /// The newest epoch heard of.
    heard: Epoch,
    /// The newest epoch heard of when the book was read; none before the
    /// first time.
    read: Option<Epoch>,
    acknowledged: BTreeMap<Scope, Epoch>,
    /// The text of an emergency stop that the store has not latched yet.
    pub(super) emergency: Option<String>,
    /// Whether the order for one was there at the last look: nothing begins
    /// beside it, latched or not.
    ordered: bool,
}

impl Latches {
    pub(super) fn hear(&mut self, epoch: Epoch) {
        self.heard = self.heard.max(epoch);
    }

    fn is_out_of_date(&self) -> bool {
        self.read.is_none_or(|read| read < self.heard)
    }

    /// Whether nothing may begin here, whatever the store gives.
    pub(super) fn forbid_starts(&self) -> bool {
        self.ordered || self.emergency.is_some()
    }

    /// Whether what these scopes cover may not begin.
    pub(super) fn cover(&self, chain: &[Scope]) -> bool {
        self.book.covering(chain).may_start().is_err()
    }

    fn has_any(&self) -> bool {
        self.book.latches().any(|halt| halt.mode > HaltMode::Active)
    }

    /// Whether what these scopes cover must stop.
    fn stops(&self, chain: &[Scope]) -> bool {
        let halts = self.book.covering(chain);
        halts
            .strictest()
            .is_some_and(|halt| halt.mode >= HaltMode::Halted)
    }
}

impl Runner {
    /// An emergency stop holds from the moment it is seen until the store has
    /// latched it, whether or not the file stays. While the latch is known to
    /// be set, there is nothing to add to it.
    pub(super) fn look_for_emergency(&mut self) {
        let seen = self.ports.emergency.seen();
        self.latches.ordered = seen.is_some();
        let Some(text) = seen.filter(|_| self.latches.emergency.is_none()) else {
            return;
        };
        if self.latches.stops(&[Scope::Global]) {
            return;
        }
        let reason = match text.trim() {
            "" => "emergency stop".to_owned(),
            text => text.to_owned(),
        };
        self.ports.log.note(&Note::EmergencyStop {
            reason: reason.clone(),
        });
        self.latches.emergency = Some(reason);
    }

    /// Makes the store remember an emergency stop.
    pub(super) fn latch_emergency(&mut self) -> Result<(), RunStoreError> {
        let Some(reason) = self.latches.emergency.clone() else {
            return Ok(());
        };
        let set = HaltCommand::Set {
            scope: Scope::Global,
            mode: HaltMode::Halted,
            reason,
        };
        match self.ports.store.halt(set, self.asked()) {
            Ok(halt) => self.latches.hear(halt.epoch),
            // It is killed, which is more.
            Err(RunStoreError::HaltRejected(_)) => self.latches.read = None,
            Err(error) => return Err(error),
        }
        self.look_at_latches()?;
        self.latches.emergency = None;
        Ok(())
    }

    /// Reads the latches where they may have changed.
    pub(super) fn look_at_latches(&mut self) -> Result<(), RunStoreError> {
        if self.latches.is_out_of_date() {
            let heard = self.latches.heard;
            self.latches.book = HaltBook::new(self.ports.store.halts()?);
            self.latches.read = Some(heard);
        }
        Ok(())
    }

    /// Stops what a latch covers whose mode stops what runs.
    pub(super) fn stop_what_is_halted(&mut self) {
        if self.latches.emergency.is_some() {
            self.order_stops(StopReason::Emergency, |_| true);
        }
        if self.latches.has_any() {
            let latches = std::mem::take(&mut self.latches);
            self.order_stops(StopReason::Halted, |attempt| latches.stops(&attempt.chain));
            self.latches = latches;
        }
    }

    /// Gives the word, once, for each latch, when nothing that it covers runs
    /// here: not even what did not stop and was let go.
    pub(super) fn acknowledge(&mut self) -> Result<(), RunStoreError> {
        if !self.latches.has_any() {
            return Ok(());
        }
        let due: Vec<Halt> = self
            .latches
            .book
            .latches()
            .filter(|halt| self.latches.acknowledged.get(&halt.scope) != Some(&halt.epoch))
            .filter(|halt| self.obeys(halt))
            .cloned()
            .collect();
        for halt in due {
            self.ports.store.acknowledge_halt(HaltAck {
                scope: halt.scope.clone(),
                epoch: halt.epoch,
                worker: self.worker.id,
                at: self.ports.machine.wall(),
            })?;
            self.latches.acknowledged.insert(halt.scope, halt.epoch);
        }
        Ok(())
    }

    fn obeys(&self, halt: &Halt) -> bool {
        let covered = |chain: &[Scope]| chain.contains(&halt.scope);
        match halt.mode {
            HaltMode::Active => false,
            HaltMode::Reducing => true,
            HaltMode::Drain | HaltMode::Halted | HaltMode::Killed => {
                !self.live.values().any(|attempt| covered(&attempt.chain))
                    && !self.let_go.values().any(|chain| covered(chain))
            }
        }
    }
}
