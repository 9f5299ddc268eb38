//! Prices of a run: its candles, each in one version.

use std::collections::BTreeMap;
use std::sync::Arc;

use fondaco_contract::v1alpha1::JobDataset;
use fondaco_contract::v1alpha1::simulation::{Execution, MarketName, SimDate};
use fondaco_domain::calendar::Calendar;
use fondaco_domain::ledger::{self, Prices};
use fondaco_domain::{Bar, ErrorKind, Hint, Symbol, Timeframe, UnixMillis};
use fondaco_engine::stats::PairBars;
use rust_decimal::Decimal;
use thiserror::Error;

use crate::backtests::pin;
use crate::data::VenueError;
use crate::ports::Failure;
use crate::tools::candles::{Candles, Held};

/// Candles that cannot be had.
#[derive(Debug, Error)]
pub enum MarketError {
    /// A data set of the job cannot be meant.
    #[error("a data set of the run names no venue")]
    Venue(#[from] VenueError),
    /// The store of candles does not answer.
    #[error("cannot read the candles of {symbol}")]
    Candles {
        /// Whose.
        symbol: Symbol,
        /// Why not.
        #[source]
        source: Failure,
    },
}

impl Hint for MarketError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Venue(_) => ErrorKind::Invalid,
            Self::Candles { source, .. } => source.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Venue(_) => None,
            Self::Candles { source, .. } => source.hint(),
        }
    }
}

/// The candles of a run by symbol.
#[derive(Debug, Clone)]
pub struct Market {
    series: BTreeMap<Symbol, Arc<Held>>,
    timeframe: Timeframe,
}

impl Market {
    /// Those of these data sets that have this length.
    pub fn open(
        candles: &dyn Candles,
        pinned: &[JobDataset],
        timeframe: Timeframe,
    ) -> Result<Self, MarketError> {
        let mut series = BTreeMap::new();
        for (id, version) in pin::datasets(pinned)? {
            if id.timeframe != timeframe {
                continue;
            }
            let held = candles.read(&id, &version);
            let held = held.map_err(|source| MarketError::Candles {
                symbol: id.symbol.clone(),
                source,
            })?;
            series.insert(id.symbol, held);
        }
        Ok(Self { series, timeframe })
    }

    /// These candles.
    pub fn of(series: impl IntoIterator<Item = (Symbol, Arc<Held>)>, timeframe: Timeframe) -> Self {
        Self {
            series: series.into_iter().collect(),
            timeframe,
        }
    }

    /// The instruments there are candles of.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.series.keys()
    }

    /// The candles of these instruments, of those that have some.
    pub fn pairs<'a>(&'a self, symbols: &'a [Symbol]) -> Vec<PairBars<'a>> {
        let of = |pair: &'a Symbol| {
            let bars = &self.series.get(pair)?.bars;
            Some(PairBars { pair, bars })
        };
        symbols.iter().filter_map(of).collect()
    }

    /// The candle of a step; nothing where nothing was traded.
    pub fn bar(&self, symbol: &Symbol, date: SimDate) -> Option<Bar> {
        let bars = &self.series.get(symbol)?.bars;
        let row = bars.time().binary_search(&date.open()).ok()?;
        Some(bars.bar(row))
    }

    /// The last candle before a step.
    pub fn before(&self, symbol: &Symbol, date: SimDate) -> Option<Bar> {
        let bars = &self.series.get(symbol)?.bars;
        let row = bars.time().partition_point(|open| *open < date.open());
        (row > 0).then(|| bars.bar(row - 1))
    }

    /// The steps of all candles between two instants, the first included, in
    /// order.
    pub fn steps(&self, from: UnixMillis, until: UnixMillis) -> Vec<SimDate> {
        let daily = self.timeframe >= Timeframe::DAY;
        let all = self.series.values().flat_map(|held| held.bars.time());
        let mut steps: Vec<SimDate> = all
            .filter(|open| (from..until).contains(open))
            .filter_map(|open| SimDate::at(*open, daily))
            .collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }

    /// The opens of a step, of what has one.
    pub fn opens(&self, date: SimDate) -> Prices {
        self.prices(date, |bar| bar.open)
    }

    /// The prices at which orders of a step are filled that were not known when
    /// they were given.
    pub fn fills(&self, date: SimDate, execution: Execution) -> Prices {
        match execution {
            Execution::Open | Execution::NextOpen => self.opens(date),
            Execution::Vwap => self.prices(date, |bar| (bar.high + bar.low + bar.close) / 3.0),
        }
    }

    /// The closes before a step: what price limits are counted from.
    pub fn previous_close(&self, symbol: &Symbol, date: SimDate) -> Option<Decimal> {
        price(self.before(symbol, date)?.close)
    }

    fn prices(&self, date: SimDate, of: impl Fn(&Bar) -> f64) -> Prices {
        let known = |symbol: &Symbol| {
            let bar = self.bar(symbol, date)?;
            Some((symbol.clone(), price(of(&bar))?))
        };
        self.series.keys().filter_map(known).collect()
    }
}

/// What a candle says, where it can be paid: more than 0.
fn price(said: f64) -> Option<Decimal> {
    // Six decimals more than any exchange quotes, and none that only a double
    // has.
    let price = ledger::decimal(said).ok()?.round_dp(10);
    (price > Decimal::ZERO).then_some(price)
}

/// The calendar of a market, where one is built in.
pub fn calendar(market: MarketName) -> Option<Calendar> {
    match market {
        MarketName::UsEquity => Some(Calendar::UsEquities),
        MarketName::Crypto => Some(Calendar::AlwaysOpen),
        // Its holidays are announced year by year.
        MarketName::AShare => None,
    }
}
