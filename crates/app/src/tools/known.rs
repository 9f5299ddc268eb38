//! What is known at a clock: the only way from a tool to its sources.
//!
//! Tools never hold a port. They hold a [`Known`], which was made of a
//! [`Scope`] and can be narrowed and not widened, so that a tool cannot tell
//! what became known later even where it wanted to.

use std::collections::BTreeMap;
use std::sync::Arc;

use fondaco_contract::v1alpha1::analysis::PortfolioContext;
use fondaco_domain::{Bars, ErrorKind, Hint, Symbol, Timeframe, UnixMillis};
use jiff::civil::Date;
use thiserror::Error;

use super::Scope;
use super::candles::{Candles, Held};
use super::nearest;
use crate::backtests::pin::{self, Datasets};
use crate::data::{CandleKind, DatasetId, VenueError, VersionRef};
use crate::ports::Failure;
use crate::ports::research::{CompanyAction, Filing, Horizon, NewsQuery, ResearchStore, Story};

/// Where tools read.
pub(super) struct Sources {
    pub(super) candles: Arc<dyn Candles>,
    pub(super) research: Arc<dyn ResearchStore>,
}

/// The sources as they were at a clock.
pub(super) struct Known<'a> {
    sources: &'a Sources,
    scope: &'a Scope,
    clock: UnixMillis,
}

/// Candles of an instrument that had closed.
pub(super) struct Series {
    pub(super) dataset: DatasetId,
    pub(super) version: String,
    held: Arc<Held>,
    closed: usize,
}

/// Why there are no candles.
pub(super) enum Absent {
    /// None of that instrument; others are called much like it.
    Symbol { nearest: Vec<Symbol> },
    /// None of that length; there are others.
    Timeframe {
        wanted: Timeframe,
        known: Vec<Timeframe>,
    },
}

/// Data sets that were pinned and cannot be meant.
#[derive(Debug, Error)]
enum PinError {
    #[error("a data set of the scope names no venue")]
    Venue(#[from] VenueError),
}

impl Hint for PinError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

/// Data sets that are read to see whether they may be named, at most.
const LOOKED_AT: usize = 8;

/// Instruments named in place of one that is not there, at most.
const NAMED: usize = 3;

impl<'a> Known<'a> {
    pub(super) fn new(sources: &'a Sources, scope: &'a Scope) -> Self {
        Self {
            sources,
            scope,
            clock: scope.clock,
        }
    }

    /// The same, at an earlier clock; a later one changes nothing.
    pub(super) fn until(&self, clock: Option<UnixMillis>) -> Self {
        let clock = clock.map_or(self.clock, |clock| clock.min(self.clock));
        Self { clock, ..*self }
    }

    /// The day on which anything may have become known last, in UTC.
    pub(super) fn last_day(&self) -> Date {
        self.clock.plus(-1).date()
    }

    /// The length of candles where none is named.
    pub(super) fn timeframe(&self) -> Timeframe {
        self.scope.timeframe
    }

    /// What is held, where it is known.
    pub(super) fn portfolio(&self) -> Option<&PortfolioContext> {
        self.scope.portfolio.as_ref()
    }

    /// The candles of an instrument that had closed at the clock, at least
    /// one. Of several venues the first by name.
    pub(super) fn series(
        &self,
        symbol: &Symbol,
        timeframe: Timeframe,
    ) -> Result<Result<Series, Absent>, Failure> {
        let datasets = self.datasets()?;
        let of_symbol = || datasets.iter().filter(|(id, _)| id.symbol == *symbol);
        for (id, version) in of_symbol().filter(|(id, _)| id.timeframe == timeframe) {
            if let Some(series) = self.closed(id, version)? {
                return Ok(Ok(series));
            }
        }
        let mut known = Vec::new();
        for (id, version) in of_symbol().filter(|(id, _)| id.timeframe != timeframe) {
            if self.closed(id, version)?.is_some() {
                known.push(id.timeframe);
            }
        }
        known.sort();
        known.dedup();
        Ok(Err(if known.is_empty() {
            Absent::Symbol {
                nearest: self.nearest(symbol, &datasets)?,
            }
        } else {
            Absent::Timeframe {
                wanted: timeframe,
                known,
            }
        }))
    }

    /// Stamp and open of the candle that has just opened, where its length is
    /// the usual one and nobody looks at an earlier clock.
    pub(super) fn opening(&self, series: &Series) -> Option<(UnixMillis, f64)> {
        let opening = self
            .scope
            .opening
            .filter(|_| self.clock == self.scope.clock)?;
        if series.dataset.timeframe != self.scope.timeframe {
            return None;
        }
        let bars = &series.held.bars;
        let at = bars.time().binary_search(&opening).ok()?;
        Some((opening, bars.open()[at]))
    }

    /// Stories known from midnight of a day on, the newest first.
    pub(super) fn stories(
        &self,
        symbol: Option<&Symbol>,
        words: Option<&str>,
        from: Date,
        limit: usize,
    ) -> Result<Vec<Story>, Failure> {
        let from = UnixMillis::midnight(from);
        let mut stories = self.sources.research.stories(&NewsQuery {
            symbols: symbol.cloned().into_iter().collect(),
            words: words.map(ToOwned::to_owned),
            from: Some(from),
            horizon: self.horizon(),
            limit,
        })?;
        stories.retain(|story| {
            self.covers(story.known_at) && story.published_at < self.clock && story.known_at >= from
        });
        Ok(stories)
    }

    /// How many stories of an instrument became known on each day.
    pub(super) fn story_days(
        &self,
        symbol: &Symbol,
        from: Date,
        to: Date,
    ) -> Result<BTreeMap<Date, u64>, Failure> {
        let to = to.min(self.last_day());
        if to < from {
            return Ok(BTreeMap::new());
        }
        let horizon = self.horizon();
        let mut days = self
            .sources
            .research
            .story_days(symbol, from, to, horizon)?;
        days.retain(|day, _| (from..=to).contains(day));
        Ok(days)
    }

    /// Filings, the newest known first.
    pub(super) fn filings(&self, symbol: &Symbol, limit: usize) -> Result<Vec<Filing>, Failure> {
        let horizon = self.horizon();
        let mut filings = self.sources.research.filings(symbol, horizon, limit)?;
        filings.retain(|filing| self.covers(filing.known_at));
        Ok(filings)
    }

    /// Corporate actions, the newest effective first.
    pub(super) fn actions(&self, symbol: &Symbol) -> Result<Vec<CompanyAction>, Failure> {
        let mut actions = self.sources.research.actions(symbol, self.horizon())?;
        actions.retain(|action| self.covers(action.known_at));
        Ok(actions)
    }

    /// Instruments called much like one of which nothing at all was known;
    /// none where something was.
    pub(super) fn instead_of(&self, symbol: &Symbol) -> Result<Option<Vec<Symbol>>, Failure> {
        let datasets = self.datasets()?;
        for (id, version) in datasets.iter().filter(|(id, _)| id.symbol == *symbol) {
            if self.closed(id, version)?.is_some() {
                return Ok(None);
            }
        }
        let is_known = !self.stories(Some(symbol), None, Date::MIN, 1)?.is_empty()
            || !self.filings(symbol, 1)?.is_empty()
            || !self.actions(symbol)?.is_empty();
        if is_known {
            return Ok(None);
        }
        self.nearest(symbol, &datasets).map(Some)
    }

    /// Which imports are read, for the record.
    pub(super) fn research(&self) -> Result<String, Failure> {
        let place = match self.scope.research {
            Some(place) => place,
            None => self.sources.research.place()?,
        };
        Ok(format!("research@{place}"))
    }

    fn horizon(&self) -> Horizon {
        Horizon {
            known: self.clock,
            place: self.scope.research,
        }
    }

    /// Whether something was known. An item without a date has none before
    /// which it could not have been known, and is left out.
    fn covers(&self, known_at: UnixMillis) -> bool {
        known_at.0 > 0 && known_at < self.clock
    }

    fn datasets(&self) -> Result<Datasets, Failure> {
        let mut datasets = match &self.scope.candles {
            Some(pinned) => {
                pin::datasets(pinned).map_err(|error| Failure::new(PinError::from(error)))?
            }
            None => self.sources.candles.newest()?,
        };
        datasets.retain(|id, _| id.kind == CandleKind::Trades);
        Ok(datasets)
    }

    /// The candles of a data set that had closed; none where none had.
    fn closed(&self, id: &DatasetId, version: &VersionRef) -> Result<Option<Series>, Failure> {
        let held = self.sources.candles.read(id, version)?;
        let length = id.timeframe.millis();
        let has_closed = |open: &UnixMillis| open.0.saturating_add(length) <= self.clock.0;
        let closed = held.bars.time().partition_point(has_closed);
        Ok((closed > 0).then(|| Series {
            dataset: id.clone(),
            version: held.version.clone(),
            held,
            closed,
        }))
    }

    fn nearest(&self, symbol: &Symbol, datasets: &Datasets) -> Result<Vec<Symbol>, Failure> {
        let mut near = Vec::new();
        for (id, version) in nearest::of(symbol, datasets).into_iter().take(LOOKED_AT) {
            if near.len() < NAMED
                && !near.contains(&id.symbol)
                && self.closed(id, version)?.is_some()
            {
                near.push(id.symbol.clone());
            }
        }
        Ok(near)
    }
}

impl Series {
    /// The last candles, as many as wanted and there are.
    pub(super) fn last(&self, count: usize) -> Bars {
        let from = self.closed.saturating_sub(count);
        self.held.bars.slice(from..self.closed)
    }

    /// Data set and version, for the record.
    pub(super) fn source(&self) -> String {
        format!("{}@{}", self.dataset, self.version)
    }

    /// When a candle that opened then closed.
    pub(super) fn close_of(&self, open: UnixMillis) -> UnixMillis {
        open.plus(self.dataset.timeframe.millis())
    }
}
