//! Settings of a backtest in layers: the defaults of a strategy version, then
//! overrides, then what the request itself says.

use fondaco_contract::v1alpha1::{
    BacktestConfig, BacktestJob, JobCandles, JobStrategy, JobVersion, Kind, Profile,
};
use fondaco_domain::time::TimeRangeError;
use fondaco_domain::{ErrorKind, Hint, TimeRange};
use serde::de::Error as _;
use serde_json::{Map, Value};
use thiserror::Error;

/// Settings that cannot be.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A key that is unknown, or a value of the wrong form.
    #[error("`{}` cannot be set so", self.place())]
    Form {
        /// Which layer: `config`, `overrides`.
        layer: &'static str,
        /// The field in it, from the outside in; `.` for the whole.
        field: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A range that does not read.
    #[error("`{}` cannot be set so", self.place())]
    Range {
        /// Which layer.
        layer: &'static str,
        /// What is wrong.
        #[source]
        source: TimeRangeError,
    },
}

impl ConfigError {
    /// The field that is wrong, with its layer: `overrides.account.balance`.
    pub fn place(&self) -> String {
        match self {
            Self::Form { layer, field, .. } if matches!(field.as_str(), "." | "?") => {
                (*layer).to_owned()
            }
            Self::Form { layer, field, .. } => format!("{layer}.{field}"),
            Self::Range { layer, .. } => format!("{layer}.timerange"),
        }
    }
}

impl Hint for ConfigError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Form { .. } => None,
            Self::Range { .. } => {
                Some("write 20180110-20180120, 2018-01-10..2018-01-20 or 20180110-".to_owned())
            }
        }
    }
}

/// Reads one layer, so that what is wrong is said with the layer it stands in.
pub fn read(layer: &'static str, given: &Value) -> Result<BacktestConfig, ConfigError> {
    let form = |field: String, source| ConfigError::Form {
        layer,
        field,
        source,
    };
    if let Some(field) = list_for_object(given) {
        let source = serde_json::Error::custom("an object is wanted, not a list");
        return Err(form(field.to_owned(), source));
    }
    let config: BacktestConfig = serde_path_to_error::deserialize(given)
        .map_err(|error| form(error.path().to_string(), error.into_inner()))?;
    range(layer, &config)?;
    Ok(config)
}

/// The first place where a list stands for an object: as the fields in their
/// order it would be read, and laid over others as a whole.
fn list_for_object(given: &Value) -> Option<&'static str> {
    if given.is_array() {
        return Some(".");
    }
    let is_list = |key: &&str| given.get(key).is_some_and(Value::is_array);
    ["account", "costs"].into_iter().find(is_list)
}

/// Lays settings over each other, the later over the earlier: objects key by
/// key, everything else as a whole. A `null` says nothing.
pub fn merge<'a>(
    layers: impl IntoIterator<Item = (&'static str, &'a Value)>,
) -> Result<Value, ConfigError> {
    let mut merged = Value::Object(Map::new());
    for (layer, given) in layers {
        read(layer, given)?;
        lay(&mut merged, given);
    }
    Ok(merged)
}

/// A job of settings, with nothing pinned yet.
pub fn job(config: BacktestConfig, text: String) -> Result<BacktestJob, ConfigError> {
    Ok(BacktestJob {
        kind: Kind::Backtest,
        version: JobVersion,
        strategy: JobStrategy { text },
        range: range("config", &config)?.into(),
        params: config.params.unwrap_or_default(),
        pairs: config.pairs.unwrap_or_default(),
        candles: JobCandles::Store {
            place: None,
            venue: config.venue,
            versions: None,
        },
        signals: None,
        account: config.account.unwrap_or_default(),
        profile: config.profile.unwrap_or(match config.costs {
            Some(_) => Profile::Realistic,
            None => Profile::Freqtrade,
        }),
        costs: config.costs,
        histories: config.histories.unwrap_or_default(),
        markets: config.markets,
        fill_gaps: config.fill_gaps.unwrap_or_default(),
        timeframe_detail: config.timeframe_detail,
        protections: config.protections.unwrap_or_default(),
        seed: config.seed.unwrap_or_default(),
        report: config.report.unwrap_or(true),
        timeframe: config.timeframe,
        origin: None,
    })
}

fn range(layer: &'static str, config: &BacktestConfig) -> Result<TimeRange, ConfigError> {
    let range = config.timerange.as_deref().map(TimeRange::parse);
    range
        .transpose()
        .map(Option::unwrap_or_default)
        .map_err(|source| ConfigError::Range { layer, source })
}

fn lay(below: &mut Value, above: &Value) {
    match (below, above) {
        (_, Value::Null) => {}
        (Value::Object(below), Value::Object(above)) if one_kind(below, above) => {
            for (key, value) in above.iter().filter(|(_, value)| !value.is_null()) {
                lay(below.entry(key.as_str()).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above.clone(),
    }
}

/// Whether two objects may be laid over each other: those that say what they
/// are must be the same.
fn one_kind(below: &Map<String, Value>, above: &Map<String, Value>) -> bool {
    match (below.get("kind"), above.get("kind")) {
        (Some(below), Some(above)) => below == above,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_later_layer_wins_key_by_key() {
        let defaults = json!({
            "pairs": ["AAPL", "IBM"],
            "account": {"balance": 500, "fee": 0.001, "stake": {"kind": "fixed", "amount": 5}},
            "params": {"fast": 5, "slow": 20},
        });
        let overrides = json!({
            "account": {"fee": 0.002, "balance": null, "stake": {"kind": "unlimited"}},
            "params": {"fast": 6},
        });
        let given = json!({"pairs": ["IBM"], "timerange": null});
        let merged = merge([
            ("defaults", &defaults),
            ("overrides", &overrides),
            ("config", &given),
        ])
        .unwrap();
        assert_eq!(
            merged,
            json!({
                "pairs": ["IBM"],
                "account": {"balance": 500, "fee": 0.002, "stake": {"kind": "unlimited"}},
                "params": {"fast": 6, "slow": 20},
            })
        );
    }

    #[test]
    fn what_has_no_place_is_named_with_its_layer() {
        let refused = |given: Value| {
            let error = merge([("overrides", &given)]).unwrap_err();
            let cause = std::error::Error::source(&error).unwrap().to_string();
            (error.place(), cause)
        };
        let (place, cause) = refused(json!({"account": {"balanc": 5}}));
        assert_eq!(place, "overrides.account.balanc");
        assert!(cause.contains("unknown field `balanc`"), "{cause}");
        let (place, cause) = refused(json!({"account": {"freqtrade_config": {"stoplos": -1}}}));
        assert_eq!(place, "overrides.account.freqtrade_config");
        assert!(cause.contains("unknown field `stoplos`"), "{cause}");
        assert_eq!(
            refused(json!({"timeframe": "often"})).0,
            "overrides.timeframe"
        );
        assert_eq!(
            refused(json!({"timerange": "2019-2018"})).0,
            "overrides.timerange"
        );
        assert_eq!(refused(json!([])).0, "overrides");
        assert_eq!(refused(json!({"account": []})).0, "overrides.account");
    }

    #[test]
    fn costs_are_of_the_realistic_profile() {
        let config = read("config", &json!({})).unwrap();
        let plain = job(config, String::new()).unwrap();
        assert_eq!(plain.profile, Profile::Freqtrade);
        assert!(plain.report && plain.pairs.is_empty());
    }
}
