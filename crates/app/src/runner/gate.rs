//! Not feeding a broken executor.

use std::collections::BTreeMap;
use std::time::Duration;

use fondaco_domain::breaker::{Breaker, BreakerCommand, BreakerPolicy, admitted, step};

/// A breaker per executor. What counts is whether attempts can begin; how
/// they end is their own affair.
#[derive(Debug, Default)]
pub(super) struct Gate {
    policy: BreakerPolicy,
    breakers: BTreeMap<&'static str, Breaker<u64>>,
    asked: u64,
}

/// What an executor may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// As much as it has room for.
    Free,
    /// One attempt, to see how it goes.
    Probe,
    /// Nothing.
    Closed,
}

/// Where a breaker stands, for those who look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// Everything is let through.
    Closed {
        /// Failures that count by now.
        failures: usize,
    },
    /// Nothing is.
    Open,
    /// One is, to see how it goes.
    HalfOpen,
}

impl Stand {
    fn of(breaker: &Breaker<u64>) -> Self {
        match breaker {
            Breaker::Closed { failures } => Self::Closed {
                failures: failures.len(),
            },
            Breaker::Open { .. } => Self::Open,
            Breaker::HalfOpen { .. } => Self::HalfOpen,
        }
    }
}

impl Gate {
    /// Asks for one exchange with the store; its outcome belongs to
    /// [`Gate::tell`].
    pub(super) fn ask(&mut self, executor: &'static str, now: Duration) -> Admission {
        self.asked += 1;
        let events = self.step(executor, &BreakerCommand::Ask(self.asked), now);
        match self.breakers.get(executor) {
            _ if !events => Admission::Closed,
            Some(Breaker::HalfOpen { .. }) => Admission::Probe,
            _ => Admission::Free,
        }
    }

    /// Where each breaker stands, by executor.
    pub(super) fn stands(&self) -> BTreeMap<&'static str, Stand> {
        let stand = |(name, breaker): (&&'static str, &Breaker<u64>)| (*name, Stand::of(breaker));
        self.breakers.iter().map(stand).collect()
    }

    /// Whether an attempt could begin; nothing where none was there to try.
    pub(super) fn tell(&mut self, executor: &'static str, began: Option<bool>, now: Duration) {
        let owner = match self.breakers.get(executor) {
            Some(Breaker::HalfOpen { probe, .. }) => *probe,
            _ => 0,
        };
        let command = match began {
            Some(true) => BreakerCommand::Succeeded(owner),
            Some(false) => BreakerCommand::Failed(owner),
            None => BreakerCommand::Unclear(owner),
        };
        self.step(executor, &command, now);
    }

    fn step(
        &mut self,
        executor: &'static str,
        command: &BreakerCommand<u64>,
        now: Duration,
    ) -> bool {
        let breaker = self.breakers.entry(executor).or_default();
        let (after, events) = step(&self.policy, breaker, command, now);
        *breaker = after;
        admitted(&events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_executor_is_tried_with_one_attempt_now_and_then() {
        let mut gate = Gate::default();
        let at = Duration::from_secs;
        for second in 0..5 {
            assert_eq!(gate.ask("local", at(second)), Admission::Free);
            gate.tell("local", Some(false), at(second));
        }
        assert_eq!(gate.ask("local", at(5)), Admission::Closed);
        assert_eq!(gate.ask("inline", at(5)), Admission::Free);
        let stands = [
            ("inline", Stand::Closed { failures: 0 }),
            ("local", Stand::Open),
        ];
        assert_eq!(gate.stands(), BTreeMap::from(stands));
        assert_eq!(gate.ask("local", at(34)), Admission::Probe);
        gate.tell("local", None, at(34));
        assert_eq!(gate.ask("local", at(35)), Admission::Probe);
        gate.tell("local", Some(false), at(35));
        assert_eq!(gate.ask("local", at(36)), Admission::Closed);
        assert_eq!(gate.ask("local", at(65)), Admission::Probe);
        gate.tell("local", Some(true), at(65));
        assert_eq!(gate.ask("local", at(66)), Admission::Free);
    }
}
