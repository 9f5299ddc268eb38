//! Candles for backtests: from a freqtrade folder as it lies, or from the
//! store.

use std::collections::BTreeMap;

use fondaco_app::backtests::pin::traded;
use fondaco_app::backtests::source::{CandleSource, Series, Sourced};
use fondaco_app::data::{CandleKind, DatasetId, Selector, VersionRef, content_hash};
use fondaco_app::ports::{BarStore, Failure};
use fondaco_domain::market::TradingMode;
use fondaco_domain::{Bars, ErrorKind, Hint, Symbol, TimeRange, Timeframe};
use thiserror::Error;
use tokio::runtime::Handle;

use crate::freqtrade::FreqtradeDir;

impl CandleSource for FreqtradeDir {
    fn symbols(&self, timeframe: Timeframe, mode: TradingMode) -> Result<Vec<Symbol>, Failure> {
        let is_wanted = |entry: &&crate::FreqtradeEntry| {
            entry.timeframe == timeframe && entry.mode == mode && entry.kind == CandleKind::Trades
        };
        let symbols = self
            .list()
            .iter()
            .filter(is_wanted)
            .map(|entry| entry.symbol.clone());
        Ok(symbols.collect())
    }

    fn load(
        &self,
        symbol: &Symbol,
        series: Series,
        mode: TradingMode,
        range: TimeRange,
    ) -> Result<Sourced, Failure> {
        let (bars, kind) = match series {
            Series::Candles(timeframe) => {
                (self.bars(symbol, timeframe, mode), timeframe.to_string())
            }
            Series::Mark => (self.mark(symbol), "mark".to_owned()),
            Series::Funding => (self.funding(symbol), "funding_rate".to_owned()),
        };
        let bars = bars.map_err(Failure::new)?;
        let version = content_hash(&bars).to_string();
        let folder = self
            .folder()
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        Ok(Sourced {
            bars: within(bars, range),
            dataset: format!("{folder} {symbol} {kind}"),
            version,
        })
    }
}

/// Data sets of a store as a source, each in one version: what else comes into
/// the store changes nothing. Waits for the store on the runtime it is handed,
/// so it must not be called from that runtime's own threads.
pub struct StoreSource<'a> {
    store: &'a dyn BarStore,
    runtime: Handle,
    datasets: BTreeMap<DatasetId, VersionRef>,
}

/// A data set of the store that cannot be chosen.
#[derive(Debug, Error)]
pub enum ChoiceError {
    /// The store has no such candles.
    #[error("the store has no {what} of {symbol}")]
    Absent {
        /// What was looked for.
        what: String,
        /// The instrument.
        symbol: Symbol,
    },
    /// Several venues have them.
    #[error("{symbol} is in the store from several venues: {venues}")]
    SeveralVenues {
        /// The instrument.
        symbol: Symbol,
        /// The venues.
        venues: String,
    },
}

impl Hint for ChoiceError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Absent { .. } => ErrorKind::NotFound,
            Self::SeveralVenues { .. } => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Absent { .. } => "see `fondaco data list`, or import candles first".into(),
            Self::SeveralVenues { .. } => "choose one with --venue".into(),
        })
    }
}

impl<'a> StoreSource<'a> {
    /// These data sets of a store, in these versions.
    pub fn new(
        store: &'a dyn BarStore,
        runtime: Handle,
        datasets: BTreeMap<DatasetId, VersionRef>,
    ) -> Self {
        Self {
            store,
            runtime,
            datasets,
        }
    }

    fn choose(&self, symbol: &Symbol, series: Series) -> Result<&DatasetId, ChoiceError> {
        let (kind, timeframe) = match series {
            Series::Candles(timeframe) => (CandleKind::Trades, Some(timeframe)),
            Series::Mark => (CandleKind::Mark, None),
            Series::Funding => (CandleKind::FundingRate, None),
        };
        let selector = Selector {
            venue: None,
            symbol: Some(symbol.clone()),
            timeframe,
            kind: Some(kind),
        };
        let found: Vec<_> = self
            .datasets
            .keys()
            .filter(|id| selector.matches(id))
            .collect();
        match found.as_slice() {
            [] => {
                let length = timeframe.map(|it| format!("{it} ")).unwrap_or_default();
                let what = format!(
                    "{length}{}",
                    match kind {
                        CandleKind::Trades => "candles",
                        CandleKind::Mark => "mark prices",
                        CandleKind::FundingRate => "funding rates",
                    }
                );
                Err(ChoiceError::Absent {
                    what,
                    symbol: symbol.clone(),
                })
            }
            all if all.iter().any(|id| id.venue != all[0].venue) => {
                let venues: Vec<_> = all.iter().map(|id| id.venue.as_str()).collect();
                Err(ChoiceError::SeveralVenues {
                    symbol: symbol.clone(),
                    venues: venues.join(", "),
                })
            }
            all => Ok(all.iter().min_by_key(|id| id.timeframe).unwrap_or(&all[0])),
        }
    }
}

impl CandleSource for StoreSource<'_> {
    fn symbols(&self, timeframe: Timeframe, mode: TradingMode) -> Result<Vec<Symbol>, Failure> {
        Ok(traded(self.datasets.keys(), timeframe, mode))
    }

    fn load(
        &self,
        symbol: &Symbol,
        series: Series,
        _mode: TradingMode,
        range: TimeRange,
    ) -> Result<Sourced, Failure> {
        let id = self.choose(symbol, series).map_err(Failure::new)?;
        let (version, bars) = self
            .runtime
            .block_on(self.store.read(id, &self.datasets[id]))
            .map_err(Failure::new)?;
        Ok(Sourced {
            bars: within(bars, range),
            dataset: id.to_string(),
            version: version.id.to_string(),
        })
    }
}

fn within(bars: Bars, range: TimeRange) -> Bars {
    let rows = bars.rows_in(range);
    if rows.len() == bars.len() {
        bars
    } else {
        bars.slice(rows)
    }
}
