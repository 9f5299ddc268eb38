//! What an order carries, and whether it still counts.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Epoch, HaltMode, Halts};
use crate::task::{Fence, TaskNo};
use crate::{ErrorKind, Hint};

/// What an order carries beside itself: on whose behalf it is placed, and what
/// was known of halts then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ticket {
    /// The task that wants it.
    pub task: TaskNo,
    /// The fence of the attempt at it.
    pub fence: Fence,
    /// The counter of halts when it was issued.
    pub epoch: Epoch,
}

/// Why an order is not placed.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "refused")]
pub enum TicketRefused {
    /// The task has been taken from the attempt.
    #[error("fence {} of task {} is old; {} counts", given.0, task.0, current.0)]
    StaleFence {
        /// The task.
        task: TaskNo,
        /// What the order carries.
        given: Fence,
        /// What counts.
        current: Fence,
    },
    /// A halt in its own chain of scopes forbids it.
    #[error("{scope} is {} since epoch {}: {reason}", mode.as_str(), epoch.0)]
    Halted {
        /// The scope, as text.
        scope: String,
        /// What it forbids.
        mode: HaltMode,
        /// Its epoch.
        epoch: Epoch,
        /// Why it was set.
        reason: String,
    },
    /// Whoever decides knows less of halts than whoever asked: what was set
    /// since is not known here.
    #[error("the order was issued in epoch {}, and only {} is known here", issued.0, known.0)]
    Behind {
        /// The epoch of the order.
        issued: Epoch,
        /// The counter as known.
        known: Epoch,
    },
}

impl Hint for TicketRefused {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Behind { .. } => ErrorKind::Unavailable,
            _ => ErrorKind::Conflict,
        }
    }
}

impl HaltMode {
    /// Whether an order may not be placed. Working a position off is what
    /// `reducing` and `drain` leave to tasks that run; from `halted` on there
    /// are no orders at all.
    pub fn forbids_order(self, adds_exposure: bool) -> bool {
        match self {
            Self::Active => false,
            Self::Reducing | Self::Drain => adds_exposure,
            Self::Halted | Self::Killed => true,
        }
    }
}

impl Ticket {
    /// Whether the order may be placed, given the fence that the task has now
    /// and the halts that cover its run now, read together.
    ///
    /// Only latches of the run's own chain are in `halts`, so that halting one
    /// run never refuses the orders of another, however much the counter grew.
    /// A latch that forbids the order refuses it whether it was set before
    /// the order was issued or since: under `reducing` tasks still start, and
    /// what they issue knows of it.
    pub fn admit(
        &self,
        current: Fence,
        halts: &Halts,
        adds_exposure: bool,
    ) -> Result<(), TicketRefused> {
        if self.fence != current {
            return Err(TicketRefused::StaleFence {
                task: self.task,
                given: self.fence,
                current,
            });
        }
        if self.epoch > halts.epoch {
            return Err(TicketRefused::Behind {
                issued: self.epoch,
                known: halts.epoch,
            });
        }
        match halts.strictest() {
            Some(halt) if halt.mode.forbids_order(adds_exposure) => Err(TicketRefused::Halted {
                scope: halt.scope.to_string(),
                mode: halt.mode,
                epoch: halt.epoch,
                reason: halt.reason.clone(),
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UnixMicros;
    use crate::halt::{HaltBook, HaltCommand, Scope};

    fn book(latches: &[(&str, HaltMode)]) -> HaltBook {
        let mut book = HaltBook::default();
        for (scope, mode) in latches {
            let scope = Scope::parse(scope).unwrap();
            let reason = "drill".to_owned();
            let command = match mode {
                HaltMode::Active => HaltCommand::Clear {
                    scope,
                    reason,
                    confirmed: true,
                },
                mode => HaltCommand::Set {
                    scope,
                    mode: *mode,
                    reason,
                },
            };
            let halt = book.step(&command, "test", UnixMicros(1)).unwrap();
            book.apply(halt.unwrap());
        }
        book
    }

    /// What becomes of an order of tenant `a` in epoch 1: one that adds
    /// exposure, one that reduces it.
    fn told(latches: &[(&str, HaltMode)], epoch: u64) -> [&'static str; 2] {
        let chain = [Scope::Global, Scope::Tenant("a".to_owned())];
        let halts = book(latches).covering(&chain);
        let ticket = Ticket {
            task: TaskNo(0),
            fence: Fence(2),
            epoch: Epoch(epoch),
        };
        [true, false].map(|adds| match ticket.admit(Fence(2), &halts, adds) {
            Ok(()) => "placed",
            Err(TicketRefused::Halted { .. }) => "halted",
            Err(TicketRefused::Behind { .. }) => "behind",
            Err(TicketRefused::StaleFence { .. }) => "stale",
        })
    }

    #[test]
    fn each_mode_forbids_what_it_says() {
        use HaltMode::{Active, Drain, Halted, Killed, Reducing};
        for (mode, expected) in [
            (Reducing, ["halted", "placed"]),
            (Drain, ["halted", "placed"]),
            (Halted, ["halted", "halted"]),
            (Killed, ["halted", "halted"]),
        ] {
            // Set after the order was issued, or known when it was.
            for epoch in [0, 1] {
                assert_eq!(told(&[("tenant:a", mode)], epoch), expected, "{mode:?}");
                assert_eq!(told(&[("global", mode)], epoch), expected, "{mode:?}");
                assert_eq!(told(&[("tenant:b", mode)], epoch), ["placed"; 2]);
            }
            let over = [("tenant:a", mode), ("tenant:a", Active)];
            assert_eq!(told(&over, 0), ["placed"; 2], "{mode:?}");
            let both = [("tenant:a", mode), ("global", Reducing)];
            assert_eq!(told(&both, 0), expected, "{mode:?}");
        }
        assert_eq!(told(&[], 0), ["placed"; 2]);
    }

    #[test]
    fn who_knows_less_of_halts_than_the_order_refuses_it() {
        assert_eq!(told(&[], 1), ["behind"; 2]);
        assert_eq!(told(&[("tenant:b", HaltMode::Halted)], 1), ["placed"; 2]);
        assert_eq!(told(&[("tenant:b", HaltMode::Halted)], 2), ["behind"; 2]);
    }

    #[test]
    fn only_the_fence_of_now_counts() {
        let halts = Halts::default();
        let with = |fence| Ticket {
            task: TaskNo(7),
            fence: Fence(fence),
            epoch: Epoch(0),
        };
        assert_eq!(with(2).admit(Fence(2), &halts, true), Ok(()));
        for other in [1, 3] {
            let refused = with(other).admit(Fence(2), &halts, false).unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!("fence {other} of task 7 is old; 2 counts")
            );
        }
    }
}
