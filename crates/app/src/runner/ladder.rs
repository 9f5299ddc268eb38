//! When which rung of the ladder is reached.

use std::time::Duration;

use fondaco_domain::task::Rung;

/// The whole ladder, from the order to stop to letting go.
pub(crate) const WHOLE: Duration = Duration::from_secs(10);

/// One climb, on the monotonic clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ladder {
    since: Duration,
    whole: Duration,
    reached: usize,
}

impl Ladder {
    /// Begins now.
    pub(crate) fn new(now: Duration) -> Self {
        Self {
            since: now,
            whole: WHOLE,
            reached: 0,
        }
    }

    /// What is left of it is to fit into so much from now: the rungs keep
    /// their proportions. Never slower than it was.
    pub(crate) fn fit(&mut self, now: Duration, time: Duration) {
        if now + time < self.since + self.whole {
            self.since = now;
            self.whole = time;
        }
    }

    /// The rungs reached since the last call, upwards.
    pub(crate) fn climb(&mut self, now: Duration) -> Vec<Rung> {
        let left = Rung::ALL[self.reached..].iter().copied();
        let rungs: Vec<Rung> = left.take_while(|rung| self.at(*rung) <= now).collect();
        self.reached += rungs.len();
        rungs
    }

    /// When the next rung is reached.
    pub(crate) fn next(&self) -> Option<Duration> {
        Rung::ALL.get(self.reached).map(|rung| self.at(*rung))
    }

    fn at(&self, rung: Rung) -> Duration {
        let micros = Duration::from_micros(rung.after().unsigned_abs());
        self.since + micros.mul_f64(self.whole.as_secs_f64() / WHOLE.as_secs_f64())
    }
}

/// How long before the end of a lease its holder must begin to stop what it
/// holds: the whole ladder, or half of a lease too short for that.
pub(crate) fn reserve(lease: Duration) -> Duration {
    WHOLE.min(lease / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn each_rung_is_reached_once_and_at_its_time() {
        let mut ladder = Ladder::new(ms(1_000));
        let table: [(u64, &[Rung], Option<u64>); 7] = [
            (1_000, &[Rung::Token], Some(3_000)),
            (2_999, &[], Some(3_000)),
            (3_000, &[Rung::Terminate], Some(6_000)),
            (5_999, &[], Some(6_000)),
            (6_000, &[Rung::Kill], Some(11_000)),
            (11_000, &[Rung::Expire], None),
            (99_000, &[], None),
        ];
        for (now, reached, next) in table {
            assert_eq!(ladder.climb(ms(now)), reached, "at {now} ms");
            assert_eq!(ladder.next(), next.map(ms), "at {now} ms");
        }
    }

    #[test]
    fn who_slept_climbs_all_that_is_due_at_once() {
        let mut ladder = Ladder::new(ms(0));
        assert_eq!(
            ladder.climb(ms(7_000)),
            [Rung::Token, Rung::Terminate, Rung::Kill]
        );
    }

    #[test]
    fn a_short_time_keeps_the_proportions() {
        let mut ladder = Ladder::new(ms(0));
        assert_eq!(ladder.climb(ms(0)), [Rung::Token]);
        ladder.fit(ms(1_000), ms(5_000));
        assert_eq!(ladder.next(), Some(ms(2_000)));
        assert_eq!(ladder.climb(ms(3_500)), [Rung::Terminate, Rung::Kill]);
        assert_eq!(ladder.next(), Some(ms(6_000)));
        ladder.fit(ms(3_500), ms(9_000));
        assert_eq!(ladder.next(), Some(ms(6_000)), "never slower");
    }

    #[test]
    fn the_ladder_fits_before_the_end_of_every_lease() {
        for (lease, kept) in [(30, 10), (20, 10), (10, 5), (3, 1)] {
            assert_eq!(reserve(Duration::from_secs(lease)).as_secs(), kept);
        }
    }
}
