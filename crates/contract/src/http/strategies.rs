//! Strategies on the wire.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::words;
use crate::v1alpha1::BacktestConfig;

/// A version of a strategy to put.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StrategyPutBody {
    /// The text of the file (TOML); it must name the strategy it is put as.
    pub text: String,
    /// What its backtests are a part of, where they do not say.
    #[serde(default)]
    pub experiment: Option<String>,
    /// Settings its backtests begin with.
    #[serde(default)]
    #[schemars(with = "Option<BacktestConfig>")]
    pub config: Option<Map<String, Value>>,
    /// For other programs: `config_path`, `ecr_url`, ….
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// A version of a strategy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StrategyView {
    /// Its name.
    pub name: String,
    /// From 1; the entity tag of the strategy, too.
    pub version: u32,
    /// The version that the file gives itself.
    pub file_version: String,
    /// One line for people.
    pub description: String,
    /// Candle length.
    pub timeframe: String,
    /// SHA-256 of the text.
    #[schemars(schema_with = "words::hash")]
    pub hash: String,
    /// What its backtests are a part of, where they do not say.
    pub experiment: Option<String>,
    /// Settings its backtests begin with.
    #[schemars(with = "BacktestConfig")]
    pub config: Map<String, Value>,
    /// For other programs.
    pub tags: BTreeMap<String, String>,
    /// When it was put.
    #[schemars(schema_with = "words::instant")]
    pub at: String,
    /// By whom.
    pub actor: String,
    /// The text of the file; only of one that is looked at alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A text to look through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StrategyValidateBody {
    /// The text of a strategy file; the newest version where it is absent.
    #[serde(default)]
    pub text: Option<String>,
}

/// What a look through a strategy file found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StrategyValidityView {
    /// Whether it can be used.
    pub valid: bool,
    /// What must be mended.
    pub mistakes: Vec<MistakeView>,
    /// What is right but may not be meant.
    pub notes: Vec<String>,
    /// Candles left out at the start of a backtest, of a file in order.
    pub startup_candles: Option<u32>,
}

/// A mistake in a strategy file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MistakeView {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// In characters, at least 1.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}
