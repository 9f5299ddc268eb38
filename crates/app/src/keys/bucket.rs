//! Buckets of tokens: so many at once, and so many a second.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Tokens that come back each second.
    pub per_second: f64,
    /// Tokens of a full bucket.
    pub burst: u32,
}

/// What came of a wish for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Whether there was one.
    pub granted: bool,
    /// Whole tokens that are left.
    pub left: u32,
    /// Until the next one, where there is none; else until the bucket is full.
    pub wait: Duration,
}

/// A bucket for each of many who ask. The time is handed in, and any clock
/// that never jumps will do.
#[derive(Debug)]
pub struct Buckets<K> {
    rate: Rate,
    levels: Mutex<HashMap<K, Level>>,
}

#[derive(Debug, Clone, Copy)]
struct Level {
    tokens: f64,
    at: Duration,
}

/// Buckets at a time at most. Full ones are forgotten, since a new one is
/// full, too.
const MOST: usize = 10_000;

impl<K: Eq + Hash> Buckets<K> {
    /// All full.
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            levels: Mutex::default(),
        }
    }

    /// The rate of each.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes a token where there is one.
    pub fn take(&self, key: K, now: Duration) -> Taken {
        self.with(key, now, |level| {
            let granted = level.tokens >= 1.0;
            if granted {
                level.tokens -= 1.0;
            }
            granted
        })
    }

    /// Whether there is one; it stays there.
    pub fn look(&self, key: K, now: Duration) -> Taken {
        self.with(key, now, |level| level.tokens >= 1.0)
    }

    /// Puts a token back that was taken for nothing.
    pub fn give_back(&self, key: K, now: Duration) {
        self.with(key, now, |level| {
            level.tokens += 1.0;
            true
        });
    }

    fn with(&self, key: K, now: Duration, what: impl FnOnce(&mut Level) -> bool) -> Taken {
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        let (rate, full) = (self.rate, f64::from(self.rate.burst));
        if levels.len() >= MOST && !levels.contains_key(&key) {
            levels.retain(|_, level| rate.filled(*level, now) < full);
            if levels.len() >= MOST {
                // So many at once are one flood: who is new waits.
                return Taken {
                    granted: false,
                    left: 0,
                    wait: rate.time_of(1.0),
                };
            }
        }
        let level = levels.entry(key).or_insert(Level {
            tokens: full,
            at: now,
        });
        *level = Level {
            tokens: rate.filled(*level, now),
            at: level.at.max(now),
        };
        let granted = what(level);
        level.tokens = level.tokens.min(full);
        let wanted = if granted { full } else { 1.0 };
        Taken {
            granted,
            left: level.tokens.max(0.0) as u32,
            wait: rate.time_of(wanted - level.tokens),
        }
    }
}

impl Rate {
    fn filled(self, level: Level, now: Duration) -> f64 {
        let came = now.saturating_sub(level.at).as_secs_f64() * self.per_second;
        (level.tokens + came).min(f64::from(self.burst))
    }

    fn time_of(self, tokens: f64) -> Duration {
        let seconds = tokens.max(0.0) / self.per_second;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_burst_and_then_so_many_a_second() {
        let buckets = Buckets::new(Rate {
            per_second: 2.0,
            burst: 3,
        });
        let granted = |ms| (0..5).filter(|_| buckets.take("a", at(ms)).granted).count();
        assert_eq!(granted(0), 3);
        assert_eq!(granted(499), 0);
        assert_eq!(granted(500), 1);
        assert_eq!(granted(60_000), 3);
        // A clock that went back changes nothing.
        assert_eq!(granted(59_000), 0);
        assert!(buckets.take("b", at(0)).granted);
    }

    #[test]
    fn who_gets_none_is_told_how_long_to_wait() {
        let buckets = Buckets::new(Rate {
            per_second: 0.5,
            burst: 1,
        });
        assert_eq!(
            buckets.take("a", at(0)),
            Taken {
                granted: true,
                left: 0,
                wait: at(2_000)
            }
        );
        let refused = buckets.take("a", at(500));
        assert_eq!((refused.granted, refused.wait), (false, at(1_500)));
        buckets.give_back("a", at(500));
        assert!(buckets.look("a", at(500)).granted);
        assert!(buckets.take("a", at(500)).granted);
        assert!(!buckets.look("a", at(500)).granted);
    }

    #[test]
    fn a_flood_of_names_takes_no_more_room_than_it_may() {
        let buckets = Buckets::new(Rate {
            per_second: 1.0,
            burst: 1,
        });
        for no in 0..MOST {
            assert!(buckets.take(no, at(0)).granted);
        }
        assert!(!buckets.take(MOST, at(0)).granted);
        // Those that are full again make room.
        assert!(buckets.take(MOST, at(1_000)).granted);
    }
}
