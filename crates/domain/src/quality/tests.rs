use proptest::prelude::*;

use super::*;
use crate::bars::{Bar, Bars};
use crate::time::parse_stamp;

fn day(n: i64, price: f64) -> Bar {
    Bar {
        // 2018-01-01 is a Monday.
        time: parse_stamp("2018-01-01").unwrap().plus(n * 86_400_000),
        open: price,
        high: price * 1.01,
        low: price * 0.99,
        close: price,
        volume: 1.0,
    }
}

fn columns(bars: &[Bar]) -> Columns {
    let column = |of: fn(&Bar) -> f64| bars.iter().map(of).collect();
    Columns {
        time: bars.iter().map(|bar| bar.time).collect(),
        open: column(|bar| bar.open),
        high: column(|bar| bar.high),
        low: column(|bar| bar.low),
        close: column(|bar| bar.close),
        volume: column(|bar| bar.volume),
    }
}

fn daily(bars: &[Bar], calendar: &Calendar, as_of: Option<&str>) -> Report {
    let as_of = as_of.map(|text| parse_stamp(text).unwrap());
    check(
        &columns(bars),
        calendar,
        Timeframe::DAY,
        Rules::default(),
        as_of,
    )
}

/// The kinds of findings with their counts.
fn counts(report: &Report) -> Vec<(Issue, usize)> {
    report
        .findings
        .iter()
        .map(|it| (it.issue, it.count))
        .collect()
}

/// Slightly moving prices.
fn quiet(days: impl IntoIterator<Item = i64>) -> Vec<Bar> {
    days.into_iter()
        .map(|n| day(n, 100.0 + (n % 3) as f64))
        .collect()
}

#[test]
fn sound_candles_have_no_findings() {
    assert_eq!(
        counts(&daily(&quiet(0..50), &Calendar::AlwaysOpen, None)),
        []
    );
    let nothing = daily(&[], &Calendar::UsEquities, Some("2018-01-01"));
    assert_eq!((counts(&nothing), nothing.first), (vec![], None));
}

#[test]
fn a_gap_is_what_the_calendar_misses() {
    // New Year, then a week; Tuesday to Thursday of the second week absent.
    let bars = quiet([1, 2, 3, 4, 7, 11, 14, 15]);
    let report = daily(&bars, &Calendar::UsEquities, None);
    assert_eq!(counts(&report), [(Issue::Gap, 3), (Issue::OffSession, 1)]);
    let gap = report.finding(Issue::Gap).unwrap();
    assert_eq!(gap.ranges.len(), 1);
    assert_eq!(gap.ranges[0].first, day(8, 1.0).time);
    assert_eq!(gap.ranges[0].last, day(10, 1.0).time);
    // Monday the 15th is a holiday; a candle there is not wrong but odd.
    assert_eq!(
        report.finding(Issue::OffSession).unwrap().examples[0].row,
        6
    );
    // The same days of a coin lack weekends too.
    let coin = daily(&bars, &Calendar::AlwaysOpen, None);
    assert_eq!(coin.finding(Issue::Gap).unwrap().count, 7);
}

#[test]
fn a_tail_is_stale_once_a_candle_is_complete_and_absent() {
    let bars = quiet(1..5); // to Friday 2018-01-05
    let stale = |as_of| {
        let report = daily(&bars, &Calendar::UsEquities, Some(as_of));
        report.finding(Issue::StaleTail).map_or(0, |it| it.count)
    };
    assert_eq!(stale("2018-01-08T23:59:00Z"), 0);
    assert_eq!(stale("2018-01-09"), 1);
    assert_eq!(stale("2018-01-17"), 6);
}

#[test]
fn each_kind_of_dirt_is_named() {
    let mut bars = quiet(0..40);
    bars[3] = bars[2];
    bars[5] = Bar {
        time: bars[4].time,
        ..bars[5]
    };
    bars.swap(8, 9);
    bars[11].close = f64::NAN;
    bars[13].low = -1.0;
    bars[15].open = 0.0;
    bars[17].high = 1.0;
    bars[19].close = 500.0;
    bars[21].time = bars[21].time.plus(1_000);
    let report = daily(&bars, &Calendar::AlwaysOpen, None);
    assert_eq!(
        counts(&report),
        [
            (Issue::Contradiction, 1),
            (Issue::NotFinite, 1),
            (Issue::Negative, 1),
            (Issue::HighBelowLow, 1),
            (Issue::Gap, 3),
            (Issue::Duplicate, 1),
            (Issue::ZeroPrice, 1),
            (Issue::OutsideRange, 2),
            (Issue::Spike, 1),
            (Issue::Unaligned, 1),
            (Issue::OutOfOrder, 1),
        ]
    );
    assert_eq!(report.worst(), Some(Severity::Error));
    assert_eq!(report.finding(Issue::Spike).unwrap().examples[0].row, 19);
}

#[test]
fn a_spike_comes_back_and_a_step_stays() {
    let mut bars = quiet(0..60);
    for bar in &mut bars[40..] {
        *bar = day(
            (bar.time.0 - day(0, 1.0).time.0) / 86_400_000,
            bar.close / 7.0,
        );
    }
    bars[20] = day(20, 180.0);
    bars[30].high = 170.0;
    let report = daily(&bars, &Calendar::AlwaysOpen, None);
    assert_eq!(counts(&report), [(Issue::Spike, 2), (Issue::Step, 1)]);
    assert_eq!(report.finding(Issue::Step).unwrap().examples[0].row, 40);
}

#[test]
fn rates_may_be_negative_and_jump() {
    let bars: Vec<Bar> = (0..20)
        .map(|n| day(n, if n % 2 == 0 { 0.0001 } else { -0.01 }))
        .collect();
    let rules = Rules { rates: true };
    let report = check(
        &columns(&bars),
        &Calendar::AlwaysOpen,
        Timeframe::DAY,
        rules,
        None,
    );
    assert_eq!(counts(&report), []);
}

#[test]
fn the_start_of_hours_is_learnt_from_the_candles() {
    let hour = |text: &str| Bar {
        time: parse_stamp(text).unwrap(),
        ..day(0, 100.0)
    };
    let of = |stamps: &[&str]| {
        let bars: Vec<Bar> = stamps.iter().map(|text| hour(text)).collect();
        let tf = Timeframe::HOUR;
        check(
            &columns(&bars),
            &Calendar::UsEquities,
            tf,
            Rules::default(),
            None,
        )
    };
    let opening = of(&[
        "2018-01-02T14:30:00Z",
        "2018-01-02T15:30:00Z",
        "2018-01-02T17:30:00Z",
    ]);
    assert_eq!(opening.anchor, Anchor::Opening);
    assert_eq!(counts(&opening), [(Issue::Gap, 1)]);
    let clock = of(&[
        "2018-01-02T15:00:00Z",
        "2018-01-02T16:00:00Z",
        "2018-01-03T15:00:00Z",
    ]);
    assert_eq!(clock.anchor, Anchor::Clock);
    // 17:00 to 20:00, and the half hour before 15:00 of the next day.
    assert_eq!(clock.finding(Issue::Gap).unwrap().count, 5);
}

#[test]
fn filled_candles_repeat_the_close() {
    let bars = Bars::from_rows([day(0, 1.0), day(3, 2.0), day(4, 3.0)]).unwrap();
    let full = fill_gaps(&bars, Timeframe::DAY);
    assert_eq!(full.len(), 5);
    assert_eq!(
        full.bar(2),
        Bar {
            high: 1.0,
            low: 1.0,
            volume: 0.0,
            ..day(2, 1.0)
        }
    );
    assert_eq!(full.bar(3), day(3, 2.0));
    assert_eq!(fill_gaps(&full, Timeframe::DAY), full);
}

proptest! {
    #[test]
    fn filling_leaves_no_gap_and_changes_no_candle(days in proptest::collection::btree_set(0_i64..60, 1..40)) {
        let bars = Bars::from_rows(quiet(days.iter().copied())).unwrap();
        let full = fill_gaps(&bars, Timeframe::DAY);
        for bar in bars.rows() {
            prop_assert_eq!(full.bar(full.row_at(bar.time)), bar);
        }
        let rows: Vec<Bar> = full.rows().collect();
        let report = daily(&rows, &Calendar::AlwaysOpen, None);
        prop_assert!(report.finding(Issue::Gap).is_none());
        let missing = daily(&quiet(days), &Calendar::AlwaysOpen, None);
        let missing = missing.finding(Issue::Gap).map_or(0, |it| it.count);
        prop_assert_eq!(missing, full.len() - bars.len());
    }
}
