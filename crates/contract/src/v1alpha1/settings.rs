//! How a backtest was run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::costs::Costs;
use fondaco_domain::TimeRange;
use fondaco_domain::market::TradingMode as DomainMode;
use fondaco_domain::strategy::Stake as DomainStake;

/// How a backtest was run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whose semantics.
    pub profile: Profile,
    /// Owned outright or on margin.
    pub trading_mode: TradingMode,
    /// Currency of stakes, balances and profits.
    pub stake_currency: String,
    /// Money at the start.
    pub starting_balance: f64,
    /// Stake of an entry.
    pub stake: Stake,
    /// Positions open at once; `null` for no limit.
    pub max_open_trades: Option<u32>,
    /// Part of the balance that may be staked.
    pub tradable_balance_ratio: f64,
    /// Fee of each fill as a ratio of its value.
    pub fee: f64,
    /// Candle length of the strategy, such as `5m`.
    pub timeframe: String,
    /// Candle length within which fills are decided; `null` for the strategy's.
    pub timeframe_detail: Option<String>,
    /// The range asked for.
    pub range: Range,
    /// Seed of everything random; results do not depend on anything else.
    pub seed: u64,
    /// Whether protections lock pairs.
    pub protections: bool,
    /// The numbers of the realistic profile; absent in the freqtrade profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub costs: Option<Costs>,
    /// Every assumption behind the fills, each one sentence.
    pub assumptions: Vec<String>,
}

/// Whose candle semantics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Trade for trade as freqtrade.
    Freqtrade,
    /// With spread, slippage, partial fills and what else costs money.
    Realistic,
}

/// What a pair is traded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TradingMode {
    /// Owned outright.
    Spot,
    /// Perpetual swaps on isolated margin.
    Futures,
}

/// Stake of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Stake {
    /// The same amount each time.
    Fixed {
        /// In the stake currency.
        amount: f64,
    },
    /// An equal share of the balance for each slot.
    Unlimited,
}

/// A half-open range of time, `[from, to)`; `null` is unbounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// First instant inside.
    pub from_ms: Option<i64>,
    /// First instant after.
    pub to_ms: Option<i64>,
}

impl From<DomainMode> for TradingMode {
    fn from(mode: DomainMode) -> Self {
        match mode {
            DomainMode::Spot => Self::Spot,
            DomainMode::Futures => Self::Futures,
        }
    }
}

impl From<DomainStake> for Stake {
    fn from(stake: DomainStake) -> Self {
        match stake {
            DomainStake::Fixed(amount) => Self::Fixed { amount },
            DomainStake::Unlimited => Self::Unlimited,
        }
    }
}

impl From<TimeRange> for Range {
    fn from(range: TimeRange) -> Self {
        Self {
            from_ms: range.from.map(|at| at.0),
            to_ms: range.to.map(|at| at.0),
        }
    }
}
