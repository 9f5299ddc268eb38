//! Backtests on the wire.

use std::collections::BTreeMap;

use fondaco_domain::{ErrorKind, Symbol, Timeframe};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::words;
use crate::v1alpha1::{BacktestConfig, BacktestListing, JobAccount};

/// A wish for a backtest: a strategy, and settings over those that the
/// strategy version begins with.
///
/// Exactly one of `strategy` and `text` is given. What the settings leave out
/// comes from the strategy, and instruments that nobody names are all there
/// are candles of.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BacktestBody {
    /// A registered strategy: `name`, `name@2` for a version, `name@1.0.0` for
    /// the newest version whose file says so.
    #[schemars(schema_with = "strategy")]
    pub strategy: Option<String>,
    /// The text of a strategy file (TOML) in place of a registered one.
    pub text: Option<String>,
    /// What it is a part of.
    pub experiment: Option<String>,
    /// Values of parameters of the strategy.
    pub params: Option<BTreeMap<String, f64>>,
    /// Instruments in the order in which they compete for slots.
    #[schemars(schema_with = "symbols")]
    pub pairs: Option<Vec<Symbol>>,
    /// Candle length, in place of the strategy's.
    #[schemars(schema_with = "timeframe_or_none")]
    pub timeframe: Option<Timeframe>,
    /// Tested range, such as `20180110-20180120` or `2018-01-10..`; the end is
    /// not part of it.
    pub timerange: Option<String>,
    /// Money and slots.
    #[schemars(with = "Option<JobAccount>")]
    pub account: Option<Map<String, Value>>,
    /// Settings over those of the strategy version and below those above.
    #[schemars(with = "Option<BacktestConfig>")]
    pub overrides: Option<Map<String, Value>>,
    /// Refused where the candles do not reach to the present.
    pub fresh: bool,
    /// The line it waits in.
    pub queue: Option<String>,
    /// Larger is sooner.
    pub priority: Option<i32>,
    /// On whose behalf.
    pub tenant: Option<String>,
    /// Of the runs with the same key, one at a time.
    pub concurrency_key: Option<String>,
    /// It is cancelled where it has not ended by then (RFC 3339).
    #[schemars(schema_with = "words::instant_or_none")]
    pub deadline: Option<String>,
}

fn strategy(_: &mut SchemaGenerator) -> Schema {
    words::or_none(words::text(
        "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(@[0-9A-Za-z.+-]{1,40})?$",
    ))
}

fn symbols(schemas: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": ["array", "null"], "items": words::symbol(schemas)})
}

fn timeframe_or_none(schemas: &mut SchemaGenerator) -> Schema {
    words::or_none(words::timeframe(schemas))
}

/// A backtest as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BacktestView {
    /// Its run.
    #[schemars(schema_with = "words::id")]
    pub run_id: String,
    /// Where the run stands: `queued`, `running`, `halting`, `halted`,
    /// `cancelling`, `cancelled`, `completed`, `partial`, `failed`.
    #[schemars(schema_with = "words::run_state")]
    pub state: String,
    /// Why it halted, failed or was cancelled.
    pub reason: Option<String>,
    /// Name of the strategy.
    pub strategy: Option<String>,
    /// Its version in the registry, where it is from there.
    pub strategy_version: Option<u32>,
    /// What it is a part of.
    pub experiment: Option<String>,
    /// SHA-256 of the canonical form of its spec, which no other run has.
    #[schemars(schema_with = "words::hash")]
    pub spec: String,
    /// When it was accepted.
    #[schemars(schema_with = "words::instant")]
    pub created_at: String,
    /// When a worker took it first.
    #[schemars(schema_with = "words::instant_or_none")]
    pub started_at: Option<String>,
    /// When it ended.
    #[schemars(schema_with = "words::instant_or_none")]
    pub finished_at: Option<String>,
    /// What keeps it from its turn, in words; only of one that is looked at
    /// alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
    /// How far it is; only of one that is looked at alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<ProgressView>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ToldView>,
    /// Its figures, once it has completed and while its result is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<FiguresView>,
}

/// How far a backtest is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProgressView {
    /// What it is at.
    pub stage: String,
    /// Units done of it.
    pub done: u64,
    /// Units it has.
    pub of: u64,
    /// The unit that was done last; empty where none was.
    pub what: String,
}

/// A failure that was told by another process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToldView {
    /// What kind of failure it is.
    #[schemars(with = "String")]
    pub kind: ErrorKind,
    /// In a sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// What led to it, the nearest first.
    pub causes: Vec<String>,
}

/// The figures that lists show. Money in the stake currency, ratios as plain
/// numbers (0.05 is 5 %); `null` is a figure that is not defined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FiguresView {
    /// Name of the result.
    pub name: String,
    /// Candle length.
    pub timeframe: String,
    /// Number of instruments.
    pub pairs: usize,
    /// First mark, in Unix milliseconds.
    pub start_ms: i64,
    /// Last mark, in Unix milliseconds.
    pub end_ms: i64,
    /// Number of trades.
    pub trades: usize,
    /// Currency of the money figures.
    pub stake_currency: String,
    /// Profit in money.
    pub profit_abs: f64,
    /// Return over the whole range.
    pub total_return: f64,
    /// Deepest fall from a high.
    pub max_drawdown: Option<f64>,
    /// Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Sortino ratio.
    pub sortino: Option<f64>,
    /// Calmar ratio.
    pub calmar: Option<f64>,
    /// Part of the trades that won.
    pub win_rate: Option<f64>,
    /// Sum of wins over sum of losses.
    pub profit_factor: Option<f64>,
}

impl From<&BacktestListing> for FiguresView {
    fn from(listing: &BacktestListing) -> Self {
        Self {
            name: listing.id.clone(),
            timeframe: listing.timeframe.clone(),
            pairs: listing.pairs,
            start_ms: listing.start_ms,
            end_ms: listing.end_ms,
            trades: listing.trades,
            stake_currency: listing.stake_currency.clone(),
            profit_abs: listing.profit_abs,
            total_return: listing.total_return,
            max_drawdown: listing.max_drawdown,
            sharpe: listing.sharpe,
            sortino: listing.sortino,
            calmar: listing.calmar,
            win_rate: listing.win_rate,
            profit_factor: listing.profit_factor,
        }
    }
}
