//! What is missing, what comes first, and what is said of it.

use std::collections::{BTreeMap, BTreeSet};

use fondaco_contract::v1alpha1::simulation::{Completeness, SimDate};
use fondaco_domain::Symbol;
use fondaco_domain::calendar::{Calendar, HolidayList};
use fondaco_domain::task::SkipReason;
use fondaco_domain::time::parse_stamp;
use proptest::prelude::*;

use super::super::*;
use super::fakes::{bars, steps, symbol, symbols};

/// Symbols that have these days: `A: 2025-10-01 2025-10-02`.
fn coverage(lines: &[&str]) -> Coverage {
    let line = |line: &&str| {
        let (name, dates) = line.split_once(':').unwrap();
        let opens = steps(dates).into_iter().map(SimDate::open).collect();
        (symbol(name), opens)
    };
    lines.iter().map(line).collect()
}

fn us(dates: &str, names: &str, lines: &[&str]) -> Availability {
    let (steps, symbols) = (steps(dates), symbols(names));
    Availability::of(&steps, &symbols, &Calendar::UsEquities, &coverage(lines)).unwrap()
}

fn order(availability: &Availability, now: &str) -> Vec<(String, usize)> {
    let plan = availability.plan(parse_stamp(now).unwrap());
    let told = |it: &Planned| (it.symbol.to_string(), it.completes);
    plan.order.iter().map(told).collect()
}

#[test]
fn days_without_trade_are_never_fetched() {
    // A weekend, Thanksgiving, and New Year's Day.
    let days = "2025-10-04 2025-10-05 2025-11-27 2026-01-01";
    let closed = us(days, "A B", &[]);
    assert_eq!(order(&closed, "2026-02-01"), []);
    for step in steps(days) {
        assert!(!closed.trades(step));
        let reason = closed.reason(step, Completeness::AllSymbols, &BTreeSet::new());
        assert_eq!(reason, Some(SkipReason::IncompletePriceData), "{step}");
    }
}

#[test]
fn a_day_that_is_not_over_is_not_fetched() {
    let today = us("2025-10-10", "A", &[]);
    // The session ends at 16:00 in New York, in summer 20:00 UTC.
    assert_eq!(order(&today, "2025-10-10T19:59:59Z"), []);
    let over = order(&today, "2025-10-10T20:00:00Z");
    assert_eq!(over, [("A".to_owned(), 1)]);
}

#[test]
fn a_year_the_calendar_does_not_know_is_no_guess() {
    let step = steps("2026-10-01");
    let list = HolidayList::new([2025], []).unwrap();
    let calendar = Calendar::AShares(list);
    let error = Availability::of(&step, &symbols("600519.SHH"), &calendar, &Coverage::new());
    assert_eq!(
        error.unwrap_err().to_string(),
        "the calendar `a-shares` does not know the year of 2026-10-01"
    );
}

#[test]
fn an_hour_is_a_step_as_well() {
    let hours = us("2025-10-01 2025-10-02", "A", &["A:2025-10-01"]);
    assert_eq!(hours.missing(steps("2025-10-02")[0]).count(), 1);
    let step: SimDate = "2025-10-01 10:00:00".parse().unwrap();
    let opens = BTreeMap::from([(symbol("A"), BTreeSet::from([step.open()]))]);
    let hours = Availability::of(&[step], &symbols("A"), &Calendar::UsEquities, &opens).unwrap();
    assert_eq!(
        hours.reason(step, Completeness::AllSymbols, &BTreeSet::new()),
        None
    );
}

#[test]
fn what_completes_most_comes_first() {
    // C lacks three days, on two of which nothing else is missing.
    let three = us(
        "2025-10-01 2025-10-02 2025-10-03",
        "A B C",
        &["A:2025-10-01 2025-10-02", "B:2025-10-01 2025-10-02", "C:"],
    );
    let now = "2025-10-10";
    let told = |names: &[(&str, usize)]| -> Vec<(String, usize)> {
        let owned = names.iter().map(|(name, n)| ((*name).to_owned(), *n));
        owned.collect()
    };
    assert_eq!(order(&three, now), told(&[("C", 2), ("A", 0), ("B", 1)]));

    // Nothing completes anything by itself: by name, and the last completes.
    let none = us("2025-10-01 2025-10-02", "C A B", &[]);
    assert_eq!(order(&none, now), told(&[("A", 0), ("B", 0), ("C", 2)]));

    // Of what completes nothing, what stands beside fewer others comes first:
    // two answers complete a day, where by name they would complete none.
    let near = us(
        "2025-10-01 2025-10-02 2025-10-03",
        "A B C Y Z",
        &[
            "A:2025-10-03",
            "B:2025-10-03",
            "C:2025-10-03",
            "Y:2025-10-01 2025-10-02",
            "Z:2025-10-01 2025-10-02",
        ],
    );
    assert_eq!(
        order(&near, now),
        told(&[("Y", 0), ("Z", 1), ("A", 0), ("B", 0), ("C", 2)])
    );
}

#[test]
fn the_reason_of_a_day() {
    use Completeness::{AllSymbols, HeldAndRequested};
    use SkipReason::{IncompletePriceData as Incomplete, RateLimited as Limited};
    let days = us(
        "2025-10-01 2025-10-02 2025-10-03 2025-10-04",
        "A B C",
        &["A:2025-10-01 2025-10-02", "B:2025-10-01", "C:2025-10-01"],
    );
    // Lacking: nothing, B and C, everything; a Saturday.
    let table = [
        ("2025-10-01", AllSymbols, "", "", None),
        ("2025-10-02", AllSymbols, "", "", Some(Incomplete)),
        // Only where nothing else is missing would it have been complete.
        ("2025-10-02", AllSymbols, "", "B", Some(Incomplete)),
        ("2025-10-02", AllSymbols, "", "B C", Some(Limited)),
        ("2025-10-03", AllSymbols, "", "A B C", Some(Limited)),
        ("2025-10-04", AllSymbols, "", "A B C", Some(Incomplete)),
        // What nobody holds or asks for blocks nobody.
        ("2025-10-02", HeldAndRequested, "", "", None),
        ("2025-10-02", HeldAndRequested, "A", "", None),
        ("2025-10-02", HeldAndRequested, "A B", "", Some(Incomplete)),
        ("2025-10-02", HeldAndRequested, "A B", "B", Some(Limited)),
        ("2025-10-02", HeldAndRequested, "B C", "B", Some(Incomplete)),
        // Where nobody has a price there is nothing to do.
        ("2025-10-03", HeldAndRequested, "", "", Some(Incomplete)),
        ("2025-10-03", HeldAndRequested, "", "A", Some(Limited)),
        ("2025-10-04", HeldAndRequested, "", "A", Some(Incomplete)),
        // A stranger has no candle.
        ("2025-10-01", HeldAndRequested, "X", "", Some(Incomplete)),
        // A day that was not asked about.
        ("2025-10-06", AllSymbols, "", "A B C", Some(Incomplete)),
    ];
    for (day, policy, needed, unreached, expected) in table {
        let set = |names: &str| symbols(names).into_iter().collect::<BTreeSet<_>>();
        let step = steps(day)[0];
        let found = days.reason_for(step, policy, &set(needed), &set(unreached));
        assert_eq!(found, expected, "{day} {policy:?} {needed:?} {unreached:?}");
        if needed.is_empty() {
            assert_eq!(days.reason(step, policy, &set(unreached)), expected);
        }
    }
}

#[test]
fn five_days_of_which_two_are_a_weekend() {
    let shelf = super::fakes::Shelf::empty().with("AAPL", bars("2025-10-01 2025-10-02 2025-10-03"));
    let asked = "2025-10-01 2025-10-02 2025-10-03 2025-10-04 2025-10-05";
    let week = Availability::of(
        &steps(asked),
        &symbols("AAPL"),
        &Calendar::UsEquities,
        &shelf.coverage(),
    )
    .unwrap();
    let reasons = week.reasons(Completeness::AllSymbols, &BTreeSet::new());
    assert!(
        reasons
            .values()
            .all(|it| *it == SkipReason::IncompletePriceData)
    );
    assert_eq!(
        incomplete(reasons.into_keys()).as_deref(),
        Some("Skipped 2 dates due to incomplete price data: ['2025-10-04', '2025-10-05']")
    );
    assert_eq!(order(&week, "2025-10-10"), []);
}

/// Trading days of a month, and for each of some symbols which it lacks.
fn lacking() -> impl Strategy<Value = Vec<(SimDate, BTreeSet<Symbol>)>> {
    const NAMES: [&str; 6] = ["A", "B", "C", "D", "E", "F"];
    let set = prop::collection::btree_set(prop::sample::select(&NAMES[..]), 0..5);
    prop::collection::vec(set, 1..12).prop_map(|sets| {
        let day = |n: usize| format!("2025-09-{:02}", n + 1).parse().unwrap();
        sets.into_iter()
            .enumerate()
            .map(|(n, names)| (day(n), names.into_iter().map(symbol).collect()))
            .collect()
    })
}

/// Days that are complete once those are there: the slow way.
fn complete(days: &[(SimDate, BTreeSet<Symbol>)], there: &BTreeSet<Symbol>) -> usize {
    days.iter()
        .filter(|(_, lacks)| !lacks.is_empty() && lacks.is_subset(there))
        .count()
}

proptest! {
    #[test]
    fn each_step_of_a_plan_completes_most(days in lacking()) {
        let plan = Plan::of(days.iter().map(|(day, lacks)| (*day, lacks)));
        let all: BTreeSet<Symbol> = days.iter().flat_map(|(_, lacks)| lacks.clone()).collect();
        let mut there = BTreeSet::new();
        for planned in &plan.order {
            let with = |symbol: &Symbol| {
                let mut there = there.clone();
                there.insert(symbol.clone());
                complete(&days, &there)
            };
            let before = complete(&days, &there);
            let most = all.difference(&there).map(with).max().unwrap() - before;
            prop_assert_eq!(planned.completes, most);
            prop_assert_eq!(with(&planned.symbol) - before, most);
            let missing: BTreeSet<SimDate> = days
                .iter()
                .filter(|(_, lacks)| lacks.contains(&planned.symbol))
                .map(|(day, _)| *day)
                .collect();
            prop_assert_eq!(&planned.missing, &missing);
            prop_assert!(there.insert(planned.symbol.clone()), "twice");
        }
        prop_assert_eq!(there, all);
    }
}
