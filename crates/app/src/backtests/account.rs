//! The account of a backtest: from a freqtrade configuration, or from the
//! strategy's own sizing.

use fondaco_domain::market::TradingMode;
use fondaco_domain::strategy::{RoiTable, Stake, Strategy, Trailing};
use fondaco_domain::{ErrorKind, Hint, Symbol, Timeframe};
use fondaco_engine::backtest::Settings;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

/// Settings, currency and pairs of a backtest.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountPlan {
    /// Money, fee, slots, mode.
    pub settings: Settings,
    /// Currency of stakes, balances and profits.
    pub stake_currency: String,
    /// Instruments in the order in which they compete for slots; empty when
    /// none are named.
    pub pairs: Vec<Symbol>,
    /// Funding rate where a swap's own are missing at the start.
    pub funding_rate: Option<f64>,
}

impl AccountPlan {
    /// An account for a strategy's own sizing: no pairs named yet.
    pub fn of_strategy(strategy: &Strategy, balance: f64, fee: f64, currency: &str) -> Self {
        let settings = Settings {
            starting_balance: balance,
            fee,
            stake: strategy.sizing.stake,
            max_open_trades: strategy.sizing.max_open_trades,
            ..Settings::default()
        };
        Self {
            settings,
            stake_currency: currency.to_owned(),
            pairs: Vec::new(),
            funding_rate: None,
        }
    }
}

/// A freqtrade configuration that cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// Not JSON, or a value of the wrong type.
    #[error("the freqtrade configuration does not read")]
    Form(#[source] serde_json::Error),
    /// A value that is out of range or not supported.
    #[error("`{key}` in the freqtrade configuration is {value}: {problem}")]
    Value {
        /// Its key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A value that freqtrade asks an exchange for.
    #[error("the freqtrade configuration has no `{key}`")]
    Missing {
        /// Its key.
        key: &'static str,
        /// How to write it.
        example: &'static str,
    },
}

impl Hint for ConfigError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Form(_) => Some("check the place it names; comments are allowed".into()),
            Self::Value { .. } => None,
            Self::Missing { example, .. } => Some(format!("add {example}")),
        }
    }
}

/// What a freqtrade configuration shares with a backtest of ours. Keys that
/// concern a running bot are passed over.
#[derive(Debug, Clone, Deserialize)]
struct Config {
    max_open_trades: Option<f64>,
    stake_currency: Option<String>,
    stake_amount: Option<Value>,
    tradable_balance_ratio: Option<f64>,
    available_capital: Option<f64>,
    amount_reserve_percent: Option<f64>,
    #[serde(default)]
    amend_last_stake_amount: bool,
    last_stake_amount_min_ratio: Option<f64>,
    dry_run_wallet: Option<Value>,
    fee: Option<f64>,
    timeframe: Option<Timeframe>,
    trading_mode: Option<String>,
    margin_mode: Option<String>,
    futures_funding_rate: Option<f64>,
    #[serde(default)]
    unfilledtimeout: Timeouts,
    #[serde(default)]
    exchange: Exchange,
    minimal_roi: Option<std::collections::BTreeMap<String, f64>>,
    stoploss: Option<f64>,
    trailing_stop: Option<bool>,
    trailing_stop_positive: Option<f64>,
    trailing_stop_positive_offset: Option<f64>,
    trailing_only_offset_is_reached: Option<bool>,
    use_exit_signal: Option<bool>,
    exit_profit_only: Option<bool>,
    exit_profit_offset: Option<f64>,
    ignore_roi_if_entry_signal: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Timeouts {
    entry: Option<f64>,
    exit: Option<f64>,
    unit: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Exchange {
    #[serde(default)]
    pair_whitelist: Vec<Symbol>,
    #[serde(default)]
    pair_blacklist: Vec<String>,
}

/// Reads a freqtrade configuration. What it says of the strategy (its
/// timeframe, stop-loss, return targets, trailing, exit switches) replaces
/// what the strategy says, as freqtrade has it; the stake and the slots come
/// from it too, where it has them.
pub fn read_freqtrade_config(
    text: &str,
    strategy: &mut Strategy,
    fee: Option<f64>,
) -> Result<AccountPlan, ConfigError> {
    let plain = json_comments::StripComments::new(text.as_bytes());
    let config: Config = serde_json::from_reader(plain).map_err(ConfigError::Form)?;
    config.override_strategy(strategy)?;
    let mode = config.mode()?;
    let fee = fee.or(config.fee);
    let settings = Settings {
        mode,
        starting_balance: config.wallet()?,
        stake: config.stake(strategy)?,
        max_open_trades: config.slots(strategy),
        tradable_balance_ratio: config.tradable_balance_ratio.unwrap_or(0.99),
        available_capital: config.available_capital,
        fee: fee.ok_or(ConfigError::Missing {
            key: "fee",
            example: "\"fee\": 0.001, or --fee",
        })?,
        amount_reserve: config.amount_reserve_percent.unwrap_or(0.05),
        last_stake_ratio: config
            .amend_last_stake_amount
            .then(|| config.last_stake_amount_min_ratio.unwrap_or(0.5)),
        entry_timeout_minutes: config.minutes(config.unfilledtimeout.entry)?,
        exit_timeout_minutes: config.minutes(config.unfilledtimeout.exit)?,
        ..Settings::default()
    };
    let blocked = |pair: &Symbol| {
        config
            .exchange
            .pair_blacklist
            .iter()
            .any(|b| b == pair.as_str())
    };
    Ok(AccountPlan {
        settings,
        stake_currency: config.stake_currency.clone().unwrap_or_default(),
        pairs: config
            .exchange
            .pair_whitelist
            .iter()
            .filter(|p| !blocked(p))
            .cloned()
            .collect(),
        funding_rate: config.futures_funding_rate,
    })
}

impl Config {
    fn mode(&self) -> Result<TradingMode, ConfigError> {
        let bad = |key, value: &str, problem| ConfigError::Value {
            key,
            value: value.to_owned(),
            problem,
        };
        match self.trading_mode.as_deref() {
            None | Some("spot" | "") => Ok(TradingMode::Spot),
            Some("futures") => match self.margin_mode.as_deref() {
                Some("isolated") => Ok(TradingMode::Futures),
                other => Err(bad(
                    "margin_mode",
                    other.unwrap_or("absent"),
                    "futures are tested on isolated margin only",
                )),
            },
            Some(other) => Err(bad("trading_mode", other, "it must be spot or futures")),
        }
    }

    /// The wallet is an amount, or amounts by currency.
    fn wallet(&self) -> Result<f64, ConfigError> {
        let bad = |value: &Value, problem| ConfigError::Value {
            key: "dry_run_wallet",
            value: value.to_string(),
            problem,
        };
        match &self.dry_run_wallet {
            None => Ok(1000.0),
            Some(Value::Object(coins)) => {
                let own = self
                    .stake_currency
                    .as_ref()
                    .and_then(|currency| coins.get(currency));
                own.and_then(Value::as_f64).ok_or_else(|| {
                    bad(
                        &Value::Object(coins.clone()),
                        "it holds nothing of the stake currency",
                    )
                })
            }
            Some(value) => value
                .as_f64()
                .ok_or_else(|| bad(value, "it must be an amount")),
        }
    }

    fn stake(&self, strategy: &Strategy) -> Result<Stake, ConfigError> {
        match &self.stake_amount {
            None => Ok(strategy.sizing.stake),
            Some(Value::String(text)) if text == "unlimited" => Ok(Stake::Unlimited),
            Some(value) => value
                .as_f64()
                .map(Stake::Fixed)
                .ok_or_else(|| ConfigError::Value {
                    key: "stake_amount",
                    value: value.to_string(),
                    problem: "it must be an amount or \"unlimited\"",
                }),
        }
    }

    fn slots(&self, strategy: &Strategy) -> Option<u32> {
        match self.max_open_trades {
            None => strategy.sizing.max_open_trades,
            Some(slots) if slots < 0.0 || !slots.is_finite() => None,
            Some(slots) => Some(slots as u32),
        }
    }

    fn minutes(&self, timeout: Option<f64>) -> Result<Option<f64>, ConfigError> {
        let Some(timeout) = timeout else {
            return Ok(None);
        };
        match self.unfilledtimeout.unit.as_deref() {
            None | Some("minutes") => Ok(Some(timeout)),
            Some("seconds") => Ok(Some(timeout / 60.0)),
            Some(other) => Err(ConfigError::Value {
                key: "unfilledtimeout.unit",
                value: other.to_owned(),
                problem: "it must be minutes or seconds",
            }),
        }
    }

    fn override_strategy(&self, strategy: &mut Strategy) -> Result<(), ConfigError> {
        let risk = &mut strategy.risk;
        if let Some(timeframe) = self.timeframe {
            strategy.timeframe = timeframe;
        }
        if let Some(table) = &self.minimal_roi {
            let mut steps = Vec::with_capacity(table.len());
            for (minutes, &ratio) in table {
                let minutes = minutes.parse().map_err(|_| ConfigError::Value {
                    key: "minimal_roi",
                    value: minutes.clone(),
                    problem: "its keys must be minutes",
                })?;
                steps.push((minutes, ratio));
            }
            risk.roi = RoiTable::new(steps);
        }
        if let Some(stoploss) = self.stoploss {
            if !(-1.0..0.0).contains(&stoploss) {
                return Err(ConfigError::Value {
                    key: "stoploss",
                    value: stoploss.to_string(),
                    problem: "it must be negative and not below -1",
                });
            }
            risk.stoploss = stoploss;
        }
        self.override_trailing(strategy);
        let risk = &mut strategy.risk;
        let set = |target: &mut bool, value: Option<bool>| *target = value.unwrap_or(*target);
        set(&mut risk.use_exit_signal, self.use_exit_signal);
        set(&mut risk.exit_profit_only, self.exit_profit_only);
        set(
            &mut risk.ignore_roi_if_entry_signal,
            self.ignore_roi_if_entry_signal,
        );
        risk.exit_profit_offset = self.exit_profit_offset.unwrap_or(risk.exit_profit_offset);
        Ok(())
    }

    fn override_trailing(&self, strategy: &mut Strategy) {
        let risk = &mut strategy.risk;
        match self.trailing_stop {
            Some(false) => risk.trailing = None,
            Some(true) => risk.trailing = Some(risk.trailing.unwrap_or_default()),
            None => {}
        }
        if let Some(trailing) = &mut risk.trailing {
            *trailing = Trailing {
                positive: self.trailing_stop_positive.or(trailing.positive),
                offset: self
                    .trailing_stop_positive_offset
                    .unwrap_or(trailing.offset),
                only_after_offset: self
                    .trailing_only_offset_is_reached
                    .unwrap_or(trailing.only_after_offset),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRATEGY: &str = "[strategy]\nname = \"a\"\nversion = \"1.0.0\"\ntimeframe = \"5m\"\n\
        [risk]\nstoploss = -0.1\n[sizing]\nstake = 5\nmax_open_trades = 2\n";

    fn read(json: &str) -> Result<(AccountPlan, Strategy), ConfigError> {
        let mut strategy = fondaco_domain::strategy::parse(STRATEGY).unwrap();
        read_freqtrade_config(json, &mut strategy, None).map(|plan| (plan, strategy))
    }

    #[test]
    fn what_it_shares_with_us_is_taken() {
        let (plan, strategy) = read(
            r#"{ // a comment
                "max_open_trades": -1, "stake_currency": "BTC", "stake_amount": 0.05, "fee": 0.002,
                "dry_run_wallet": {"BTC": 3, "USDT": 7}, "timeframe": "15m", "stoploss": -0.2,
                "minimal_roi": {"0": 0.1, "30": 0}, "trailing_stop": true,
                "exchange": {"pair_whitelist": ["ETH/BTC", "LTC/BTC"], "pair_blacklist": ["LTC/BTC"]},
                "telegram": {"enabled": true} }"#,
        )
        .unwrap();
        assert_eq!(plan.settings.max_open_trades, None);
        assert_eq!(plan.settings.stake, Stake::Fixed(0.05));
        assert_eq!(
            (plan.settings.starting_balance, plan.settings.fee),
            (3.0, 0.002)
        );
        assert_eq!(plan.pairs, ["ETH/BTC".parse().unwrap()]);
        assert_eq!(strategy.timeframe.to_string(), "15m");
        assert_eq!(strategy.risk.stoploss, -0.2);
        assert_eq!(strategy.risk.roi.steps(), [(0, 0.1), (30, 0.0)]);
        assert_eq!(strategy.risk.trailing, Some(Trailing::default()));
    }

    #[test]
    fn the_strategy_fills_what_it_leaves_open() {
        let (plan, _) = read(r#"{"fee": 0.0}"#).unwrap();
        assert_eq!(plan.settings.stake, Stake::Fixed(5.0));
        assert_eq!(plan.settings.max_open_trades, Some(2));
        assert_eq!(plan.settings.starting_balance, 1000.0);
    }

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        for (json, part) in [
            ("{", "does not read"),
            (r#"{"fee": 0.1, "trading_mode": "margin"}"#, "trading_mode"),
            (
                r#"{"fee": 0.1, "trading_mode": "futures", "margin_mode": "cross"}"#,
                "isolated",
            ),
            (r#"{"fee": 0.1, "stake_amount": "all"}"#, "stake_amount"),
            (r#"{"fee": 0.1, "stoploss": 0.1}"#, "stoploss"),
            (
                r#"{"fee": 0.1, "dry_run_wallet": {"EUR": 1}}"#,
                "dry_run_wallet",
            ),
            ("{}", "no `fee`"),
        ] {
            let text = read(json).unwrap_err().to_string();
            assert!(text.contains(part), "{json}: {text}");
        }
    }
}
