//! What a backtest yields: orders, trades, locks, equity.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::strategy::Side;
use crate::symbol::Symbol;
use crate::time::UnixMillis;

/// A position from its first entry to its last exit.
#[derive(Debug, Clone, PartialEq)]
pub struct Trade {
    /// The instrument.
    pub pair: Symbol,
    /// Long or short.
    pub side: Side,
    /// First fill.
    pub open_time: UnixMillis,
    /// Last fill; of a trade still open, the last candle.
    pub close_time: UnixMillis,
    /// Average entry price, rounded to the price step.
    pub open_rate: f64,
    /// Price of the last exit.
    pub close_rate: f64,
    /// Amount in units of the base that the last exit closed.
    pub amount: f64,
    /// Stake at the end, in the quote currency.
    pub stake_amount: f64,
    /// Sum of the stakes of all entries, in the quote currency.
    pub max_stake_amount: f64,
    /// Profit after fees and funding, in the quote currency.
    pub profit_abs: f64,
    /// Profit as a ratio of what was put in.
    pub profit_ratio: f64,
    /// Fee ratio of entries.
    pub fee_open: f64,
    /// Fee ratio of exits.
    pub fee_close: f64,
    /// Why it was closed.
    pub exit_reason: ExitReason,
    /// Tag of the entry rule.
    pub enter_tag: Option<String>,
    /// First stop price.
    pub initial_stop_loss: f64,
    /// Last stop price.
    pub stop_loss: f64,
    /// Distance of the last stop as a negative ratio.
    pub stop_loss_ratio: f64,
    /// Lowest price seen while open.
    pub min_rate: f64,
    /// Highest price seen while open.
    pub max_rate: f64,
    /// Leverage of the position.
    pub leverage: f64,
    /// Funding received (positive) or paid (negative), in the quote currency.
    pub funding_fees: f64,
    /// Whether the last exit never filled.
    pub is_open: bool,
    /// Every filled order, oldest first.
    pub orders: Vec<Order>,
}

/// A filled order.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Fill time.
    pub time: UnixMillis,
    /// Whether it adds to the position.
    pub is_entry: bool,
    /// Price.
    pub price: f64,
    /// Amount in units of the base.
    pub amount: f64,
    /// Entry tag or exit reason.
    pub tag: String,
}

/// Why a trade was closed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum ExitReason {
    /// The stop at its first place.
    StopLoss,
    /// The stop after it had moved.
    TrailingStopLoss,
    /// A return target.
    Roi,
    /// An exit rule without a tag.
    ExitSignal,
    /// The margin was used up.
    Liquidation,
    /// The data ended.
    ForceExit,
    /// Part of the position was taken off.
    PartialExit,
    /// An exit rule with a tag.
    Tag(String),
}

impl ExitReason {
    /// freqtrade's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::StopLoss => "stop_loss",
            Self::TrailingStopLoss => "trailing_stop_loss",
            Self::Roi => "roi",
            Self::ExitSignal => "exit_signal",
            Self::Liquidation => "liquidation",
            Self::ForceExit => "force_exit",
            Self::PartialExit => "partial_exit",
            Self::Tag(tag) => tag,
        }
    }
}

impl From<String> for ExitReason {
    fn from(text: String) -> Self {
        match text.as_str() {
            "stop_loss" => Self::StopLoss,
            "trailing_stop_loss" => Self::TrailingStopLoss,
            "roi" => Self::Roi,
            "exit_signal" => Self::ExitSignal,
            "liquidation" => Self::Liquidation,
            "force_exit" => Self::ForceExit,
            "partial_exit" => Self::PartialExit,
            _ => Self::Tag(text),
        }
    }
}

impl From<ExitReason> for String {
    fn from(reason: ExitReason) -> Self {
        reason.as_str().to_owned()
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A time during which a pair (or every pair) is not entered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lock {
    /// The pair; `*` for all.
    pub pair: String,
    /// Start.
    pub from: UnixMillis,
    /// End.
    pub until: UnixMillis,
    /// Which protection, in words.
    pub reason: String,
    /// Side it applies to; `None` for both.
    pub side: Option<Side>,
}

/// Value of the account over time, in the quote currency.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Equity {
    /// When it was marked.
    pub time: Vec<UnixMillis>,
    /// Cash and open positions at the mark price, after fees paid so far.
    pub value: Vec<f64>,
    /// Part of `value` that is in open positions (margin for futures).
    pub invested: Vec<f64>,
}
