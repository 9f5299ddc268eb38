//! The account of a backtest: from a freqtrade configuration, or from the
//! strategy's own sizing.

use fondaco_contract::v1alpha1::{FreqtradeConfig, FreqtradeTimeouts};
use fondaco_domain::market::TradingMode;
use fondaco_domain::strategy::{RoiTable, Stake, Strategy, Trailing};
use fondaco_domain::{ErrorKind, Hint, Symbol};
use fondaco_engine::backtest::Settings;
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
/// concern a running bot are passed over and not kept. Comments are allowed.
pub fn parse_freqtrade_config(text: &str) -> Result<FreqtradeConfig, ConfigError> {
    let plain = json_comments::StripComments::new(text.as_bytes());
    serde_json::from_reader(plain).map_err(ConfigError::Form)
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
    account_of(&parse_freqtrade_config(text)?, strategy, fee)
}

/// The account of a freqtrade configuration, which changes the strategy as
/// [`read_freqtrade_config`] does.
pub fn account_of(
    config: &FreqtradeConfig,
    strategy: &mut Strategy,
    fee: Option<f64>,
) -> Result<AccountPlan, ConfigError> {
    let config = Config(config);
    config.override_strategy(strategy)?;
    let mode = config.mode()?;
    let fee = fee.or(config.0.fee);
    let settings = Settings {
        mode,
        starting_balance: config.wallet()?,
        stake: config.stake(strategy)?,
        max_open_trades: config.slots(strategy)?,
        tradable_balance_ratio: config.0.tradable_balance_ratio.unwrap_or(0.99),
        available_capital: config.0.available_capital,
        fee: fee.ok_or(ConfigError::Missing {
            key: "fee",
            example: "\"fee\": 0.001, or --fee",
        })?,
        amount_reserve: config.0.amount_reserve_percent.unwrap_or(0.05),
        last_stake_ratio: (config.0.amend_last_stake_amount == Some(true))
            .then(|| config.0.last_stake_amount_min_ratio.unwrap_or(0.5)),
        entry_timeout_minutes: config.minutes(|timeouts| timeouts.entry)?,
        exit_timeout_minutes: config.minutes(|timeouts| timeouts.exit)?,
        ..Settings::default()
    };
    Ok(AccountPlan {
        settings,
        stake_currency: config.0.stake_currency.clone().unwrap_or_default(),
        pairs: config.pairs(),
        funding_rate: config.0.futures_funding_rate,
    })
}

/// A configuration and what follows from it.
struct Config<'a>(&'a FreqtradeConfig);

impl Config<'_> {
    /// The pairs that are listed and not blocked.
    fn pairs(&self) -> Vec<Symbol> {
        let Some(exchange) = &self.0.exchange else {
            return Vec::new();
        };
        let blocked = |pair: &Symbol| exchange.pair_blacklist.iter().any(|b| b == pair.as_str());
        let listed = exchange.pair_whitelist.iter();
        listed.filter(|pair| !blocked(pair)).cloned().collect()
    }

    fn mode(&self) -> Result<TradingMode, ConfigError> {
        let bad = |key, value: &str, problem| ConfigError::Value {
            key,
            value: value.to_owned(),
            problem,
        };
        match self.0.trading_mode.as_deref() {
            None | Some("spot" | "") => Ok(TradingMode::Spot),
            Some("futures") => match self.0.margin_mode.as_deref() {
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
        match &self.0.dry_run_wallet {
            None => Ok(1000.0),
            Some(Value::Object(coins)) => {
                let own = self
                    .0
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
        match &self.0.stake_amount {
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

    fn slots(&self, strategy: &Strategy) -> Result<Option<u32>, ConfigError> {
        match self.0.max_open_trades {
            None => Ok(strategy.sizing.max_open_trades),
            Some(-1.0) => Ok(None),
            Some(slots) if slots >= 0.0 && slots.is_finite() => Ok(Some(slots as u32)),
            Some(slots) => Err(ConfigError::Value {
                key: "max_open_trades",
                value: slots.to_string(),
                problem: "it must be -1 for no limit, or not negative",
            }),
        }
    }

    fn minutes(
        &self,
        of: impl Fn(&FreqtradeTimeouts) -> Option<f64>,
    ) -> Result<Option<f64>, ConfigError> {
        let timeouts = self.0.unfilledtimeout.as_ref();
        let Some((timeouts, timeout)) = timeouts.and_then(|them| Some((them, of(them)?))) else {
            return Ok(None);
        };
        match timeouts.unit.as_deref() {
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
        if let Some(timeframe) = self.0.timeframe {
            strategy.timeframe = timeframe;
        }
        if let Some(table) = &self.0.minimal_roi {
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
        if let Some(stoploss) = self.0.stoploss {
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
        set(&mut risk.use_exit_signal, self.0.use_exit_signal);
        set(&mut risk.exit_profit_only, self.0.exit_profit_only);
        set(
            &mut risk.ignore_roi_if_entry_signal,
            self.0.ignore_roi_if_entry_signal,
        );
        risk.exit_profit_offset = self.0.exit_profit_offset.unwrap_or(risk.exit_profit_offset);
        Ok(())
    }

    fn override_trailing(&self, strategy: &mut Strategy) {
        let risk = &mut strategy.risk;
        match self.0.trailing_stop {
            Some(false) => risk.trailing = None,
            Some(true) => risk.trailing = Some(risk.trailing.unwrap_or_default()),
            None => {}
        }
        if let Some(trailing) = &mut risk.trailing {
            *trailing = Trailing {
                positive: self.0.trailing_stop_positive.or(trailing.positive),
                offset: self
                    .0
                    .trailing_stop_positive_offset
                    .unwrap_or(trailing.offset),
                only_after_offset: self
                    .0
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
