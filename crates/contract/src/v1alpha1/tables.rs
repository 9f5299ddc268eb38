//! Rows of the tables of a result.

use fondaco_domain::metrics as domain;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::freqtrade::FreqtradeFigures;
use super::metrics::TradeFigures;

/// Figures of one pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PairRow {
    /// The instrument.
    pub pair: String,
    /// Ours.
    pub figures: TradeFigures,
    /// freqtrade's.
    pub freqtrade: FreqtradeFigures,
    /// Last close over first close minus one; `None` without candles.
    pub market_change: Option<f64>,
}

impl From<domain::PairRow> for PairRow {
    fn from(from: domain::PairRow) -> Self {
        Self {
            pair: from.pair.to_string(),
            figures: from.figures.into(),
            freqtrade: from.freqtrade.into(),
            market_change: from.market_change,
        }
    }
}

/// Figures of one entry tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TagRow {
    /// The tag; `None` for entries without one.
    pub tag: Option<String>,
    /// Ours.
    pub figures: TradeFigures,
    /// freqtrade's.
    pub freqtrade: FreqtradeFigures,
}

impl From<domain::TagRow> for TagRow {
    fn from(from: domain::TagRow) -> Self {
        Self {
            tag: from.tag,
            figures: from.figures.into(),
            freqtrade: from.freqtrade.into(),
        }
    }
}

/// Figures of one exit reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExitReasonRow {
    /// The reason.
    pub reason: String,
    /// Ours.
    pub figures: TradeFigures,
    /// freqtrade's.
    pub freqtrade: FreqtradeFigures,
}

impl From<domain::ExitReasonRow> for ExitReasonRow {
    fn from(from: domain::ExitReasonRow) -> Self {
        Self {
            reason: from.reason.to_string(),
            figures: from.figures.into(),
            freqtrade: from.freqtrade.into(),
        }
    }
}

/// Figures of a calendar month or year, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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

impl From<domain::PeriodRow> for PeriodRow {
    fn from(from: domain::PeriodRow) -> Self {
        Self {
            year: from.year,
            month: from.month,
            total_return: from.total_return,
            benchmark_return: from.benchmark_return,
            profit_abs: from.profit_abs,
            trades: from.trades,
            wins: from.wins,
            max_drawdown: from.max_drawdown,
        }
    }
}
