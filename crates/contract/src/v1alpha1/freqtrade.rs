//! Figures by freqtrade's conventions: from closed trades alone, a year of 365
//! days, whole days, and its own numbers where a figure is undefined.

use fondaco_domain::metrics as domain;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// freqtrade's figures of a set of trades; the names are its own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FreqtradeFigures {
    /// Closed trades.
    pub trades: u32,
    /// Mean profit ratio.
    pub profit_mean: f64,
    /// Sum of profits in money.
    pub profit_total_abs: f64,
    /// Sum of profits over the starting balance.
    pub profit_total: f64,
    /// Profit above zero.
    pub wins: u32,
    /// Profit of zero.
    pub draws: u32,
    /// Profit below zero.
    pub losses: u32,
    /// `wins / trades`.
    pub winrate: f64,
    /// `((start + profit) / start)^(365 / days) - 1`.
    pub cagr: f64,
    /// `win rate × mean win - loss rate × mean loss`, in money.
    pub expectancy: f64,
    /// `(1 + mean win / mean loss) × win rate - 1`; 100 without a loss.
    pub expectancy_ratio: f64,
    /// Profit per day over the population deviation of losses, times √365.
    pub sortino: f64,
    /// Profit per day over the population deviation of profits, times √365.
    pub sharpe: f64,
    /// Profit per day in percent over the relative drawdown, times √365.
    pub calmar: f64,
    /// `√n × mean / sample deviation` of profits, four decimals.
    pub sqn: f64,
    /// Two-sided Student's t of the profits against a mean of zero.
    pub p_value: f64,
    /// Sum of wins over sum of losses; 0 without a loss.
    pub profit_factor: f64,
    /// Fall at the largest absolute drawdown, over the balance at its peak.
    pub max_drawdown_account: f64,
    /// Largest fall of summed profits, in money.
    pub max_drawdown_abs: f64,
}

impl From<domain::FreqtradeFigures> for FreqtradeFigures {
    fn from(from: domain::FreqtradeFigures) -> Self {
        Self {
            trades: from.trades,
            profit_mean: from.profit_mean,
            profit_total_abs: from.profit_total_abs,
            profit_total: from.profit_total,
            wins: from.wins,
            draws: from.draws,
            losses: from.losses,
            winrate: from.winrate,
            cagr: from.cagr,
            expectancy: from.expectancy,
            expectancy_ratio: from.expectancy_ratio,
            sortino: from.sortino,
            sharpe: from.sharpe,
            calmar: from.calmar,
            sqn: from.sqn,
            p_value: from.p_value,
            profit_factor: from.profit_factor,
            max_drawdown_account: from.max_drawdown_account,
            max_drawdown_abs: from.max_drawdown_abs,
        }
    }
}

/// freqtrade's figures of a whole run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FreqtradeMetrics {
    /// Figures of all closed trades.
    pub figures: FreqtradeFigures,
    /// Whole days of the run.
    pub backtest_days: u32,
    /// Free money at the end: the stake of a position whose forced exit never
    /// filled is missing from it.
    pub final_balance: f64,
    /// Yearly growth to `final_balance`; freqtrade's headline `cagr`.
    pub final_balance_cagr: f64,
    /// Largest relative fall, which may be another than the absolute one.
    pub max_relative_drawdown: f64,
    /// Close of the peak of the largest absolute drawdown.
    pub drawdown_start_ms: Option<i64>,
    /// Close of its trough.
    pub drawdown_end_ms: Option<i64>,
    /// Mean over pairs of last close over first close minus one.
    pub market_change: Option<f64>,
}

impl From<domain::FreqtradeMetrics> for FreqtradeMetrics {
    fn from(from: domain::FreqtradeMetrics) -> Self {
        Self {
            figures: from.figures.into(),
            backtest_days: from.backtest_days,
            final_balance: from.final_balance,
            final_balance_cagr: from.final_balance_cagr,
            max_relative_drawdown: from.max_relative_drawdown,
            drawdown_start_ms: from.drawdown_start.map(|at| at.0),
            drawdown_end_ms: from.drawdown_end.map(|at| at.0),
            market_change: from.market_change,
        }
    }
}
