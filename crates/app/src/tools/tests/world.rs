//! A small world: two companies of which something is known, and a calendar
//! of what became known when.

use std::collections::BTreeMap;
use std::sync::Arc;

use fondaco_contract::v1alpha1::{CandleKind as KindName, JobDataset};
use fondaco_domain::{Bar, Bars, ContentHash, Symbol, Timeframe, UnixMillis, time};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use serde_json::Value;

use crate::backtests::pin::Datasets;
use crate::data::{CandleKind, DatasetId, VersionRef};
use crate::ports::Failure;
use crate::ports::research::{
    ActionKind, CompanyAction, Figure, Filing, Horizon, NewsQuery, ResearchStore, Story, Taken,
};
use crate::tools::candles::{Candles, Held};
use crate::tools::{Answer, Scope, ToolError, Toolbox};

/// The first day there is anything.
pub(super) const FIRST: Date = date(2024, 6, 3);

/// Days there is something of.
pub(super) const DAYS: i64 = 300;

pub(super) fn symbol(name: &str) -> Symbol {
    name.parse().unwrap()
}

pub(super) fn at(text: &str) -> UnixMillis {
    time::parse_stamp(text).unwrap()
}

pub(super) fn day(number: i64) -> Date {
    FIRST.saturating_add(number.days())
}

/// Nothing held, nothing pinned.
pub(super) fn scope(clock: UnixMillis) -> Scope {
    Scope {
        clock,
        opening: None,
        candles: None,
        timeframe: Timeframe::DAY,
        research: None,
        portfolio: None,
    }
}

/// What there is, all of it, whenever it became known.
#[derive(Clone, Default)]
pub(super) struct World {
    pub(super) candles: BTreeMap<(String, Timeframe), Vec<Bar>>,
    pub(super) stories: Vec<Story>,
    pub(super) filings: Vec<Filing>,
    pub(super) actions: Vec<CompanyAction>,
    /// Whether the store forgets the horizon it is given.
    pub(super) lies: bool,
}

impl World {
    /// Two companies.
    pub(super) fn usual() -> Self {
        let mut world = Self::default();
        for (name, base) in [("AAPL", 200.0), ("MSFT", 400.0)] {
            let daily = (0..DAYS).map(|number| candle(day(number), number, base));
            let daily = daily.collect();
            world
                .candles
                .insert((name.to_owned(), Timeframe::DAY), daily);
            for number in 0..DAYS {
                world.stories.push(story(name, number));
            }
            for quarter in 0..4 {
                world.filings.push(filing(name, 2024, quarter));
                world.filings.push(filing(name, 2023, quarter));
            }
            for number in [20, 110, 200, 290] {
                world.actions.push(CompanyAction {
                    symbol: symbol(name),
                    known_at: UnixMillis::midnight(day(number)),
                    effective: day(number + 12),
                    what: ActionKind::Dividend { amount: 0.25 },
                });
            }
        }
        let hourly = ((DAYS - 60) * 24..DAYS * 24).map(|hour| {
            let price = 200.0 + (hour % 17) as f64;
            bar(
                UnixMillis::midnight(FIRST).plus(hour * 3_600_000),
                price,
                10.0,
            )
        });
        let hourly = hourly.collect();
        world
            .candles
            .insert(("AAPL".to_owned(), Timeframe::HOUR), hourly);
        world
    }

    pub(super) fn toolbox(&self) -> Toolbox {
        Toolbox::standard(Arc::new(self.clone()), Arc::new(self.clone()))
    }

    pub(super) fn call(
        &self,
        tool: &str,
        arguments: &Value,
        scope: &Scope,
    ) -> Result<Answer, ToolError> {
        self.toolbox().call(tool, arguments, scope)
    }

    /// An answer as a document.
    pub(super) fn document(&self, tool: &str, arguments: &Value, scope: &Scope) -> Value {
        let answer = self.call(tool, arguments, scope).unwrap();
        serde_json::from_str(&answer.text).unwrap()
    }

    /// Its candles, as a job would name them.
    pub(super) fn pinned(&self) -> Vec<JobDataset> {
        let named = |((name, timeframe), rows): (&(String, Timeframe), &Vec<Bar>)| JobDataset {
            venue: "test".into(),
            symbol: symbol(name),
            timeframe: *timeframe,
            kind: KindName::Trades,
            version: version(rows),
        };
        self.candles.iter().map(named).collect()
    }

    fn sees(&self, known_at: UnixMillis, horizon: Horizon) -> bool {
        self.lies || known_at < horizon.known
    }
}

/// Enough of a hash to tell the worlds of these tests apart.
fn version(rows: &[Bar]) -> String {
    ContentHash::of(format!("{} {:?}", rows.len(), rows.last()).as_bytes()).to_string()
}

fn candle(day: Date, number: i64, base: f64) -> Bar {
    let price = base + (number % 23) as f64 - (number % 7) as f64;
    bar(
        UnixMillis::midnight(day),
        price,
        1_000.0 + (number % 5) as f64,
    )
}

fn bar(time: UnixMillis, price: f64, volume: f64) -> Bar {
    Bar {
        time,
        open: price - 0.5,
        high: price + 1.5,
        low: price - 1.5,
        close: price,
        volume,
    }
}

fn story(name: &str, number: i64) -> Story {
    let known_at = UnixMillis::midnight(day(number)).plus(number % 24 * 3_600_000);
    Story {
        id: format!("{name}-{number}"),
        published_at: known_at,
        known_at,
        title: format!("{name} headline {number}"),
        summary: format!("what {name} did on day {number}"),
        source: "Wire".into(),
        url: None,
        symbols: vec![symbol(name)],
    }
}

fn filing(name: &str, year: i16, quarter: i8) -> Filing {
    let end = date(year, quarter * 3 + 3, 28);
    let figure = |value| Figure {
        value,
        unit: "USD".into(),
    };
    let size = f64::from(year) - 2_000.0 + f64::from(quarter);
    Filing {
        symbol: symbol(name),
        fiscal_year: year.to_string(),
        fiscal_period: format!("Q{}", quarter + 1),
        period_start: None,
        period_end: end,
        known_at: UnixMillis::midnight(end.saturating_add(30.days())),
        figures: BTreeMap::from([
            ("income_statement.revenues".into(), figure(size * 10.0)),
            ("income_statement.net_income_loss".into(), figure(size)),
            (
                "income_statement.diluted_earnings_per_share".into(),
                figure(size / 8.0),
            ),
        ]),
    }
}

impl Candles for World {
    fn newest(&self) -> Result<Datasets, Failure> {
        let named = |((name, timeframe), rows): (&(String, Timeframe), &Vec<Bar>)| {
            let id = DatasetId {
                venue: "test".parse().unwrap(),
                symbol: symbol(name),
                timeframe: *timeframe,
                kind: CandleKind::Trades,
            };
            (id, VersionRef::Id(version(rows)))
        };
        Ok(self.candles.iter().map(named).collect())
    }

    fn read(&self, dataset: &DatasetId, wanted: &VersionRef) -> Result<Arc<Held>, Failure> {
        let rows = &self.candles[&(dataset.symbol.to_string(), dataset.timeframe)];
        let version = version(rows);
        assert_eq!(*wanted, VersionRef::Id(version.clone()));
        let bars = Bars::from_rows(rows.iter().copied()).unwrap();
        Ok(Arc::new(Held { version, bars }))
    }
}

impl ResearchStore for World {
    fn place(&self) -> Result<u64, Failure> {
        Ok(7)
    }

    fn add_stories(&self, _: &[Story]) -> Result<Taken, Failure> {
        unreachable!("tools only read")
    }

    fn stories(&self, query: &NewsQuery) -> Result<Vec<Story>, Failure> {
        let wanted = |story: &&Story| {
            let about = query.symbols.is_empty()
                || query.symbols.iter().any(|it| story.symbols.contains(it));
            let said = query.words.as_ref().is_none_or(|words| {
                let text = format!("{} {}", story.title, story.summary);
                words.split_whitespace().all(|word| text.contains(word))
            });
            about
                && said
                && query.from.is_none_or(|from| story.known_at >= from)
                && self.sees(story.known_at, query.horizon)
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
            if story.symbols.contains(symbol)
                && (from..=to).contains(&day)
                && self.sees(story.known_at, horizon)
            {
                *days.entry(day).or_default() += 1;
            }
        }
        Ok(days)
    }

    fn add_filings(&self, _: &[Filing]) -> Result<Taken, Failure> {
        unreachable!("tools only read")
    }

    fn filings(
        &self,
        symbol: &Symbol,
        horizon: Horizon,
        limit: usize,
    ) -> Result<Vec<Filing>, Failure> {
        let all = self.filings.iter();
        let wanted = all.filter(|it| it.symbol == *symbol && self.sees(it.known_at, horizon));
        let mut found: Vec<_> = wanted.cloned().collect();
        found.sort_by_key(|filing| std::cmp::Reverse(filing.known_at));
        found.truncate(limit);
        Ok(found)
    }

    fn add_actions(&self, _: &[CompanyAction]) -> Result<Taken, Failure> {
        unreachable!("tools only read")
    }

    fn actions(&self, symbol: &Symbol, horizon: Horizon) -> Result<Vec<CompanyAction>, Failure> {
        let all = self.actions.iter();
        let wanted = all.filter(|it| it.symbol == *symbol && self.sees(it.known_at, horizon));
        Ok(wanted.cloned().collect())
    }
}
