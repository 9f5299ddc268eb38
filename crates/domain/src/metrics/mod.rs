//! Figures of a backtest: plain data, computed by `engine::stats`.
//!
//! Units, unless a field says otherwise: money in the quote currency; ratios
//! as plain numbers (0.05 is 5 %, never 5); durations in seconds; stamps in
//! UTC. A figure that is not defined for the input (a deviation of one return,
//! a ratio over zero) is `None`, never an infinity or a made-up number.
//!
//! Two conventions stand side by side where they differ: [`Metrics`] is ours
//! (returns of the marked account, annualised by stated periods, see
//! [`Conventions`]), [`FreqtradeMetrics`] is freqtrade's (computed from closed
//! trades and whole days, undefined figures as its own stand-in numbers).

mod conventions;
mod freqtrade;
mod named;
mod tables;

use serde::{Deserialize, Serialize};

use crate::time::UnixMillis;

pub use conventions::{Conventions, Deviation, Downside, FirstReturn};
pub use freqtrade::{FreqtradeFigures, FreqtradeMetrics};
pub use named::{Convention, FallsFrom};
pub use tables::{ExitReasonRow, PairRow, PeriodRow, TagRow, TradeFigures};

/// Everything that is computed from the trades and the equity of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Our figures of the whole run.
    pub metrics: Metrics,
    /// freqtrade's figures of the whole run.
    pub freqtrade: FreqtradeMetrics,
    /// One row per pair, in the order of the pair list.
    pub by_pair: Vec<PairRow>,
    /// One row per entry tag, most trades first, then by name.
    pub by_tag: Vec<TagRow>,
    /// One row per exit reason, most trades first, then by name.
    pub by_exit_reason: Vec<ExitReasonRow>,
    /// One row per calendar month (UTC) of the equity.
    pub by_month: Vec<PeriodRow>,
    /// One row per calendar year (UTC) of the equity.
    pub by_year: Vec<PeriodRow>,
    /// Whether the account adds up.
    pub account: AccountCheck,
}

/// Figures of the marked account.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// How the figures below were computed.
    pub conventions: Conventions,
    /// Stamp of the first mark.
    pub start: UnixMillis,
    /// Stamp of the last mark.
    pub end: UnixMillis,
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

/// A fall of the account from a peak.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Drawdown {
    /// `1 - trough / peak`, positive.
    pub relative: f64,
    /// `peak - trough`, positive.
    pub absolute: f64,
    /// Stamp of the peak (the first mark when the peak is the starting money).
    pub start: UnixMillis,
    /// Stamp of the trough.
    pub end: UnixMillis,
    /// First mark that reached the peak again; `None` if none did.
    pub recovered: Option<UnixMillis>,
    /// Peak to trough.
    pub duration_s: i64,
    /// Trough to recovery.
    pub recovery_s: Option<i64>,
}

/// How much of the time and the money was in positions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
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

/// The same money spread equally over the pairs at their first open and held.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
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

/// The identity every run is checked against:
/// `starting_balance + realised + open_value = final_equity`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AccountCheck {
    /// Money at the start.
    pub starting_balance: f64,
    /// Sum of the profits of closed trades.
    pub realised: f64,
    /// Gain or loss of the positions still open, at the last mark, and the
    /// fees they paid so far.
    pub open_value: f64,
    /// Last marked value of the account.
    pub final_equity: f64,
    /// Left side minus right side.
    pub difference: f64,
    /// Whether the difference is rounding: at most 1e-9 of the money moved.
    pub holds: bool,
}
