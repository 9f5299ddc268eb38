//! Figures of a run. Money in the quote currency, ratios as plain numbers (0.05
//! is 5 %), durations in seconds, stamps in Unix milliseconds (UTC); `null` is
//! a figure that is not defined for the run.

use fondaco_domain::metrics as domain;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conventions::Conventions;

/// Figures of the marked account.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// How the figures below were computed.
    pub conventions: Conventions,
    /// Stamp of the first mark.
    pub start_ms: i64,
    /// Stamp of the last mark.
    pub end_ms: i64,
    /// Money at the start.
    pub starting_balance: f64,
    /// Last marked value: cash and open positions.
    pub final_equity: f64,
    /// `final_equity / starting_balance - 1`.
    pub total_return: f64,
    /// `final_equity - starting_balance`.
    pub profit_abs: f64,
    /// Yearly growth: `(final / start)^(365 days / elapsed) - 1`, where elapsed
    /// runs to the end of the last mark's candle. -1 when nothing is left.
    pub cagr: Option<f64>,
    /// Deviation of returns.
    pub volatility: Option<f64>,
    /// Mean excess return over its deviation.
    pub sharpe: Option<f64>,
    /// Mean excess return over the downside deviation.
    pub sortino: Option<f64>,
    /// `cagr` over the largest relative drawdown.
    pub calmar: Option<f64>,
    /// Largest fall from a peak, by ratio; `None` when the account never fell.
    pub drawdown: Option<Drawdown>,
    /// Largest fall from a peak in money, which may be another fall.
    pub max_drawdown_abs: f64,
    /// Longest time from a peak until it was reached again (or the end).
    pub longest_underwater_s: i64,
    /// How much of the time and money was in positions.
    pub exposure: Exposure,
    /// Figures of the closed trades.
    pub trades: TradeFigures,
    /// Against buying and holding; `None` without prices to hold.
    pub benchmark: Option<Benchmark>,
}

impl From<domain::Metrics> for Metrics {
    fn from(from: domain::Metrics) -> Self {
        Self {
            conventions: from.conventions.into(),
            start_ms: from.start.0,
            end_ms: from.end.0,
            starting_balance: from.starting_balance,
            final_equity: from.final_equity,
            total_return: from.total_return,
            profit_abs: from.profit_abs,
            cagr: from.cagr,
            volatility: from.volatility,
            sharpe: from.sharpe,
            sortino: from.sortino,
            calmar: from.calmar,
            drawdown: from.drawdown.map(Into::into),
            max_drawdown_abs: from.max_drawdown_abs,
            longest_underwater_s: from.longest_underwater_s,
            exposure: from.exposure.into(),
            trades: from.trades.into(),
            benchmark: from.benchmark.map(Into::into),
        }
    }
}

/// A fall of the account from a peak.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drawdown {
    /// `1 - trough / peak`, positive.
    pub relative: f64,
    /// `peak - trough`, positive.
    pub absolute: f64,
    /// Stamp of the peak (the first mark when the peak is the starting money).
    pub start_ms: i64,
    /// Stamp of the trough.
    pub end_ms: i64,
    /// First mark that reached the peak again; `None` if none did.
    pub recovered_ms: Option<i64>,
    /// Peak to trough.
    pub duration_s: i64,
    /// Trough to recovery.
    pub recovery_s: Option<i64>,
}

impl From<domain::Drawdown> for Drawdown {
    fn from(from: domain::Drawdown) -> Self {
        Self {
            relative: from.relative,
            absolute: from.absolute,
            start_ms: from.start.0,
            end_ms: from.end.0,
            recovered_ms: from.recovered.map(|at| at.0),
            duration_s: from.duration_s,
            recovery_s: from.recovery_s,
        }
    }
}

/// How much of the time and the money was in positions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exposure {
    /// Share of marks with an open position.
    pub time_in_market: f64,
    /// Mean over all marks of the invested part of the account's value.
    pub average_invested: f64,
    /// Sum of amount times price of all orders, entries and exits.
    pub volume: f64,
    /// `volume` over the mean value of the account, over the whole run.
    pub turnover: f64,
    /// `turnover` scaled to 365 days.
    pub turnover_per_year: Option<f64>,
}

impl From<domain::Exposure> for Exposure {
    fn from(from: domain::Exposure) -> Self {
        Self {
            time_in_market: from.time_in_market,
            average_invested: from.average_invested,
            volume: from.volume,
            turnover: from.turnover,
            turnover_per_year: from.turnover_per_year,
        }
    }
}

/// The same money spread equally over the pairs at their first open and held.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Benchmark {
    /// Return of holding.
    pub total_return: f64,
    /// Yearly growth of holding.
    pub cagr: Option<f64>,
    /// Deviation of its returns, as for the account.
    pub volatility: Option<f64>,
    /// As for the account.
    pub sharpe: Option<f64>,
    /// As for the account.
    pub sortino: Option<f64>,
    /// Largest fall from a peak, by ratio.
    pub max_drawdown: f64,
    /// Our return minus that of holding.
    pub excess_return: f64,
    /// Slope of our returns on those of holding.
    pub beta: Option<f64>,
    /// Intercept of that line: return not explained by holding, annualised
    /// when the conventions annualise.
    pub alpha: Option<f64>,
    /// Correlation of the returns.
    pub correlation: Option<f64>,
}

impl From<domain::Benchmark> for Benchmark {
    fn from(from: domain::Benchmark) -> Self {
        Self {
            total_return: from.total_return,
            cagr: from.cagr,
            volatility: from.volatility,
            sharpe: from.sharpe,
            sortino: from.sortino,
            max_drawdown: from.max_drawdown,
            excess_return: from.excess_return,
            beta: from.beta,
            alpha: from.alpha,
            correlation: from.correlation,
        }
    }
}

/// The identity every run is checked against:
/// `starting_balance + realised + open_value + interest = final_equity`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountCheck {
    /// Money at the start.
    pub starting_balance: f64,
    /// Sum of the profits of closed trades.
    pub realised: f64,
    /// Gain or loss of the positions still open, at the last mark, and the
    /// fees they paid so far.
    pub open_value: f64,
    /// Interest on free cash, which is in no trade; absent where there is none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub interest: f64,
    /// Last marked value of the account.
    pub final_equity: f64,
    /// Left side minus right side.
    pub difference: f64,
    /// Whether the difference is rounding: at most 1e-9 of the money moved.
    pub holds: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

impl From<domain::AccountCheck> for AccountCheck {
    fn from(from: domain::AccountCheck) -> Self {
        Self {
            starting_balance: from.starting_balance,
            realised: from.realised,
            open_value: from.open_value,
            interest: 0.0,
            final_equity: from.final_equity,
            difference: from.difference,
            holds: from.holds,
        }
    }
}

/// Figures of a set of closed trades.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TradeFigures {
    /// Closed trades.
    pub trades: u32,
    /// With a profit above zero.
    pub wins: u32,
    /// With a profit of zero.
    pub draws: u32,
    /// With a profit below zero.
    pub losses: u32,
    /// Longs among them.
    pub longs: u32,
    /// `wins / trades`.
    pub win_rate: Option<f64>,
    /// Sum of profits.
    pub profit_abs: f64,
    /// Sum of profits over the starting money.
    pub profit: f64,
    /// Mean profit ratio of a trade.
    pub mean: Option<f64>,
    /// Median profit ratio of a trade.
    pub median: Option<f64>,
    /// Profit ratio of the best trade.
    pub best: Option<f64>,
    /// Profit ratio of the worst trade.
    pub worst: Option<f64>,
    /// Sum of wins over sum of losses; `None` without a loss.
    pub profit_factor: Option<f64>,
    /// Mean profit of a trade in money.
    pub expectancy: Option<f64>,
    /// `(1 + mean win / mean loss) × win rate - 1`: what a trade earns per unit
    /// lost in a losing one; `None` without a loss.
    pub expectancy_ratio: Option<f64>,
    /// System quality number: `√n × mean / sample deviation` of the profits.
    pub sqn: Option<f64>,
    /// Probability of a mean at least this far from zero if trades earned
    /// nothing on average (Student's t, two-sided, `n - 1`).
    pub p_value: Option<f64>,
    /// Mean time in a trade.
    pub mean_duration_s: Option<f64>,
    /// Mean time in a winning trade.
    pub mean_win_duration_s: Option<f64>,
    /// Mean time in a losing trade.
    pub mean_loss_duration_s: Option<f64>,
    /// Longest run of wins, by close.
    pub max_wins_in_a_row: u32,
    /// Longest run of losses, by close.
    pub max_losses_in_a_row: u32,
}

impl From<domain::TradeFigures> for TradeFigures {
    fn from(from: domain::TradeFigures) -> Self {
        Self {
            trades: from.trades,
            wins: from.wins,
            draws: from.draws,
            losses: from.losses,
            longs: from.longs,
            win_rate: from.win_rate,
            profit_abs: from.profit_abs,
            profit: from.profit,
            mean: from.mean,
            median: from.median,
            best: from.best,
            worst: from.worst,
            profit_factor: from.profit_factor,
            expectancy: from.expectancy,
            expectancy_ratio: from.expectancy_ratio,
            sqn: from.sqn,
            p_value: from.p_value,
            mean_duration_s: from.mean_duration_s,
            mean_win_duration_s: from.mean_win_duration_s,
            mean_loss_duration_s: from.mean_loss_duration_s,
            max_wins_in_a_row: from.max_wins_in_a_row,
            max_losses_in_a_row: from.max_losses_in_a_row,
        }
    }
}
