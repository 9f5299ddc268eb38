//! What a backtest reads of a freqtrade configuration.

use std::collections::BTreeMap;

use fondaco_domain::{Symbol, Timeframe};
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// The keys of a freqtrade configuration that a backtest reads, under
/// freqtrade's names. It has no others: keys of exchanges and whatever else a
/// running bot needs never get here.
///
/// Reading one passes over every other key, as a whole configuration has
/// them; [`strict`] refuses them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FreqtradeConfig {
    /// Positions open at once; -1 for no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_open_trades: Option<f64>,
    /// Currency of stakes, balances and profits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stake_currency: Option<String>,
    /// An amount, or `unlimited`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stake_amount: Option<Value>,
    /// Part of the balance that may be staked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tradable_balance_ratio: Option<f64>,
    /// Money to trade with in place of the balance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_capital: Option<f64>,
    /// Reserve above the least amount of a market.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_reserve_percent: Option<f64>,
    /// Whether a last stake may be smaller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amend_last_stake_amount: Option<bool>,
    /// How much smaller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_stake_amount_min_ratio: Option<f64>,
    /// Money at the start: an amount, or amounts by currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run_wallet: Option<Value>,
    /// Fee of each fill as a ratio of its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee: Option<f64>,
    /// Candle length, in place of the strategy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub timeframe: Option<Timeframe>,
    /// `spot` or `futures`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trading_mode: Option<String>,
    /// `isolated`, for futures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin_mode: Option<String>,
    /// Funding rate where a swap's own are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub futures_funding_rate: Option<f64>,
    /// When orders that did not fill are withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfilledtimeout: Option<FreqtradeTimeouts>,
    /// The pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<FreqtradePairs>,
    /// Return targets by minutes, in place of the strategy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimal_roi: Option<BTreeMap<String, f64>>,
    /// In place of the strategy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stoploss: Option<f64>,
    /// In place of the strategy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trailing_stop: Option<bool>,
    /// In place of the strategy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trailing_stop_positive: Option<f64>,
    /// In place of the strategy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trailing_stop_positive_offset: Option<f64>,
    /// In place of the strategy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trailing_only_offset_is_reached: Option<bool>,
    /// In place of the strategy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_exit_signal: Option<bool>,
    /// In place of the strategy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_profit_only: Option<bool>,
    /// In place of the strategy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_profit_offset: Option<f64>,
    /// In place of the strategy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_roi_if_entry_signal: Option<bool>,
}

/// When orders that did not fill are withdrawn.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FreqtradeTimeouts {
    /// After so long, an entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<f64>,
    /// After so long, an exit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<f64>,
    /// `minutes` or `seconds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// Of the exchange, the pairs only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FreqtradePairs {
    /// Pairs to trade.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub pair_whitelist: Vec<Symbol>,
    /// Of these, pairs not to trade.
    #[serde(default)]
    pub pair_blacklist: Vec<String>,
}

/// Reads a configuration that has no other keys than those of
/// [`FreqtradeConfig`].
pub(super) fn strict<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<FreqtradeConfig>, D::Error> {
    let Some(given) = Option::<Map<String, Value>>::deserialize(from)? else {
        return Ok(None);
    };
    let given = Value::Object(given);
    let config: FreqtradeConfig = serde_json::from_value(given.clone()).map_err(Error::custom)?;
    let kept = serde_json::to_value(&config).map_err(Error::custom)?;
    match left_over(&given, &kept) {
        Some(key) => Err(Error::custom(format!("unknown field `{key}`"))),
        None => Ok(Some(config)),
    }
}

/// A key that was given and not kept. A `null` says nothing, whatever its key.
fn left_over(given: &Value, kept: &Value) -> Option<String> {
    let (given, kept) = (given.as_object()?, kept.as_object()?);
    given.iter().find_map(|(key, value)| match kept.get(key) {
        None if value.is_null() => None,
        None => Some(key.clone()),
        Some(kept) => left_over(value, kept).map(|inner| format!("{key}.{inner}")),
    })
}
