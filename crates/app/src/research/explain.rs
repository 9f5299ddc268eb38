//! Days of an instrument by what its price did and what was told of it: which
//! were alike, and which mattered.
//!
//! A day is a daily candle and the stories that became known on its date in
//! UTC. What is told after the market closed counts to the day all the same.

use std::collections::BTreeMap;

use fondaco_domain::{Bars, Symbol};
use jiff::civil::Date;

use super::news::end_of;
use super::tone;
use crate::ports::Failure;
use crate::ports::research::{Horizon, NewsQuery, ResearchStore, Story};

/// One day.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// Its date in UTC.
    pub date: Date,
    /// Its close.
    pub close: f64,
    /// Its close over that of the day before, less one; none for the first.
    pub change: Option<f64>,
    /// How many stories became known.
    pub stories: u64,
    /// [`tone`] of their headlines.
    pub tone: Option<f64>,
}

/// How far two days are from each other, in parts: each is a difference over
/// the standard deviation of all days that are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    /// Of the change of the price.
    pub change: f64,
    /// Of the logarithm of one more than the number of stories.
    pub stories: f64,
    /// Of the tone; a day without any has one of 0.
    pub tone: f64,
}

impl Distance {
    /// The root of the sum of their squares.
    pub fn total(&self) -> f64 {
        let Self {
            change,
            stories,
            tone,
        } = self;
        (change * change + stories * stories + tone * tone).sqrt()
    }
}

/// A day like the one asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Similar {
    /// Which.
    pub day: Day,
    /// How like.
    pub distance: Distance,
    /// The change of the price on the trading day after it, where that is
    /// before the day asked for.
    pub next: Option<f64>,
}

/// A day, and those before it that were most like it.
#[derive(Debug, Clone, PartialEq)]
pub struct SimilarDays {
    /// The day asked for.
    pub day: Day,
    /// The nearest first, and of equal ones the newest.
    pub similar: Vec<Similar>,
    /// How many days were compared.
    pub compared: usize,
}

/// Days before one that were like it; none where there is no candle of that
/// date or of the day before. Nothing after the end of the day is looked at.
pub fn similar_days(
    store: &dyn ResearchStore,
    symbol: &Symbol,
    bars: &Bars,
    date: Date,
    limit: usize,
) -> Result<Option<SimilarDays>, Failure> {
    let told = told(store, symbol, None, date)?;
    let mut days = days(bars, &told);
    days.retain(|day| day.date <= date && day.change.is_some());
    let Some(day) = days.pop_if(|day| day.date == date) else {
        return Ok(None);
    };
    let scale = Scale::of(days.iter().chain([&day]));
    let next: Vec<Option<f64>> = days.iter().skip(1).map(|day| day.change).collect();
    let next = next.into_iter().chain([None]);
    let compared = days.len();
    let mut similar: Vec<Similar> = days
        .into_iter()
        .zip(next)
        .map(|(other, next)| Similar {
            distance: scale.distance(&day, &other),
            day: other,
            next,
        })
        .collect();
    similar.sort_by(|a, b| {
        let by_distance = a.distance.total().total_cmp(&b.distance.total());
        by_distance.then(b.day.date.cmp(&a.day.date))
    });
    similar.truncate(limit);
    Ok(Some(SimilarDays {
        day,
        similar,
        compared,
    }))
}

/// A day of a range, with what was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// Which.
    pub day: Day,
    /// The newest first, as many as were asked for.
    pub stories: Vec<Story>,
}

/// What moved a price within a range.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeExplained {
    /// The last close over the close before the range, less one; where there
    /// is none before, over the first.
    pub change: Option<f64>,
    /// Days with a candle.
    pub trading_days: usize,
    /// Stories of all days, also of those without a candle.
    pub stories: u64,
    /// The largest changes first, as many as were asked for.
    pub days: Vec<Explained>,
}

/// The days of `[from, to]`, those that moved most first, each with stories of
/// it. Nothing after the end of the last day is looked at.
pub fn explain_range(
    store: &dyn ResearchStore,
    symbol: &Symbol,
    bars: &Bars,
    (from, to): (Date, Date),
    (most_days, most_stories): (usize, usize),
) -> Result<RangeExplained, Failure> {
    let mut told = told(store, symbol, Some(from), to)?;
    let mut all = days(bars, &told);
    all.retain(|day| day.date <= to);
    let first = all.partition_point(|day| day.date < from);
    let mut within = all.split_off(first);
    let base = all.last().or(within.first()).map(|day| day.close);
    let last = within.last().map(|day| day.close);
    let (trading_days, stories) = (within.len(), told.values().map(Vec::len).sum::<usize>());
    within.sort_by(|a, b| {
        let size = |day: &Day| day.change.unwrap_or_default().abs();
        size(b).total_cmp(&size(a)).then(a.date.cmp(&b.date))
    });
    within.truncate(most_days);
    let explained = within.into_iter().map(|day| {
        let mut stories = told.remove(&day.date).unwrap_or_default();
        stories.truncate(most_stories);
        Explained { day, stories }
    });
    Ok(RangeExplained {
        change: base.zip(last).map(|(base, last)| last / base - 1.0),
        trading_days,
        stories: stories as u64,
        days: explained.collect(),
    })
}

/// Stories by the day on which they became known, the newest first.
fn told(
    store: &dyn ResearchStore,
    symbol: &Symbol,
    from: Option<Date>,
    to: Date,
) -> Result<BTreeMap<Date, Vec<Story>>, Failure> {
    let stories = store.stories(&NewsQuery {
        symbols: vec![symbol.clone()],
        words: None,
        from: from.map(fondaco_domain::UnixMillis::midnight),
        horizon: Horizon {
            known: end_of(to),
            place: None,
        },
        limit: usize::MAX,
    })?;
    let mut days: BTreeMap<Date, Vec<Story>> = BTreeMap::new();
    for story in stories {
        days.entry(story.known_at.date()).or_default().push(story);
    }
    Ok(days)
}

fn days(bars: &Bars, told: &BTreeMap<Date, Vec<Story>>) -> Vec<Day> {
    let mut before: Option<f64> = None;
    let mut days = Vec::with_capacity(bars.len());
    for row in 0..bars.len() {
        let bar = bars.bar(row);
        let date = bar.time.date();
        let stories = told.get(&date).map_or(&[][..], Vec::as_slice);
        days.push(Day {
            date,
            close: bar.close,
            change: before.map(|before| bar.close / before - 1.0),
            stories: stories.len() as u64,
            tone: tone(stories.iter().map(|story| story.title.as_str())),
        });
        before = Some(bar.close);
    }
    days
}

/// What makes different things comparable.
struct Scale {
    change: f64,
    stories: f64,
    tone: f64,
}

impl Scale {
    fn of<'a>(days: impl Iterator<Item = &'a Day> + Clone) -> Self {
        Self {
            change: deviation(days.clone().map(change_of)),
            stories: deviation(days.clone().map(stories_of)),
            tone: deviation(days.map(tone_of)),
        }
    }

    fn distance(&self, a: &Day, b: &Day) -> Distance {
        // Where all days are alike in something they are so here, too.
        let part = |scale: f64, a: f64, b: f64| {
            if scale > 0.0 {
                (a - b).abs() / scale
            } else {
                0.0
            }
        };
        Distance {
            change: part(self.change, change_of(a), change_of(b)),
            stories: part(self.stories, stories_of(a), stories_of(b)),
            tone: part(self.tone, tone_of(a), tone_of(b)),
        }
    }
}

fn change_of(day: &Day) -> f64 {
    day.change.unwrap_or_default()
}

fn stories_of(day: &Day) -> f64 {
    (day.stories as f64).ln_1p()
}

fn tone_of(day: &Day) -> f64 {
    day.tone.unwrap_or_default()
}

/// Of a population.
fn deviation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares = values
        .map(|value| (value - mean) * (value - mean))
        .sum::<f64>();
    (squares / count).sqrt()
}
