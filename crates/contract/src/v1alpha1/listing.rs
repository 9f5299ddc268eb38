//! A result in one line, for lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::backtest::BacktestResult;
use crate::error::ContractError;

/// The name of the contract.
pub const BACKTEST_LISTING: &str = "backtest-listing/v1alpha1";

/// What a list shows of a backtest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BacktestListing {
    /// The contract the document follows.
    pub contract: String,
    /// Name of the run.
    pub id: String,
    /// When it was kept.
    pub created_at_ms: i64,
    /// Name of the strategy.
    pub strategy: String,
    /// Version of the strategy.
    pub strategy_version: String,
    /// Candle length.
    pub timeframe: String,
    /// Number of instruments.
    pub pairs: usize,
    /// First and last mark.
    pub start_ms: i64,
    /// Last mark.
    pub end_ms: i64,
    /// Number of trades.
    pub trades: usize,
    /// Currency of the money figures.
    pub stake_currency: String,
    /// Profit in the stake currency.
    pub profit_abs: f64,
    /// Return over the whole range as a ratio.
    pub total_return: f64,
    /// Deepest fall from a high as a ratio; `null` without one.
    pub max_drawdown: Option<f64>,
    /// Sharpe ratio; `null` where it is not defined.
    pub sharpe: Option<f64>,
    /// Sortino ratio; `null` where it is not defined.
    #[serde(default)]
    pub sortino: Option<f64>,
    /// Calmar ratio; `null` where it is not defined.
    #[serde(default)]
    pub calmar: Option<f64>,
    /// Part of the trades that won; `null` without trades.
    #[serde(default)]
    pub win_rate: Option<f64>,
    /// Sum of wins over sum of losses; `null` without a loss.
    #[serde(default)]
    pub profit_factor: Option<f64>,
}

impl BacktestListing {
    /// The line of a result.
    pub fn new(result: &BacktestResult, created_at_ms: i64) -> Self {
        let metrics = &result.metrics;
        Self {
            contract: BACKTEST_LISTING.to_owned(),
            id: result.run.id.clone(),
            created_at_ms,
            strategy: result.strategy.name.clone(),
            strategy_version: result.strategy.version.clone(),
            timeframe: result.settings.timeframe.clone(),
            pairs: result.data.len(),
            start_ms: metrics.start_ms,
            end_ms: metrics.end_ms,
            trades: result.trades.len(),
            stake_currency: result.settings.stake_currency.clone(),
            profit_abs: metrics.profit_abs,
            total_return: metrics.total_return,
            max_drawdown: metrics.drawdown.as_ref().map(|fall| fall.relative),
            sharpe: metrics.sharpe,
            sortino: metrics.sortino,
            calmar: metrics.calmar,
            win_rate: metrics.trades.win_rate,
            profit_factor: metrics.trades.profit_factor,
        }
    }

    /// One line of JSON and a newline.
    pub fn to_json(&self) -> Result<String, ContractError> {
        serde_json::to_string(self)
            .map(|text| text + "\n")
            .map_err(ContractError::Write)
    }

    /// Reads a line, refusing other contracts and unknown fields.
    pub fn from_json(text: &str) -> Result<Self, ContractError> {
        let listing: Self = serde_json::from_str(text).map_err(|source| ContractError::Shape {
            expected: BACKTEST_LISTING,
            source,
        })?;
        if listing.contract == BACKTEST_LISTING {
            Ok(listing)
        } else {
            let found = listing.contract;
            Err(ContractError::Version {
                found,
                expected: BACKTEST_LISTING,
            })
        }
    }
}
