//! Circuit breakers: not asking again and again where nobody answers.
//!
//! ```text
//! closed → open → half-open → closed     the probe went well
//!            ↑________|                  it failed
//! ```
//!
//! A closed breaker lets everything through and counts failures; as many as
//! its policy says within one window open it. An open one refuses until its
//! cool-down is over; the first who asks after that is the probe, and as long
//! as it is on its way all others are refused. What somebody reports who was
//! let through before the breaker opened decides nothing.
//!
//! Times are those of a monotonic clock: the time since some moment, which
//! never goes back. [`step`] decides and changes nothing.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// So many failures open it …
    pub failures: NonZeroU32,
    /// … when less than this lies between the first and the last of them.
    pub window: Duration,
    /// It stays open for so long.
    pub cool_down: Duration,
    /// A probe that has said nothing for so long is lost: the next one who
    /// asks is the probe instead.
    pub probe_limit: Duration,
}

impl Default for BreakerPolicy {
    /// Five failures in a minute, half a minute of rest, a minute for a probe.
    fn default() -> Self {
        Self {
            failures: NonZeroU32::MIN.saturating_add(4),
            window: Duration::from_mins(1),
            cool_down: Duration::from_secs(30),
            probe_limit: Duration::from_mins(1),
        }
    }
}

/// Where a breaker stands; `O` names those who ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Breaker<O> {
    /// Everything is let through.
    Closed {
        /// When the failures that still count happened, the oldest first.
        failures: VecDeque<Duration>,
    },
    /// Nothing is let through.
    Open {
        /// Before this moment.
        until: Duration,
    },
    /// One is let through.
    HalfOpen {
        /// Who.
        probe: O,
        /// It counts as lost from then on.
        until: Duration,
    },
}

impl<O> Default for Breaker<O> {
    fn default() -> Self {
        Self::Closed {
            failures: VecDeque::new(),
        }
    }
}

/// What somebody says to a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerCommand<O> {
    /// May I?
    Ask(O),
    /// It went well.
    Succeeded(O),
    /// It failed, by a fault of what the breaker guards.
    Failed(O),
    /// It ended in a way that says nothing about what the breaker guards: a
    /// halt, say.
    Unclear(O),
}

/// What a command led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerEvent<O> {
    /// The one who asked may not.
    Refused {
        /// Asking again before this moment is of no use.
        until: Duration,
    },
    /// The one who asked may, alone.
    Probing {
        /// Who.
        probe: O,
    },
    /// Too many failures, or a probe that failed.
    Opened {
        /// It stays open until then.
        until: Duration,
    },
    /// The probe went well.
    Closed,
}

/// Whether the answer to [`BreakerCommand::Ask`] was yes.
pub fn admitted<O>(events: &[BreakerEvent<O>]) -> bool {
    let refused = |event: &_| matches!(event, BreakerEvent::Refused { .. });
    !events.iter().any(refused)
}

/// Decides: the state after a command, and what happened. No event where
/// nothing changed and nothing was refused.
pub fn step<O: Clone + PartialEq>(
    policy: &BreakerPolicy,
    breaker: &Breaker<O>,
    command: &BreakerCommand<O>,
    now: Duration,
) -> (Breaker<O>, Vec<BreakerEvent<O>>) {
    match breaker {
        Breaker::Closed { failures } => closed(policy, failures, command, now),
        Breaker::Open { until } => match command {
            BreakerCommand::Ask(owner) if now >= *until => probe(policy, owner, now),
            BreakerCommand::Ask(_) => refuse(breaker, *until),
            _ => (breaker.clone(), Vec::new()),
        },
        Breaker::HalfOpen { probe: owner, .. } => half_open(policy, breaker, owner, command, now),
    }
}

fn closed<O: Clone>(
    policy: &BreakerPolicy,
    failures: &VecDeque<Duration>,
    command: &BreakerCommand<O>,
    now: Duration,
) -> (Breaker<O>, Vec<BreakerEvent<O>>) {
    let mut failures = failures.clone();
    failures.retain(|at| now.saturating_sub(*at) < policy.window);
    if matches!(command, BreakerCommand::Failed(_)) {
        failures.push_back(now);
    }
    if failures.len() >= policy.failures.get() as usize {
        return open(policy, now);
    }
    (Breaker::Closed { failures }, Vec::new())
}

fn half_open<O: Clone + PartialEq>(
    policy: &BreakerPolicy,
    breaker: &Breaker<O>,
    owner: &O,
    command: &BreakerCommand<O>,
    now: Duration,
) -> (Breaker<O>, Vec<BreakerEvent<O>>) {
    let Breaker::HalfOpen { until, .. } = breaker else {
        return (breaker.clone(), Vec::new());
    };
    match command {
        BreakerCommand::Ask(other) if now >= *until => probe(policy, other, now),
        BreakerCommand::Ask(other) if other != owner => refuse(breaker, *until),
        BreakerCommand::Succeeded(other) if other == owner => {
            (Breaker::default(), vec![BreakerEvent::Closed])
        }
        BreakerCommand::Failed(other) if other == owner => open(policy, now),
        // It is known as little as before, and the next one may find out.
        BreakerCommand::Unclear(other) if other == owner => {
            (Breaker::Open { until: now }, Vec::new())
        }
        _ => (breaker.clone(), Vec::new()),
    }
}

fn probe<O: Clone>(
    policy: &BreakerPolicy,
    owner: &O,
    now: Duration,
) -> (Breaker<O>, Vec<BreakerEvent<O>>) {
    let probe = owner.clone();
    let until = now.saturating_add(policy.probe_limit);
    let event = BreakerEvent::Probing {
        probe: probe.clone(),
    };
    (Breaker::HalfOpen { probe, until }, vec![event])
}

fn open<O>(policy: &BreakerPolicy, now: Duration) -> (Breaker<O>, Vec<BreakerEvent<O>>) {
    let until = now.saturating_add(policy.cool_down);
    (
        Breaker::Open { until },
        vec![BreakerEvent::Opened { until }],
    )
}

fn refuse<O: Clone>(breaker: &Breaker<O>, until: Duration) -> (Breaker<O>, Vec<BreakerEvent<O>>) {
    (breaker.clone(), vec![BreakerEvent::Refused { until }])
}
