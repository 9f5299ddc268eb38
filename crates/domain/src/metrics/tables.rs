//! Rows of the tables of a result.

use serde::{Deserialize, Serialize};

use super::freqtrade::FreqtradeFigures;
use crate::symbol::Symbol;
use crate::trade::ExitReason;

/// Figures of a set of closed trades.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
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

/// Figures of one pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairRow {
    /// The instrument.
    pub pair: Symbol,
    /// Ours.
    pub figures: TradeFigures,
    /// freqtrade's.
    pub freqtrade: FreqtradeFigures,
    /// Last close over first close minus one; `None` without candles.
    pub market_change: Option<f64>,
}

/// Figures of one entry tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TagRow {
    /// The tag; `None` for entries without one.
    pub tag: Option<String>,
    /// Ours.
    pub figures: TradeFigures,
    /// freqtrade's.
    pub freqtrade: FreqtradeFigures,
}

/// Figures of one exit reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExitReasonRow {
    /// The reason.
    pub reason: ExitReason,
    /// Ours.
    pub figures: TradeFigures,
    /// freqtrade's.
    pub freqtrade: FreqtradeFigures,
}

/// Figures of a calendar month or year, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PeriodRow {
    /// The year.
    pub year: i16,
    /// The month, 1 to 12; `None` for a whole year.
    pub month: Option<u8>,
    /// Return of the marked account over the period.
    pub total_return: f64,
    /// Return of buying and holding over the period.
    pub benchmark_return: Option<f64>,
    /// Change of the marked account in money.
    pub profit_abs: f64,
    /// Trades closed in the period.
    pub trades: u32,
    /// Winning ones among them.
    pub wins: u32,
    /// Largest fall within the period, by ratio, from the period's own peaks.
    pub max_drawdown: f64,
}
