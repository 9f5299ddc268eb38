//! Days that were alike, and days that mattered.

use std::collections::BTreeMap;

use fondaco_domain::{Bar, Bars, Symbol, UnixMillis};
use jiff::civil::Date;

use super::*;
use crate::ports::Failure;
use crate::ports::research::{
    CompanyAction, Filing, Horizon, NewsQuery, ResearchStore, Story, Taken,
};

/// A list of stories; answers what explaining asks for, and nothing else.
struct Told(Vec<Story>);

impl ResearchStore for Told {
    fn stories(&self, query: &NewsQuery) -> Result<Vec<Story>, Failure> {
        let mut found: Vec<Story> = self.0.clone();
        found.retain(|story| {
            story.known_at < query.horizon.known
                && query.from.is_none_or(|from| from <= story.known_at)
        });
        found.sort_by_key(|story| std::cmp::Reverse(story.known_at));
        Ok(found)
    }

    fn place(&self) -> Result<u64, Failure> {
        unreachable!()
    }
    fn add_stories(&self, _: &[Story]) -> Result<Taken, Failure> {
        unreachable!()
    }
    fn story(&self, _: &str, _: Horizon) -> Result<Option<Story>, Failure> {
        unreachable!()
    }
    fn story_days(
        &self,
        _: &Symbol,
        _: Date,
        _: Date,
        _: Horizon,
    ) -> Result<BTreeMap<Date, u64>, Failure> {
        unreachable!()
    }
    fn add_filings(&self, _: &[Filing]) -> Result<Taken, Failure> {
        unreachable!()
    }
    fn filings(&self, _: &Symbol, _: Horizon, _: usize) -> Result<Vec<Filing>, Failure> {
        unreachable!()
    }
    fn add_actions(&self, _: &[CompanyAction]) -> Result<Taken, Failure> {
        unreachable!()
    }
    fn actions(&self, _: &Symbol, _: Horizon) -> Result<Vec<CompanyAction>, Failure> {
        unreachable!()
    }
}

const DAY: i64 = 86_400_000;

fn bars(closes: &[f64]) -> Bars {
    let bar = |(day, close): (i64, &f64)| Bar {
        time: UnixMillis(day * DAY),
        open: *close,
        high: *close,
        low: *close,
        close: *close,
        volume: 1.0,
    };
    Bars::from_rows((0..).zip(closes).map(bar)).unwrap()
}

fn told(stories: &[(i64, &str)]) -> Told {
    let story = |(hour, title): &(i64, &str)| Story {
        id: format!("{hour}"),
        published_at: UnixMillis(hour * 3_600_000),
        known_at: UnixMillis(hour * 3_600_000),
        title: (*title).to_owned(),
        summary: String::new(),
        source: String::new(),
        url: None,
        symbols: vec![symbol()],
    };
    Told(stories.iter().map(story).collect())
}

fn symbol() -> Symbol {
    "A".parse().unwrap()
}

fn day(number: i8) -> Date {
    Date::constant(1970, 1, 1 + number)
}

#[test]
fn the_nearest_day_is_the_one_that_was_the_same() {
    // Changes by day: -, +10 %, -10 %, +10 %, 0, +10 %, and one more after.
    let closes = [100.0, 110.0, 99.0, 108.9, 108.9, 119.79, 10.0];
    let stories = told(&[
        (24, "Profit beats"),
        (48, "Shares fell"),
        (72, "Shares fell"),
        (120, "A record profit"),
        (144, "SECRET"),
    ]);
    let found = similar_days(&stories, &symbol(), &bars(&closes), day(5), 9);
    let found = found.unwrap().unwrap();
    assert_eq!(
        (found.day.date, found.day.stories, found.day.tone),
        (day(5), 1, Some(1.0))
    );
    assert_eq!(found.compared, 4);
    let order: Vec<_> = found.similar.iter().map(|one| one.day.date).collect();
    // By hand: 0; 2 / 0.894 of tone; the root of 1.25², 2.5² and 1.118²; that
    // of 2.5² and 2.236².
    assert_eq!(order, [day(1), day(3), day(4), day(2)]);
    let first = &found.similar[0];
    assert!(first.distance.total() < 1e-9, "{first:?}");
    assert!((first.next.unwrap() + 0.1).abs() < 1e-9);
    // What follows the day asked for is not told.
    let before = found
        .similar
        .iter()
        .find(|one| one.day.date == day(4))
        .unwrap();
    assert_eq!(before.next, None);
    let distance = found.similar[1].distance;
    assert!(
        distance.change < 1e-9 && distance.stories < 1e-9,
        "{distance:?}"
    );
    assert!((distance.total() - distance.tone).abs() < 1e-9);
    assert!((distance.tone - 2.236).abs() < 1e-3, "{distance:?}");
    let distances = found.similar.iter().map(|one| one.distance.total());
    let expected = [0.0, 2.236, 3.010, 3.354];
    assert!(distances.zip(expected).all(|(a, b)| (a - b).abs() < 1e-3));
}

/// After the day everything is worth ten times as much and a secret is told:
/// the answer is the same.
#[test]
fn nothing_after_the_day_is_looked_at() {
    let before = [100.0, 101.0, 99.0, 102.0];
    let mut after = before.to_vec();
    after.extend([1_020.0, 990.0]);
    let told = |more: bool| {
        let mut stories = vec![(24, "Profit beats"), (72, "Shares fell")];
        stories.extend(more.then_some((96, "SECRET record profit")));
        self::told(&stories)
    };
    let of = |more: bool| {
        let bars = bars(if more { &after } else { &before });
        let similar = similar_days(&told(more), &symbol(), &bars, day(3), 9).unwrap();
        let range = explain_range(&told(more), &symbol(), &bars, (day(1), day(3)), (9, 9));
        (similar, range.unwrap())
    };
    assert_eq!(of(true), of(false));
}

#[test]
fn a_day_without_a_candle_or_without_one_before_is_like_none() {
    let stories = told(&[]);
    let bars = bars(&[1.0, 2.0]);
    for date in [day(0), day(9)] {
        assert_eq!(
            similar_days(&stories, &symbol(), &bars, date, 9).unwrap(),
            None
        );
    }
}

#[test]
fn the_days_that_moved_most_come_first() {
    let closes = [100.0, 110.0, 99.0, 99.0, 198.0];
    let stories = told(&[
        (0, "before"),
        (25, "b"),
        (26, "c"),
        (27, "d"),
        (72, "quiet"),
    ]);
    let range = explain_range(
        &stories,
        &symbol(),
        &bars(&closes),
        (day(1), day(3)),
        (2, 2),
    );
    let range = range.unwrap();
    assert_eq!((range.trading_days, range.stories), (3, 4));
    assert!((range.change.unwrap() + 0.01).abs() < 1e-12);
    let shown: Vec<_> = range
        .days
        .iter()
        .map(|one| {
            let titles = one.stories.iter().map(|story| story.title.as_str());
            (one.day.date, one.day.stories, titles.collect::<Vec<_>>())
        })
        .collect();
    // Up and down by a tenth: the first comes first.
    assert_eq!(shown, [(day(1), 3, vec!["d", "c"]), (day(2), 0, vec![])]);
    let empty = explain_range(
        &stories,
        &symbol(),
        &bars(&closes),
        (day(8), day(9)),
        (2, 2),
    );
    assert_eq!(empty.unwrap().change, None);
}
