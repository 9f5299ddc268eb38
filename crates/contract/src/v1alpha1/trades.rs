//! Trades, orders, locks and the account over time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use fondaco_domain::strategy::Side as DomainSide;
use fondaco_domain::trade as domain;

/// A position from its first entry to its last exit. Money and prices in the
/// quote currency, amounts in units of the base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trade {
    /// The instrument.
    pub pair: String,
    /// Long or short.
    pub side: Side,
    /// First fill.
    pub open_ms: i64,
    /// Last fill; of a trade still open, the last candle.
    pub close_ms: i64,
    /// Average entry price.
    pub open_rate: f64,
    /// Price of the last exit.
    pub close_rate: f64,
    /// Amount the last exit closed.
    pub amount: f64,
    /// Stake at the end.
    pub stake_amount: f64,
    /// Sum of the stakes of all entries.
    pub max_stake_amount: f64,
    /// Profit after fees and funding.
    pub profit_abs: f64,
    /// Profit as a ratio of what was put in.
    pub profit_ratio: f64,
    /// Fee ratio of entries.
    pub fee_open: f64,
    /// Fee ratio of exits.
    pub fee_close: f64,
    /// Why it was closed: `stop_loss`, `trailing_stop_loss`, `roi`,
    /// `exit_signal`, `liquidation`, `force_exit`, `partial_exit` or the tag of
    /// an exit rule.
    pub exit_reason: String,
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
    /// Funding received (positive) or paid (negative).
    pub funding_fees: f64,
    /// Whether the last exit never filled.
    pub is_open: bool,
    /// Every filled order, oldest first.
    pub orders: Vec<Order>,
}

/// The side of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Bought first.
    Long,
    /// Sold first.
    Short,
}

/// A filled order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Fill time.
    pub time_ms: i64,
    /// Whether it adds to the position.
    pub is_entry: bool,
    /// Price.
    pub price: f64,
    /// Amount.
    pub amount: f64,
    /// Entry tag or exit reason.
    pub tag: String,
}

/// A time during which a pair is not entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The pair; `*` for all.
    pub pair: String,
    /// Start.
    pub from_ms: i64,
    /// End.
    pub until_ms: i64,
    /// Which protection, in words.
    pub reason: String,
    /// Side it applies to; `null` for both.
    pub side: Option<Side>,
}

/// The account over time, in columns of equal length.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Equity {
    /// Open time of the candle at whose close the account was marked.
    pub time_ms: Vec<i64>,
    /// Cash and open positions.
    pub value: Vec<f64>,
    /// Part of `value` in open positions.
    pub invested: Vec<f64>,
    /// The same money spread equally over the pairs and held; `null` without
    /// prices to hold.
    pub benchmark: Option<Vec<f64>>,
}

impl Equity {
    /// Of the account and, marked at the same times, of buying and holding.
    pub fn new(account: &domain::Equity, benchmark: Option<&domain::Equity>) -> Self {
        Self {
            time_ms: account.time.iter().map(|at| at.0).collect(),
            value: account.value.clone(),
            invested: account.invested.clone(),
            benchmark: benchmark.map(|held| held.value.clone()),
        }
    }
}

impl From<&domain::Trade> for Trade {
    fn from(trade: &domain::Trade) -> Self {
        Self {
            pair: trade.pair.to_string(),
            side: trade.side.into(),
            open_ms: trade.open_time.0,
            close_ms: trade.close_time.0,
            open_rate: trade.open_rate,
            close_rate: trade.close_rate,
            amount: trade.amount,
            stake_amount: trade.stake_amount,
            max_stake_amount: trade.max_stake_amount,
            profit_abs: trade.profit_abs,
            profit_ratio: trade.profit_ratio,
            fee_open: trade.fee_open,
            fee_close: trade.fee_close,
            exit_reason: trade.exit_reason.to_string(),
            enter_tag: trade.enter_tag.clone(),
            initial_stop_loss: trade.initial_stop_loss,
            stop_loss: trade.stop_loss,
            stop_loss_ratio: trade.stop_loss_ratio,
            min_rate: trade.min_rate,
            max_rate: trade.max_rate,
            leverage: trade.leverage,
            funding_fees: trade.funding_fees,
            is_open: trade.is_open,
            orders: trade.orders.iter().map(Into::into).collect(),
        }
    }
}

impl From<&domain::Order> for Order {
    fn from(order: &domain::Order) -> Self {
        Self {
            time_ms: order.time.0,
            is_entry: order.is_entry,
            price: order.price,
            amount: order.amount,
            tag: order.tag.clone(),
        }
    }
}

impl From<DomainSide> for Side {
    fn from(side: DomainSide) -> Self {
        match side {
            DomainSide::Long => Self::Long,
            DomainSide::Short => Self::Short,
        }
    }
}

impl From<&domain::Lock> for Lock {
    fn from(lock: &domain::Lock) -> Self {
        Self {
            pair: lock.pair.clone(),
            from_ms: lock.from.0,
            until_ms: lock.until.0,
            reason: lock.reason.clone(),
            side: lock.side.map(Into::into),
        }
    }
}
