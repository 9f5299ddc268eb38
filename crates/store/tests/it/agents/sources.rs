//! Candles and news of two companies.

use std::collections::BTreeMap;
use std::sync::Arc;

use fondaco_app::backtests::pin::Datasets;
use fondaco_app::data::{DatasetId, VersionRef};
use fondaco_app::ports::Failure;
use fondaco_app::ports::exec::Watch;
use fondaco_app::ports::research::{
    CompanyAction, Filing, Horizon, NewsQuery, ResearchStore, Story, Taken,
};
use fondaco_app::simulation::priced::{Priced, Pricer};
use fondaco_app::tools::candles::{Candles, Held};
use fondaco_contract::v1alpha1::simulation::SimulationJob;
use fondaco_domain::{Bar, Bars, Symbol, UnixMillis};
use jiff::ToSpan;
use jiff::civil::Date;

/// The only version of all candles.
pub(super) const VERSION: &str = "0000000000000000000000000000000000000000000000000000000000000000";

const HOUR: i64 = 3_600_000;

/// What there is, whenever it became known.
#[derive(Clone)]
pub(super) struct Sources {
    pub(super) candles: BTreeMap<&'static str, Vec<Bar>>,
    pub(super) stories: Vec<Story>,
}

pub(super) fn midnight(day: &str) -> UnixMillis {
    UnixMillis::midnight(day.parse().unwrap())
}

/// New York opens at half past nine, which is 14:30 in early March.
pub(super) fn opening(day: &str) -> UnixMillis {
    midnight(day).plus(14 * HOUR + HOUR / 2)
}

impl Sources {
    /// From 21 February to 9 March 2025, weekends included. AAPL opens at 70
    /// and 3 more each day, at 100 on 3 March; MSFT at 200 on every day.
    pub(super) fn usual() -> Self {
        let first: Date = "2025-02-21".parse().unwrap();
        let days = || (0..17_i64).map(|day| (day, first.saturating_add(day.days())));
        let bars = |open: fn(i64) -> f64| {
            let bar = |(day, date): (i64, Date)| Bar {
                time: UnixMillis::midnight(date),
                open: open(day),
                high: open(day) + 1.25,
                low: open(day) - 1.5,
                close: open(day) + 0.375,
                volume: 51_000.0 + day as f64,
            };
            days().map(bar).collect()
        };
        let story = |(day, date): (i64, Date), hour: i64, symbol: &str| {
            let known_at = UnixMillis::midnight(date).plus(hour * HOUR);
            Story {
                id: format!("{symbol}-{day}-{hour}"),
                published_at: known_at,
                known_at,
                title: format!("{symbol} headline {day} at {hour}"),
                summary: String::new(),
                source: "Wire".into(),
                url: None,
                symbols: vec![symbol.parse().unwrap()],
            }
        };
        let stories = days().flat_map(|day| {
            [("AAPL", 8), ("AAPL", 16), ("MSFT", 20)].map(|(name, hour)| story(day, hour, name))
        });
        Self {
            candles: BTreeMap::from([
                ("AAPL", bars(|day| 70.0 + 3.0 * day as f64)),
                ("MSFT", bars(|_| 200.0)),
            ]),
            stories: stories.collect(),
        }
    }

    /// The same, but for everything that comes after the open of a day.
    pub(super) fn poisoned(mut self, day: &str) -> Self {
        for bar in self.candles.values_mut().flatten() {
            if bar.time < midnight(day) {
                continue;
            }
            if bar.time > midnight(day) {
                bar.open *= 10.0;
            }
            bar.high *= 100.0;
            bar.low /= 100.0;
            bar.close *= 10.0;
            bar.volume *= 10.0;
        }
        for story in &mut self.stories {
            if story.known_at >= opening(day) {
                story.title = format!("SECRET {}", story.title);
                story.id = format!("SECRET {}", story.id);
            }
        }
        self
    }

    /// The candle of a day.
    pub(super) fn bar(&self, symbol: &str, day: &str) -> Bar {
        let bars = self.candles[symbol].iter();
        *bars
            .into_iter()
            .find(|bar| bar.time == midnight(day))
            .unwrap()
    }
}

impl Candles for Sources {
    fn newest(&self) -> Result<Datasets, Failure> {
        panic!("the candles of the run are pinned")
    }

    fn read(&self, dataset: &DatasetId, _: &VersionRef) -> Result<Arc<Held>, Failure> {
        let rows = self.candles[dataset.symbol.as_str()].iter().copied();
        Ok(Arc::new(Held {
            version: VERSION.to_owned(),
            bars: Bars::from_rows(rows).unwrap(),
        }))
    }
}

impl Pricer for Sources {
    fn bring(&self, _: &SimulationJob, _: &dyn Watch) -> Result<Option<Priced>, Failure> {
        panic!("nothing is downloaded")
    }
}

impl ResearchStore for Sources {
    fn place(&self) -> Result<u64, Failure> {
        Ok(0)
    }

    fn add_stories(&self, _: &[Story]) -> Result<Taken, Failure> {
        unreachable!("days only read")
    }

    fn stories(&self, query: &NewsQuery) -> Result<Vec<Story>, Failure> {
        let wanted = |story: &&Story| {
            let about = query.symbols.is_empty()
                || query.symbols.iter().any(|it| story.symbols.contains(it));
            let since = query.from.is_none_or(|from| story.known_at >= from);
            about && since && story.known_at < query.horizon.known
        };
        let mut found: Vec<_> = self.stories.iter().filter(wanted).cloned().collect();
        found.sort_by(|a, b| (b.known_at, &a.id).cmp(&(a.known_at, &b.id)));
        found.truncate(query.limit);
        Ok(found)
    }

    fn story(&self, _: &str, _: Horizon) -> Result<Option<Story>, Failure> {
        unreachable!("no tool asks for one story")
    }

    fn story_days(
        &self,
        symbol: &Symbol,
        from: Date,
        to: Date,
        horizon: Horizon,
    ) -> Result<BTreeMap<Date, u64>, Failure> {
        let mut days = BTreeMap::new();
        for story in &self.stories {
            let day = story.known_at.date();
            let known = story.known_at < horizon.known && (from..=to).contains(&day);
            if known && story.symbols.contains(symbol) {
                *days.entry(day).or_default() += 1;
            }
        }
        Ok(days)
    }

    fn add_filings(&self, _: &[Filing]) -> Result<Taken, Failure> {
        unreachable!("days only read")
    }

    fn filings(&self, _: &Symbol, _: Horizon, _: usize) -> Result<Vec<Filing>, Failure> {
        Ok(Vec::new())
    }

    fn add_actions(&self, _: &[CompanyAction]) -> Result<Taken, Failure> {
        unreachable!("days only read")
    }

    fn actions(&self, _: &Symbol, _: Horizon) -> Result<Vec<CompanyAction>, Failure> {
        Ok(Vec::new())
    }
}
