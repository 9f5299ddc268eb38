//! Any expression, against a walk through every minute and against croner.

use std::collections::BTreeSet;

use chrono::NaiveDateTime;
use jiff::civil::DateTime;
use jiff::tz::TimeZoneDatabase;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60_000_000;

/// One field: how it is written, and what it matches.
#[derive(Debug, Clone)]
struct Field {
    text: String,
    values: BTreeSet<i8>,
}

fn field(low: i8, high: i8) -> impl Strategy<Value = Field> {
    let written = move |text: String, values: Vec<i8>| Field {
        text,
        values: values.into_iter().collect(),
    };
    prop_oneof![
        Just(written("*".to_owned(), (low..=high).collect())),
        (low..=high).prop_map(move |n| written(n.to_string(), vec![n])),
        (low..=high, low..=high).prop_map(move |(a, b)| {
            let (a, b) = (a.min(b), a.max(b));
            written(format!("{a}-{b}"), (a..=b).collect())
        }),
        (2..=(high - low)).prop_map(move |step| {
            let values = (low..=high).step_by(step.unsigned_abs().into());
            written(format!("*/{step}"), values.collect())
        }),
        prop::collection::btree_set(low..=high, 1..5).prop_map(move |values| {
            let texts: Vec<_> = values.iter().map(i8::to_string).collect();
            written(texts.join(","), values.into_iter().collect())
        }),
    ]
}

/// Minute, hour, day of month, month, day of week.
fn expression() -> impl Strategy<Value = [Field; 5]> {
    (
        field(0, 59),
        field(0, 23),
        field(1, 31),
        field(1, 12),
        field(0, 6),
    )
        .prop_map(|(minute, hour, day, month, weekday)| [minute, hour, day, month, weekday])
        .prop_filter("it fires", |fields| {
            Ticks::of(&cron(&text(fields), "UTC")).is_ok()
        })
}

fn text(fields: &[Field; 5]) -> String {
    fields.each_ref().map(|field| field.text.as_str()).join(" ")
}

fn matches(fields: &[Field; 5], time: DateTime) -> bool {
    let [minute, hour, day, month, weekday] = fields;
    let of_day = day.values.contains(&time.day());
    let of_week = weekday
        .values
        .contains(&time.weekday().to_sunday_zero_offset());
    let days = match (day.text.as_str(), weekday.text.as_str()) {
        ("*", _) => of_week,
        (_, "*") => of_day,
        _ => of_day || of_week,
    };
    days && month.values.contains(&time.month())
        && hour.values.contains(&time.hour())
        && minute.values.contains(&time.minute())
}

/// What fires in `(from, until]`, by looking at the clock every minute.
fn walked(fields: &[Field; 5], zone: &str, from: UnixMicros, until: UnixMicros) -> Vec<UnixMicros> {
    let zone = TimeZoneDatabase::bundled().get(zone).unwrap();
    let shows = |at: UnixMicros| zone.to_datetime(Timestamp::from_microsecond(at.0).unwrap());
    let distances = fields[1].values.len() == 24;
    // Far enough back to know what a repeated hour repeats.
    let start = from.plus(-180 * MINUTE);
    let mut highest = shows(start);
    let mut found = Vec::new();
    let mut at = start.plus(MINUTE);
    while at <= until {
        let shown = shows(at);
        let fires = if distances {
            matches(fields, shown)
        } else {
            // Nothing in a second pass; in a gap all that was jumped over.
            let mut any = false;
            while highest < shown {
                highest = highest.checked_add(1.minute()).unwrap();
                any |= matches(fields, highest);
            }
            any
        };
        if fires && at > from {
            found.push(at);
        }
        at = at.plus(MINUTE);
    }
    found
}

proptest! {
    #[test]
    fn every_minute_that_matches_and_no_other(
        fields in expression(),
        // 2026-01-01 to 2028-12-31, in minutes.
        start in 0..1_578_240_i64,
    ) {
        let from = at("2026-01-01T00:00:00Z").plus(start * MINUTE);
        let until = from.plus(3 * 1_440 * MINUTE);
        let found = ticks_between(&cron(&text(&fields), "UTC"), from, until, usize::MAX).unwrap();
        prop_assert_eq!(found, walked(&fields, "UTC", from, until), "{}", text(&fields));
    }

    #[test]
    fn also_where_clocks_jump(
        fields in expression(),
        day in prop::sample::select(vec![
            ("Europe/Berlin", "2026-03-28T20:00:00Z"),
            ("Europe/Berlin", "2026-10-24T20:00:00Z"),
            ("America/New_York", "2026-03-08T01:00:00Z"),
            ("America/New_York", "2026-11-01T01:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-04T10:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-03T10:00:00Z"),
            ("America/Havana", "2026-03-08T00:00:00Z"),
        ]),
        look in 0..900_i64,
    ) {
        let [minute, hour, ..] = fields;
        let every = Field { text: "*".to_owned(), values: (0..32).collect() };
        let fields = [minute, hour, every.clone(), every.clone(), every];
        let (zone, start) = day;
        let from = at(start).plus(look * MINUTE);
        let until = at(start).plus(1_440 * MINUTE);
        let found = ticks_between(&cron(&text(&fields), zone), from, until, usize::MAX).unwrap();
        prop_assert_eq!(found, walked(&fields, zone, from, until), "{} {}", text(&fields), zone);
    }

    #[test]
    fn croner_agrees_in_utc(
        fields in expression(),
        seconds in field(0, 59),
        start in 0..1_578_240_i64,
        offset in 0..60_i64,
    ) {
        let expression = format!("{} {}", seconds.text, text(&fields));
        let from = at("2026-01-01T00:00:00Z").plus(start * MINUTE + offset * 1_000_000);
        let found = ticks_between(&cron(&expression, "UTC"), from, UnixMicros(i64::MAX), 20).unwrap();
        let oracle: croner::Cron = expression.parse().unwrap();
        let mut time: NaiveDateTime = chrono::DateTime::from_timestamp_micros(from.0).unwrap().naive_utc();
        for tick in found {
            time = oracle.find_next_occurrence(&time, false).unwrap();
            prop_assert_eq!(tick.0, time.and_utc().timestamp_micros(), "{}", &expression);
        }
    }

    #[test]
    fn ticks_grow_and_none_is_skipped(
        fields in expression(),
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
        start in 0..1_578_240_000_000_i64,
        between in 0.0..1.0_f64,
    ) {
        let trigger = Ticks::of(&cron(&text(&fields), zone)).unwrap();
        let mut after = at("2026-01-01T00:00:00Z").plus(start * 60_000);
        let first = after;
        for _ in 0..20 {
            let tick = trigger.after(after).unwrap();
            prop_assert!(tick > after);
            let step = ((tick.0 - after.0) as f64 * between) as i64;
            prop_assert_eq!(trigger.after(UnixMicros(after.0 + step)), Some(tick));
            prop_assert_eq!(trigger.last_between(first, UnixMicros(tick.0 - 1)), (after != first).then_some(after));
            after = tick;
        }
    }

    #[test]
    fn jitter_stays_in_its_bounds(name in ".*", tick in any::<i64>(), most in any::<u32>()) {
        let late = jitter(&name, UnixMicros(tick), most);
        prop_assert!((0..=i64::from(most) * 1_000).contains(&late));
    }
}
