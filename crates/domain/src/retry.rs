//! When a failed attempt is tried again.

use serde::{Deserialize, Serialize};

/// Why an attempt ended without a result. The class decides whether trying
/// again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// Another system failed or was slow: trying again may help.
    Transient,
    /// The worker died or fell silent: trying again may help.
    LostWorker,
    /// It took longer than allowed: trying again may help.
    TimedOut,
    /// The input or the task is wrong: it would fail in the same way again.
    Permanent,
}

impl ErrorClass {
    /// Whether trying again can help.
    pub fn may_retry(self) -> bool {
        self != Self::Permanent
    }

    /// The name used in storage and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::LostWorker => "lost_worker",
            Self::TimedOut => "timed_out",
            Self::Permanent => "permanent",
        }
    }
}

/// How often and how far apart: `first · 2^(failures − 1)`, at most `longest`.
/// There is no jitter here: it needs randomness, and claims in batches spread
/// the load already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Attempts that may fail before the task does; at least one.
    pub max_attempts: u32,
    /// Microseconds after the first failure.
    pub first: i64,
    /// Microseconds at most.
    pub longest: i64,
}

impl RetryPolicy {
    /// One attempt, no second.
    pub const ONCE: Self = Self {
        max_attempts: 1,
        first: 0,
        longest: 0,
    };

    /// Microseconds to wait after so many failures, or nothing when that was
    /// the last attempt.
    pub fn delay(self, failures: u32, class: ErrorClass) -> Option<i64> {
        if failures >= self.max_attempts || !class.may_retry() {
            return None;
        }
        let doublings = failures.saturating_sub(1).min(62);
        Some(self.first.saturating_mul(1 << doublings).min(self.longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let policy = RetryPolicy {
            max_attempts: 6,
            first: 100,
            longest: 500,
        };
        let delays: Vec<_> = (1..=6)
            .map(|n| policy.delay(n, ErrorClass::Transient))
            .collect();
        assert_eq!(
            delays,
            [Some(100), Some(200), Some(400), Some(500), Some(500), None]
        );
        assert_eq!(policy.delay(1, ErrorClass::Permanent), None);
        assert_eq!(RetryPolicy::ONCE.delay(1, ErrorClass::LostWorker), None);
    }
}
