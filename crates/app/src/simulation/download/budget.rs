//! How often a source may be asked.

use std::time::Duration;

use fondaco_domain::UnixMillis;

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

/// Questions at most; zero for any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Within any minute.
    pub per_minute: u32,
    /// Within any 24 hours.
    pub per_day: u32,
}

impl Default for Budget {
    /// What a free key of Alpha Vantage has.
    fn default() -> Self {
        Self {
            per_minute: 5,
            per_day: 25,
        }
    }
}

/// Whether there may be one more question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// At once.
    Now,
    /// When so much time has passed.
    After(Duration),
    /// Not before a day is over: as good as a source that has had enough.
    Spent,
}

impl Budget {
    /// Decides by when questions were asked, in any order. Those of a clock
    /// that was ahead count as asked just now.
    pub fn allowance(self, asked: &[UnixMillis], now: UnixMillis) -> Allowance {
        let mut ages: Vec<i64> = asked.iter().map(|at| (now.0 - at.0).max(0)).collect();
        ages.sort_unstable();
        // The one that has to be old enough, among the latest `limit`.
        let oldest_of = |limit: u32| match limit {
            0 => None,
            limit => ages.get(limit as usize - 1).copied(),
        };
        if oldest_of(self.per_day).is_some_and(|age| age < DAY) {
            return Allowance::Spent;
        }
        match oldest_of(self.per_minute) {
            Some(age) if age < MINUTE => {
                Allowance::After(Duration::from_millis((MINUTE - age).unsigned_abs()))
            }
            _ => Allowance::Now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_a_minute_and_the_rest_of_the_day() {
        let budget = Budget {
            per_minute: 3,
            per_day: 5,
        };
        let after = |millis| Allowance::After(Duration::from_millis(millis));
        let table: &[(&[i64], i64, Allowance)] = &[
            (&[], 0, Allowance::Now),
            (&[0, 0], 0, Allowance::Now),
            (&[0, 0, 0], 0, after(60_000)),
            (&[0, 10_000, 20_000], 30_000, after(30_000)),
            (&[0, 10_000, 20_000], 59_999, after(1)),
            (&[0, 10_000, 20_000], 60_000, Allowance::Now),
            // Only the latest three matter, in whatever order they stand.
            (&[20_000, 0, 10_000, 65_000], 65_000, after(5_000)),
            // A clock that was ahead.
            (&[90_000, 0, 0], 10_000, after(50_000)),
            (&[0, 0, 0, 0, 0], DAY - 1, Allowance::Spent),
            (&[0, 0, 0, 0, 0], DAY, Allowance::Now),
        ];
        for (asked, now, expected) in table {
            let asked: Vec<_> = asked.iter().copied().map(UnixMillis).collect();
            assert_eq!(
                budget.allowance(&asked, UnixMillis(*now)),
                *expected,
                "{asked:?} at {now}"
            );
        }
        let none = Budget {
            per_minute: 0,
            per_day: 0,
        };
        let many = vec![UnixMillis(0); 1_000];
        assert_eq!(none.allowance(&many, UnixMillis(0)), Allowance::Now);
    }
}
