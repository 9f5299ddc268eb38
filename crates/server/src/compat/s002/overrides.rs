//! `config_overrides` as a layer of settings.
//!
//! Its keys are those of a freqtrade configuration that concern a backtest,
//! and our own. What both know (the wallet, the stake, the slots, the fee) is
//! set in our own way, so that it means the same with every strategy.

use fondaco_contract::v1alpha1::{BacktestConfig, FreqtradeConfig};
use serde_json::{Map, Value, json};

use super::detail::{Code, Detail};

/// The layer, over the settings that a strategy version begins with.
pub(super) fn layer(
    overrides: &Map<String, Value>,
    defaults: &Map<String, Value>,
) -> Result<Value, Detail> {
    let mut layer = Map::new();
    let mut account = Map::new();
    let mut freqtrade = Map::new();
    for (key, value) in overrides {
        match (key.as_str(), value) {
            ("stake_amount", Value::Number(_)) => {
                account.insert(
                    "stake".to_owned(),
                    json!({"kind": "fixed", "amount": value}),
                );
            }
            ("stake_amount", Value::String(text)) if text == "unlimited" => {
                account.insert("stake".to_owned(), json!({"kind": "unlimited"}));
            }
            ("dry_run_wallet", Value::Number(_)) => {
                account.insert("balance".to_owned(), value.clone());
            }
            ("stake_currency", _) => {
                account.insert("currency".to_owned(), value.clone());
            }
            ("fee" | "max_open_trades" | "trading_mode", _) => {
                account.insert(key.clone(), value.clone());
            }
            ("symbols", _) => {
                layer.insert("pairs".to_owned(), value.clone());
            }
            ("timeframe", _) => {
                layer.insert(key.clone(), value.clone());
            }
            _ if is_freqtrade(key, value) => {
                freqtrade.insert(key.clone(), value.clone());
            }
            _ if is_ours(key, value) => {
                layer.insert(key.clone(), value.clone());
            }
            _ => {
                let problem = format!("Invalid config_overrides: unknown key `{key}`");
                return Err(Detail::of(Code::Config, problem));
            }
        }
    }
    if !freqtrade.is_empty() {
        keep_defaults(&mut account, overrides, defaults);
        account.insert("freqtrade_config".to_owned(), Value::Object(freqtrade));
    }
    if !account.is_empty() {
        let given = layer
            .entry("account")
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(given) = given {
            given.extend(account);
        }
    }
    Ok(Value::Object(layer))
}

/// A freqtrade configuration comes with defaults of its own for the wallet and
/// the fee. One override must not bring them along.
fn keep_defaults(
    account: &mut Map<String, Value>,
    overrides: &Map<String, Value>,
    defaults: &Map<String, Value>,
) {
    let base = defaults.get("account");
    let has_config = base.is_some_and(|base| base.get("freqtrade_config").is_some());
    if has_config {
        return;
    }
    for (key, also, value) in [
        ("balance", "dry_run_wallet", 10_000.0),
        ("fee", "fee", 0.001),
    ] {
        let stated = base.is_some_and(|base| base.get(key).is_some_and(|it| !it.is_null()));
        if !stated && !account.contains_key(key) && !overrides.contains_key(also) {
            account.insert(key.to_owned(), value.into());
        }
    }
}

/// Whether it is a key of a freqtrade configuration that a backtest reads: one
/// that is kept. What stands under it is looked at later.
fn is_freqtrade(key: &str, value: &Value) -> bool {
    let alone = json!({key: value});
    match serde_json::from_value::<FreqtradeConfig>(alone) {
        Ok(config) => {
            config != FreqtradeConfig::default() || value.is_null() && !is_ours(key, value)
        }
        // It is known, and of another form.
        Err(_) => true,
    }
}

fn is_ours(key: &str, value: &Value) -> bool {
    let alone = json!({key: value});
    match serde_json::from_value::<BacktestConfig>(alone) {
        Ok(_) => true,
        Err(error) => !error.to_string().starts_with("unknown field"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer_of(overrides: Value, defaults: Value) -> Value {
        let (Value::Object(overrides), Value::Object(defaults)) = (overrides, defaults) else {
            panic!("objects are wanted");
        };
        layer(&overrides, &defaults).unwrap()
    }

    #[test]
    fn what_both_know_is_set_in_our_way() {
        assert_eq!(
            layer_of(
                json!({"stake_amount": 100, "max_open_trades": 3, "dry_run_wallet": 2000, "fee": 0.002,
                       "stake_currency": "USDT", "symbols": ["BTC/USDT"], "seed": 7}),
                json!({}),
            ),
            json!({"pairs": ["BTC/USDT"], "seed": 7, "account": {
                "stake": {"kind": "fixed", "amount": 100}, "max_open_trades": 3, "balance": 2000,
                "fee": 0.002, "currency": "USDT"}})
        );
        assert_eq!(
            layer_of(json!({"stake_amount": "unlimited"}), json!({})),
            json!({"account": {"stake": {"kind": "unlimited"}}})
        );
    }

    #[test]
    fn a_key_of_freqtrade_brings_no_other_wallet_along() {
        let stop = json!({"stoploss": -0.05});
        assert_eq!(
            layer_of(stop.clone(), json!({})),
            json!({"account": {"balance": 10000.0, "fee": 0.001, "freqtrade_config": {"stoploss": -0.05}}})
        );
        assert_eq!(
            layer_of(
                stop.clone(),
                json!({"account": {"balance": 7, "fee": null}})
            ),
            json!({"account": {"fee": 0.001, "freqtrade_config": {"stoploss": -0.05}}})
        );
        let base = json!({"account": {"freqtrade_config": {"dry_run_wallet": 5, "fee": 0.0}}});
        assert_eq!(
            layer_of(stop, base),
            json!({"account": {"freqtrade_config": {"stoploss": -0.05}}})
        );
    }
}
