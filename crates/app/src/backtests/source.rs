//! Where candles and signals of a backtest come from.

use fondaco_domain::market::TradingMode;
use fondaco_domain::{Bars, Symbol, TimeRange, Timeframe};
use fondaco_engine::signals::Signals;

use crate::ports::Failure;

/// Which candles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Series {
    /// Prices and volumes.
    Candles(Timeframe),
    /// Mark prices of a swap.
    Mark,
    /// Funding rates of a swap, in `open`.
    Funding,
}

/// Candles and where they came from.
#[derive(Debug, Clone)]
pub struct Sourced {
    /// As they lie in the source, gaps and all.
    pub bars: Bars,
    /// The data set.
    pub dataset: String,
    /// Its version: the hash of its rows.
    pub version: String,
}

/// A source of candles. Called from several threads at once.
pub trait CandleSource: Sync {
    /// Instruments that have candles of a length, in order.
    fn symbols(&self, timeframe: Timeframe, mode: TradingMode) -> Result<Vec<Symbol>, Failure>;

    /// The candles of an instrument inside a range.
    fn load(
        &self,
        symbol: &Symbol,
        series: Series,
        mode: TradingMode,
        range: TimeRange,
    ) -> Result<Sourced, Failure>;
}

/// A source of signals: candles of the tested range and the columns a strategy
/// computed on them.
pub trait SignalSource: Sync {
    /// Candles and signals of an instrument, and the hash of what was read;
    /// `None` when there is no file for it.
    fn load(&self, symbol: &Symbol) -> Result<Option<SignalFile>, Failure>;
}

/// Candles and the signals computed on them, row by row.
#[derive(Debug, Clone)]
pub struct SignalFile {
    /// The candles.
    pub bars: Bars,
    /// The signals, before they move to the next candle.
    pub signals: Signals,
    /// Hash of the file.
    pub version: String,
}

/// No candles at all: for backtests whose signal files bring them.
#[derive(Debug, Clone, Copy)]
pub struct NoCandles;

impl CandleSource for NoCandles {
    fn symbols(&self, _: Timeframe, _: TradingMode) -> Result<Vec<Symbol>, Failure> {
        Ok(Vec::new())
    }

    fn load(
        &self,
        symbol: &Symbol,
        series: Series,
        _: TradingMode,
        _: TimeRange,
    ) -> Result<Sourced, Failure> {
        Err(Failure::new(super::BacktestsError::NoSource {
            symbol: symbol.clone(),
            series,
        }))
    }
}
