//! Candles against a calendar.

use std::collections::HashSet;

use super::{Collector, Finding, Issue, MissingRange};
use crate::bars::Columns;
use crate::calendar::{Anchor, Calendar};
use crate::time::UnixMillis;
use crate::timeframe::Timeframe;

/// Where most candles start: of both ways to lay them the one that expects
/// more of those there are.
pub(super) fn anchor(stamps: &[UnixMillis], calendar: &Calendar, timeframe: Timeframe) -> Anchor {
    let (Some(&first), Some(&last)) = (stamps.first(), stamps.last()) else {
        return Anchor::Clock;
    };
    if *calendar == Calendar::AlwaysOpen || timeframe >= Timeframe::DAY {
        return Anchor::Clock;
    }
    let hits = |anchor| {
        let there: HashSet<UnixMillis> = stamps.iter().copied().collect();
        calendar
            .expected(timeframe, anchor, first, last.plus(1))
            .into_iter()
            .filter(|stamp| there.contains(stamp))
            .count()
    };
    if hits(Anchor::Opening) > hits(Anchor::Clock) {
        Anchor::Opening
    } else {
        Anchor::Clock
    }
}

pub(super) fn findings(
    stamps: &[UnixMillis],
    rows: &Columns,
    calendar: &Calendar,
    timeframe: Timeframe,
    anchor: Anchor,
    as_of: Option<UnixMillis>,
) -> Vec<Finding> {
    let (Some(&first), Some(&last)) = (stamps.first(), stamps.last()) else {
        return Vec::new();
    };
    let known = |stamp: &UnixMillis| calendar.covers(stamp.date());
    let mut expected = calendar.expected(timeframe, anchor, first, last.plus(1));
    expected.retain(known);
    let gap = missing(&expected, stamps);
    let tail = as_of.map_or_else(Vec::new, |as_of| {
        // A candle is late once it is complete.
        let until = as_of.plus(1 - timeframe.millis());
        let mut tail = calendar.expected(timeframe, anchor, last.plus(1), until);
        tail.retain(known);
        missing(&tail, &[])
    });
    let ranges = |issue: Issue, ranges: Vec<MissingRange>| {
        (!ranges.is_empty()).then(|| Finding {
            issue,
            severity: issue.severity(),
            count: ranges.iter().map(|range| range.missing).sum(),
            examples: Vec::new(),
            ranges,
        })
    };
    [ranges(Issue::Gap, gap), ranges(Issue::StaleTail, tail)]
        .into_iter()
        .flatten()
        .chain(misplaced(rows, &expected, calendar, timeframe, anchor))
        .collect()
}

/// Expected stamps that are not there, neighbours together.
fn missing(expected: &[UnixMillis], stamps: &[UnixMillis]) -> Vec<MissingRange> {
    let mut ranges: Vec<MissingRange> = Vec::new();
    let mut there = stamps.iter().peekable();
    let mut adjoining = false;
    for &stamp in expected {
        while there.next_if(|it| **it < stamp).is_some() {}
        if there.peek().is_some_and(|it| **it == stamp) {
            adjoining = false;
            continue;
        }
        match ranges.last_mut().filter(|_| adjoining) {
            Some(range) => {
                range.last = stamp;
                range.missing += 1;
            }
            None => ranges.push(MissingRange {
                first: stamp,
                last: stamp,
                missing: 1,
            }),
        }
        adjoining = true;
    }
    ranges
}

/// Rows where no candle should start.
fn misplaced(
    rows: &Columns,
    expected: &[UnixMillis],
    calendar: &Calendar,
    timeframe: Timeframe,
    anchor: Anchor,
) -> impl Iterator<Item = Finding> {
    let mut unaligned = Collector::new(Issue::Unaligned);
    let mut closed = Collector::new(Issue::OffSession);
    let mut unknown = Collector::new(Issue::NotInCalendar);
    let step = timeframe.millis().min(Timeframe::DAY.millis());
    for (row, &at) in rows.time.iter().enumerate() {
        if expected.binary_search(&at).is_ok() {
            continue;
        }
        let off = match anchor {
            Anchor::Clock => timeframe.floor(at) != at,
            // Openings are at whole half hours everywhere.
            Anchor::Opening => at.0.rem_euclid(step.min(1_800_000)) != 0,
        };
        if off {
            unaligned.add(row, at, || format!("not at a multiple of {timeframe}"));
        } else if !calendar.covers(at.date()) {
            unknown.add(row, at, || {
                format!("no opening times of {}", at.date().year())
            });
        } else {
            closed.add(row, at, || format!("{} is closed then", calendar.as_str()));
        }
    }
    [unaligned, closed, unknown]
        .into_iter()
        .filter_map(Collector::finding)
}
