//! Backtests: a strategy, candles and an account in; a result out.
//!
//! [`run`] loads what the strategy needs from a [`CandleSource`], evaluates
//! its rules (or takes signals from a [`SignalSource`]), walks the candles and
//! puts the figures together. The account comes from
//! [`account`](account::AccountPlan), which also reads freqtrade's
//! configurations.
//!
//! A backtest that outlives its process is a [`job`]: a document with all it
//! needs as values. [`reach`] says what of the data it may read, so that this
//! can be pinned; [`plan`] makes a run of it, [`body`] does its one task.

pub mod account;
pub mod actions;
mod assumptions;
pub mod body;
pub mod config;
mod error;
pub mod job;
pub mod markets;
pub mod pin;
pub mod plan;
mod prepare;
pub mod reach;
pub mod realism;
mod result;
pub mod shown;
pub mod source;
pub mod submit;
pub mod told;

use fondaco_contract::v1alpha1::BacktestResult;
use fondaco_domain::strategy::Strategy;
use fondaco_domain::trade::Trade;
use fondaco_domain::{Bars, Symbol, TimeRange};
use fondaco_engine::backtest::{self, Settings, Stop};
use fondaco_engine::expr::ParamValues;

use actions::Histories;
pub use error::BacktestsError;
use markets::Markets;
use prepare::Prepared;
use source::{CandleSource, SignalSource};

use crate::ports::Progress;

/// What to run.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The rules.
    pub strategy: Strategy,
    /// Values of its parameters.
    pub params: ParamValues,
    /// Account, fees, slots.
    pub settings: Settings,
    /// Currency of stakes, balances and profits.
    pub stake_currency: String,
    /// Instruments in the order in which they compete for slots.
    pub pairs: Vec<Symbol>,
    /// The tested range; unbounded ends mean all there is.
    pub range: TimeRange,
    /// Whether missing candles are filled with the close before them.
    pub fill: FillGaps,
    /// Funding rate where a swap's own are missing at the start.
    pub funding_rate: Option<f64>,
    /// Steps and minimum costs.
    pub markets: Markets,
    /// Splits and dividends; only the realistic profile knows them.
    pub histories: Histories,
    /// Seed of everything random.
    pub seed: u64,
    /// Threads that load and evaluate pairs; zero for as many as there are.
    pub threads: usize,
}

/// Whether candles missing inside a pair's range are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FillGaps {
    /// For pairs such as BTC/USDT, whose market never closes.
    #[default]
    Continuous,
    /// For every instrument.
    Always,
    /// For none.
    Never,
}

impl FillGaps {
    fn applies(self, symbol: &Symbol) -> bool {
        match self {
            Self::Continuous => symbol.quote().is_some(),
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Where the signals come from.
#[derive(Clone, Copy)]
pub enum Rules<'a> {
    /// The strategy's own expressions.
    Expressions,
    /// Files of columns.
    Files(&'a dyn SignalSource),
}

/// A finished backtest.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The document that leaves the system.
    pub result: BacktestResult,
    /// Closed trades in order of closing.
    pub trades: Vec<Trade>,
    /// The candles of each pair inside the tested range.
    pub candles: Vec<(Symbol, Bars)>,
}

/// Runs a backtest.
pub fn run(
    spec: &Spec,
    source: &dyn CandleSource,
    rules: Rules<'_>,
    progress: &dyn Progress,
) -> Result<Finished, BacktestsError> {
    run_until(spec, source, rules, progress, &|| false)
}

/// [`run`], or [`BacktestsError::Stopped`] once it is told to stop: between
/// the pairs, between the stages, and within the walk.
pub fn run_until(
    spec: &Spec,
    source: &dyn CandleSource,
    rules: Rules<'_>,
    progress: &dyn Progress,
    stop: Stop<'_>,
) -> Result<Finished, BacktestsError> {
    if matches!(rules, Rules::Expressions) {
        spec.strategy.require_rules()?;
    }
    spec.settings.check()?;
    let prepared = prepare::all(spec, source, rules, progress, stop)?;
    let inputs: Vec<_> = prepared.pairs.iter().map(Prepared::input).collect();
    progress.begin("walking the candles", 1);
    let outcome = backtest::run_until(&spec.strategy, &spec.settings, &inputs, stop)?;
    progress.end();
    if stop() {
        return Err(BacktestsError::Stopped);
    }
    let result = result::assemble(spec, &prepared, &outcome)?;
    let candles = prepared
        .pairs
        .into_iter()
        .map(|pair| (pair.symbol, pair.bars))
        .collect();
    Ok(Finished {
        result,
        trades: outcome.trades,
        candles,
    })
}
