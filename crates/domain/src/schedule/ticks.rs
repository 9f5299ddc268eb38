//! Ticks as instants.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};

use super::cron::{CivilTicks, TimingError};
use super::{Timing, Trigger};
use crate::UnixMicros;

/// The ticks of a trigger that was checked.
#[derive(Debug, Clone)]
pub struct Ticks(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Cron {
        civil: Box<CivilTicks>,
        zone: TimeZone,
    },
    Interval {
        every: i64,
        anchor: UnixMicros,
    },
}

impl Timing {
    /// Checks the trigger.
    pub fn ticks(&self) -> Result<Ticks, TimingError> {
        Ticks::of(&self.trigger)
    }
}

/// The first tick after an instant; none when there is no more.
pub fn next_after(trigger: &Trigger, after: UnixMicros) -> Result<Option<UnixMicros>, TimingError> {
    Ok(Ticks::of(trigger)?.after(after))
}

/// The ticks of `(after, until]`, the first first, at most so many.
pub fn ticks_between(
    trigger: &Trigger,
    after: UnixMicros,
    until: UnixMicros,
    limit: usize,
) -> Result<Vec<UnixMicros>, TimingError> {
    Ok(Ticks::of(trigger)?
        .between(after, until)
        .take(limit)
        .collect())
}

impl Ticks {
    /// Checks a trigger.
    pub fn of(trigger: &Trigger) -> Result<Self, TimingError> {
        match trigger {
            Trigger::Cron { expression, zone } => Ok(Self(Kind::Cron {
                civil: Box::new(CivilTicks::parse(expression)?),
                zone: TimeZoneDatabase::bundled()
                    .get(zone)
                    .map_err(|_| TimingError::Zone(zone.clone()))?,
            })),
            Trigger::Interval { every, .. } if *every <= 0 => Err(TimingError::Interval(*every)),
            Trigger::Interval { every, anchor } => Ok(Self(Kind::Interval {
                every: *every,
                anchor: *anchor,
            })),
        }
    }

    /// The first tick after an instant; none when there is no more.
    pub fn after(&self, after: UnixMicros) -> Option<UnixMicros> {
        match &self.0 {
            Kind::Interval { every, anchor } => next_multiple(*every, *anchor, after),
            Kind::Cron { civil, zone } => {
                let after = Timestamp::from_microsecond(after.0)
                    .ok()
                    .or_else(|| (after.0 < 0).then_some(Timestamp::MIN))?;
                let next = if civil.every_hour() {
                    next_of_distances(civil, zone, after)
                } else {
                    next_of_times(civil, zone, after)
                };
                next.map(UnixMicros::from)
            }
        }
    }

    /// The ticks of `(after, until]`, the first first.
    pub fn between(
        &self,
        after: UnixMicros,
        until: UnixMicros,
    ) -> impl Iterator<Item = UnixMicros> + '_ {
        std::iter::successors(self.after(after), |tick| self.after(*tick))
            .take_while(move |tick| *tick <= until)
    }

    /// The last tick of `(after, until]`, found without walking through the
    /// others.
    pub fn last_between(&self, after: UnixMicros, until: UnixMicros) -> Option<UnixMicros> {
        let mut last = self.after(after).filter(|tick| *tick <= until)?;
        // Nothing ticks in `(none_after, until]`.
        let mut none_after = until;
        while last < none_after {
            let middle = UnixMicros(last.0.midpoint(none_after.0));
            match self.after(middle).filter(|tick| *tick <= none_after) {
                Some(tick) => last = tick,
                None => none_after = middle,
            }
        }
        Some(last)
    }
}

fn next_multiple(every: i64, anchor: UnixMicros, after: UnixMicros) -> Option<UnixMicros> {
    if after < anchor {
        return Some(anchor);
    }
    let since = i128::from(after.0) - i128::from(anchor.0);
    let next = i128::from(anchor.0) + (since / i128::from(every) + 1) * i128::from(every);
    i64::try_from(next).ok().map(UnixMicros)
}

/// Of an expression that names times of the day.
fn next_of_times(civil: &CivilTicks, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let mut from = second_after(zone.to_datetime(after))?;
    loop {
        let time = civil.at_or_after(from)?;
        let tick = first_instant(zone, time)?;
        // In the second pass of a repeated hour the clock shows what has
        // fired already.
        if tick > after {
            return Some(tick);
        }
        from = second_after(time)?;
    }
}

/// The first instant at which the clock shows this, or more where it never
/// shows this.
fn first_instant(zone: &TimeZone, time: DateTime) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(time).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(time).ok(),
        AmbiguousOffset::Gap { before, after } => {
            let inside = before.to_timestamp(time).ok()?;
            let just_after = inside.checked_add(1.nanosecond()).ok()?;
            zone.preceding(just_after)
                .map(|transition| transition.timestamp())
                .find(|end| zone.to_offset(*end) == after)
        }
    }
}

/// Of an expression that names distances: through stretches in which the
/// clock does not jump.
fn next_of_distances(civil: &CivilTicks, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let mut from = second_after(zone.to_datetime(after))?;
    let mut since = after;
    loop {
        let tick = zone
            .to_offset(since)
            .to_timestamp(civil.at_or_after(from)?)
            .ok()?;
        match zone.following(since).next().map(|jump| jump.timestamp()) {
            Some(jump) if jump <= tick => {
                since = jump;
                from = zone.to_datetime(jump);
            }
            _ => return Some(tick),
        }
    }
}

/// The next full second.
fn second_after(time: DateTime) -> Option<DateTime> {
    let full = time.with().subsec_nanosecond(0).build().ok()?;
    full.checked_add(1.second()).ok()
}
