//! Ticks, checked by hand at the jumps of clocks and by walks elsewhere.

mod jumps;
mod walks;

use super::*;
use crate::{ErrorKind, Hint};

fn at(text: &str) -> UnixMicros {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

fn cron(expression: &str, zone: &str) -> Trigger {
    Trigger::Cron {
        expression: expression.to_owned(),
        zone: zone.to_owned(),
    }
}

/// The first ticks, as people write them.
fn ticks(trigger: &Trigger, after: &str, count: usize) -> Vec<String> {
    let found = ticks_between(trigger, at(after), UnixMicros(i64::MAX), count).unwrap();
    let short = |tick: UnixMicros| tick.to_string().replace(".000000Z", "Z");
    found.into_iter().map(short).collect()
}

#[track_caller]
fn check(expression: &str, zone: &str, after: &str, expected: &[&str]) {
    let found = ticks(&cron(expression, zone), after, expected.len());
    assert_eq!(found, expected, "{expression} in {zone}");
}

#[test]
fn fields_say_what_people_expect() {
    let utc = |expression, after, expected: &[&str]| check(expression, "UTC", after, expected);
    let new_year = "2026-01-01T00:00:00Z"; // A Thursday.
    utc("0 0 * * *", new_year, &["2026-01-02T00:00:00Z"]);
    utc(
        "*/15 10-11 * * *",
        "2026-01-01T10:30:00Z",
        &["2026-01-01T10:45:00Z", "2026-01-01T11:00:00Z"],
    );
    utc(
        "30 0 0 1 1 *",
        new_year,
        &["2026-01-01T00:00:30Z", "2027-01-01T00:00:30Z"],
    );
    utc(
        "0 9 * * MON-FRI",
        new_year,
        &[
            "2026-01-01T09:00:00Z",
            "2026-01-02T09:00:00Z",
            "2026-01-05T09:00:00Z",
        ],
    );
    utc("0 9 * * 7", new_year, &["2026-01-04T09:00:00Z"]);
    utc(
        "0 9 * * fri-sun",
        "2026-01-02T09:00:00Z",
        &[
            "2026-01-03T09:00:00Z",
            "2026-01-04T09:00:00Z",
            "2026-01-09T09:00:00Z",
        ],
    );
    // Both days restricted: either will do, as cron has always had it.
    utc(
        "0 0 13 * FRI",
        new_year,
        &[
            "2026-01-02T00:00:00Z",
            "2026-01-09T00:00:00Z",
            "2026-01-13T00:00:00Z",
        ],
    );
    utc(
        "0 0 L FEB *",
        new_year,
        &[
            "2026-02-28T00:00:00Z",
            "2027-02-28T00:00:00Z",
            "2028-02-29T00:00:00Z",
        ],
    );
    utc(
        "0 0 29 2 *",
        "2096-03-01T00:00:00Z",
        &["2104-02-29T00:00:00Z"],
    );
    utc(
        "0 0 * * 5#2",
        new_year,
        &["2026-01-09T00:00:00Z", "2026-02-13T00:00:00Z"],
    );
    utc(
        "0 0 * * FRIL",
        new_year,
        &["2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z"],
    );
    // The 15th of February 2026 is a Sunday, the 15th of August a Saturday.
    utc(
        "0 0 15W 2,8 *",
        new_year,
        &["2026-02-16T00:00:00Z", "2026-08-14T00:00:00Z"],
    );
    utc("0 0 LW 5 *", new_year, &["2026-05-29T00:00:00Z"]);
}

#[test]
fn what_is_wrong_is_named() {
    let said = |expression: &str, zone: &str| {
        let error = Ticks::of(&cron(expression, zone)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.hint().is_some());
        let why = std::error::Error::source(&error).map_or(String::new(), |why| format!(": {why}"));
        format!("{error}{why}")
    };
    for (expression, expected) in [
        ("", "`` has 0 fields"),
        ("@daily", "`@daily` has 1 fields"),
        ("* * * *", "`* * * *` has 4 fields"),
        ("0 0 0 1 1 * 2026", "`0 0 0 1 1 * 2026` has 7 fields"),
        (
            "61 * * * *",
            "`61` is no minute of a cron expression: Component error: Number out of bounds.",
        ),
        (
            "61 * * * * *",
            "`61` is no second of a cron expression: Component error: Number out of bounds.",
        ),
        (
            "0 24 * * *",
            "`24` is no hour of a cron expression: Component error: Number out of bounds.",
        ),
        (
            "0 0 0 * *",
            "`0` is no day of month of a cron expression: Component error: Number out of bounds.",
        ),
        (
            "0 0 * 13 *",
            "`13` is no month of a cron expression: Component error: Number out of bounds.",
        ),
        (
            "0 0 * * 8",
            "`8` is no day of week of a cron expression: Component error: Number out of bounds.",
        ),
        (
            "0 0 * * sat-mon",
            "`SAT-MON` is no day of week of a cron expression: Component error: Range out of bounds.",
        ),
        (
            "0,,5 * * * *",
            "`0,,5` is no minute of a cron expression: there is nothing between two commas",
        ),
        (
            "MON * * * *",
            "`MON` is no minute of a cron expression: `MON` means nothing here",
        ),
        (
            "0 0 * JAN1 *",
            "`JAN1` is no month of a cron expression: `JAN1` means nothing here",
        ),
        (
            "0 0 L * L",
            "`L` is no day of week of a cron expression: `L` means nothing here",
        ),
        (
            "0 0 ? * *",
            "`?` is no day of month of a cron expression: `?` means nothing here",
        ),
        (
            "*/60 * * * *",
            "`*/60` is no minute of a cron expression: a step of 60 is never taken",
        ),
        (
            "*/0 * * * *",
            "`*/0` is no minute of a cron expression: Component error: Step cannot be zero.",
        ),
        (
            "-5 * * * *",
            "`-5` is no minute of a cron expression: Component error: Invalid start of range.",
        ),
        ("0 0 30 2 *", "`0 0 30 2 *` never fires"),
        ("0 0 31 4,6,9,11 *", "`0 0 31 4,6,9,11 *` never fires"),
    ] {
        assert_eq!(said(expression, "UTC"), expected);
    }
    for zone in ["", "Mars/Olympus", "CET-1CEST", "local"] {
        assert_eq!(
            said("0 0 * * *", zone),
            format!("there is no time zone `{zone}`")
        );
    }
    let none = Trigger::Interval {
        every: 0,
        anchor: UnixMicros(0),
    };
    assert_eq!(
        Ticks::of(&none).unwrap_err().to_string(),
        "an interval of 0 microseconds never ends"
    );
}

#[test]
fn an_interval_is_counted_from_its_anchor_wherever_one_looks_from() {
    let trigger = Trigger::Interval {
        every: 300,
        anchor: UnixMicros(1_000),
    };
    let next = |after| {
        next_after(&trigger, UnixMicros(after))
            .unwrap()
            .map(|tick| tick.0)
    };
    for (after, expected) in [
        (i64::MIN, 1_000),
        (999, 1_000),
        (1_000, 1_300),
        (1_299, 1_300),
        (1_300, 1_600),
        (1_000_000_000_000, 1_000_000_000_300),
    ] {
        assert_eq!(next(after), Some(expected));
    }
    assert_eq!(next(i64::MAX), None);
    assert_eq!(
        next_after(&cron("* * * * *", "UTC"), UnixMicros(i64::MAX)).unwrap(),
        None
    );
    assert!(
        next_after(&cron("* * * * *", "UTC"), UnixMicros(i64::MIN))
            .unwrap()
            .is_some()
    );
}

#[test]
fn what_was_missed_counts_as_the_schedule_says() {
    let now = UnixMicros(10 * ON_TIME);
    let tick = |ago: i64| UnixMicros(now.0 - ago * ON_TIME / 2);
    // In halves of what is on time: 6 and 4 ago are missed, 2 and 1 are not.
    for (ago, catch_up, fires) in [
        (vec![6, 4, 2, 1], CatchUp::None, vec![2, 1]),
        (vec![6, 4, 2, 1], CatchUp::One, vec![1]),
        (vec![6, 4, 2, 1], CatchUp::All, vec![6, 4, 2, 1]),
        (vec![6, 4], CatchUp::None, vec![]),
        (vec![6, 4], CatchUp::One, vec![4]),
        (vec![2, 1], CatchUp::None, vec![2, 1]),
        (vec![2, 1], CatchUp::One, vec![2, 1]),
        (vec![], CatchUp::One, vec![]),
    ] {
        let ticks: Vec<_> = ago.iter().copied().map(tick).collect();
        let due = decide(&ticks, 0, catch_up, now);
        assert_eq!(
            due.fire,
            fires.into_iter().map(tick).collect::<Vec<_>>(),
            "{catch_up:?}"
        );
        assert_eq!([due.passed, due.fire].concat(), ticks);
    }
    // Late on purpose is not missed.
    let half_hour = 30 * 60_000;
    let due = |ago| decide(&[tick(ago)], half_hour, CatchUp::None, now);
    assert_eq!(due(62).fire.len(), 1);
    assert_eq!(due(63).passed.len(), 1);
}

#[test]
fn an_open_run_is_met_as_the_schedule_says() {
    use OverlapDecision::{CancelAndSubmit, Pass, Submit, Wait};
    for (choice, open, expected) in [
        (Overlap::Skip, false, Submit),
        (Overlap::Skip, true, Pass),
        (Overlap::BufferOne, false, Submit),
        (Overlap::BufferOne, true, Wait),
        (Overlap::Allow, false, Submit),
        (Overlap::Allow, true, Submit),
        (Overlap::CancelOther, false, Submit),
        (Overlap::CancelOther, true, CancelAndSubmit),
    ] {
        assert_eq!(overlap(choice, open), expected, "{choice:?} {open}");
    }
}

/// The figures were computed apart, by SHA-256 over the name and the tick,
/// each after its length.
#[test]
fn jitter_is_the_same_for_everybody() {
    let tick = at("2026-01-01T00:00:00Z");
    let next = at("2026-01-02T00:00:00Z");
    assert_eq!(jitter("nightly", tick, 5_000), 1_534_666);
    assert_eq!(jitter("nightly", next, 5_000), 4_718_036);
    assert_eq!(jitter("hourly", tick, 5_000), 2_932_198);
    assert_eq!(jitter("nightly", tick, 0), 0);
}
