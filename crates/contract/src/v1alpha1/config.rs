//! What can be set of a backtest beside its strategy.

use std::collections::BTreeMap;

use fondaco_domain::{Symbol, Timeframe};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::costs::Costs;
use super::job::{JobAccount, JobFill, JobHistory};
use super::settings::Profile;

/// A layer of settings: the defaults of a strategy version, overrides, or what
/// comes of laying one over the other. What is absent or `null` is left to the
/// layer below, and in the end to the strategy.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BacktestConfig {
    /// Values of parameters of the strategy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<BTreeMap<String, f64>>,
    /// Instruments in the order in which they compete for slots; none: all
    /// there are candles of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<String>>")]
    pub pairs: Option<Vec<Symbol>>,
    /// Candle length, in place of the strategy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub timeframe: Option<Timeframe>,
    /// Tested range, such as `20180110-20180120` or `2018-01-10..`; the end is
    /// not part of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timerange: Option<String>,
    /// Only candles of this venue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub venue: Option<String>,
    /// Money and slots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<JobAccount>,
    /// Whose semantics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// The numbers of the realistic profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub costs: Option<Costs>,
    /// Splits and dividends for the realistic profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub histories: Option<BTreeMap<String, JobHistory>>,
    /// The text of a markets file (TOML).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markets: Option<String>,
    /// Whether missing candles are filled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill_gaps: Option<JobFill>,
    /// Decide what happens inside a candle by smaller ones, such as `1m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub timeframe_detail: Option<Timeframe>,
    /// Whether the strategy's protections lock pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protections: Option<bool>,
    /// Seed of everything random.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub seed: Option<u64>,
    /// Whether an HTML report is written with the result; it is, unless said
    /// otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<bool>,
}
