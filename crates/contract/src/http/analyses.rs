//! Analyses on the wire.

use std::collections::BTreeMap;

use fondaco_domain::Symbol;
use fondaco_domain::signal::{Direction, Probability, Rating};
use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::words;
use crate::v1alpha1::analysis::{
    AnalysisError, AnalysisJob, Analyst, BudgetState, NodeRole, PeerContext, PortfolioContext, Read,
};

/// A wish for an analysis: a whole `job`, or what is analysed by name with the
/// usual for all else.
///
/// Either `job` or `items` is given. What it leaves to the moment (data,
/// prompts, holdings, views of others) is written into its spec when it is
/// accepted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnalysisBody {
    /// All of it, as a document.
    pub job: Option<AnalysisJob>,
    /// What is analysed, in the order in which results are told.
    pub items: Option<Vec<AnalysisWish>>,
    /// The day of items that name none; today (UTC) where it is left out.
    #[schemars(with = "Option<String>")]
    pub date: Option<Date>,
    /// Whether there is a quant lane: where it is left out, there is one if
    /// there is a strategy for it.
    pub quant: Option<bool>,
    /// The registered strategy of the quant lane: `name`, `name@2`.
    #[schemars(schema_with = "strategy")]
    pub strategy: Option<String>,
    /// The text of a strategy file (TOML) in place of a registered one.
    pub text: Option<String>,
    /// Values of parameters of the strategy.
    pub params: Option<BTreeMap<String, f64>>,
    /// Whether there is an llm lane: yes where it is left out.
    pub llm: Option<bool>,
    /// `provider/model` of analysts, researchers, trader and risk.
    pub quick: Option<String>,
    /// `provider/model` of the two managers.
    pub deep: Option<String>,
    /// Who looks at the instrument first: all four where it is left out.
    pub analysts: Option<Vec<Analyst>>,
    /// Rounds of bull and bear: one where it is left out.
    #[schemars(range(min = 1, max = 10))]
    pub debate_rounds: Option<u32>,
    /// Rounds of the three views of risk: one where it is left out.
    #[schemars(range(min = 1, max = 10))]
    pub risk_rounds: Option<u32>,
    /// What all calls together may cost, in billionths of a US dollar.
    #[schemars(range(min = 0))]
    pub budget_nano: Option<i64>,
    /// Hash of the recording whose answers are given again.
    #[schemars(schema_with = "hash_or_none")]
    pub replay: Option<String>,
    /// What is held; what is noted here where it is left out.
    pub portfolio: Option<PortfolioContext>,
    /// What is thought of others; what was decided here where it is left out.
    pub peers: Option<PeerContext>,
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

/// An instrument and a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalysisWish {
    /// The instrument.
    #[schemars(schema_with = "words::symbol")]
    pub ticker: Symbol,
    /// The day.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub date: Option<Date>,
}

fn strategy(_: &mut SchemaGenerator) -> Schema {
    words::or_none(words::text(
        "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(@[0-9A-Za-z.+-]{1,40})?$",
    ))
}

fn hash_or_none(schemas: &mut SchemaGenerator) -> Schema {
    words::or_none(words::hash(schemas))
}

/// Where an item stands.
fn item_state(_: &mut SchemaGenerator) -> Schema {
    words::closed([
        "pending",
        "running",
        "completed",
        "degraded_success",
        "failed",
        "cancelled",
        "halted",
    ])
}

fn stage(_: &mut SchemaGenerator) -> Schema {
    words::closed(["analysts", "research", "trading", "risk", "portfolio"])
}

fn stage_or_none(schemas: &mut SchemaGenerator) -> Schema {
    words::or_none(stage(schemas))
}

fn stage_state(_: &mut SchemaGenerator) -> Schema {
    words::closed([
        "pending",
        "running",
        "completed",
        "failed",
        "cancelled",
        "skipped",
    ])
}

fn outcome_or_none(_: &mut SchemaGenerator) -> Schema {
    words::or_none(words::closed(["answered", "abstained", "degraded"]))
}

fn percent(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "integer", "minimum": 0, "maximum": 100})
}

/// An analysis as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnalysisView {
    /// Its run.
    #[schemars(schema_with = "words::id")]
    pub run_id: String,
    /// Where the run stands: `queued`, `running`, `halting`, `halted`,
    /// `cancelling`, `cancelled`, `completed`, `partial`, `failed`.
    #[schemars(schema_with = "words::run_state")]
    pub state: String,
    /// Why it halted, failed or was cancelled.
    pub reason: Option<String>,
    /// How far it is, over all items.
    #[schemars(schema_with = "percent")]
    pub progress: u8,
    /// `provider/model` of analysts, researchers, trader and risk; `null`
    /// without an llm lane.
    pub quick: Option<String>,
    /// `provider/model` of the two managers; `null` without an llm lane.
    pub deep: Option<String>,
    /// What is analysed, in the order of the job.
    pub items: Vec<AnalysisItemView>,
    /// What it took so far; of one that is looked at alone.
    pub spent: BudgetState,
    /// SHA-256 of the canonical form of its spec.
    #[schemars(schema_with = "words::hash")]
    pub spec: String,
    /// When it was accepted.
    #[schemars(schema_with = "words::instant")]
    pub created_at: String,
    /// When a worker took a part of it first.
    #[schemars(schema_with = "words::instant_or_none")]
    pub started_at: Option<String>,
    /// When it ended.
    #[schemars(schema_with = "words::instant_or_none")]
    pub finished_at: Option<String>,
    /// What keeps it from its turn, in words; only of one that is looked at
    /// alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
}

/// An item as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnalysisItemView {
    /// The instrument.
    #[schemars(schema_with = "words::symbol")]
    pub ticker: String,
    /// The day.
    pub date: String,
    /// The beginning of the names of its nodes: the ticker, or `TICKER@DATE`.
    pub key: String,
    /// `pending`, `running`, `completed`, `degraded_success`, `failed`,
    /// `cancelled`, `halted`.
    #[schemars(schema_with = "item_state")]
    pub state: String,
    /// How far it is; never goes back.
    #[schemars(schema_with = "percent")]
    pub progress: u8,
    /// The stage it is in.
    #[schemars(schema_with = "stage_or_none")]
    pub current_stage: Option<String>,
    /// All five, in order.
    pub stages: Vec<AnalysisStageView>,
    /// The rating of the merged signal; `null` where there is none.
    #[schemars(with = "Option<String>")]
    pub decision: Option<Rating>,
    /// How sure it is.
    #[schemars(with = "Option<f64>", range(min = 0, max = 1))]
    pub confidence: Option<Probability>,
    /// Whether anything is missing; `null` before its end.
    pub degraded: Option<bool>,
    /// Why there is no decision.
    pub error: Option<AnalysisError>,
    /// When it ended; of one that is looked at alone.
    #[schemars(schema_with = "words::instant_or_none")]
    pub ended_at: Option<String>,
    /// What it took so far; of one that is looked at alone.
    pub spent: BudgetState,
}

/// A stage as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AnalysisStageView {
    /// `analysts`, `research`, `trading`, `risk`, `portfolio`.
    #[schemars(schema_with = "stage")]
    pub name: String,
    /// `pending`, `running`, `completed`, `failed`, `cancelled`; `skipped`
    /// where the job asks for nothing of it.
    #[schemars(schema_with = "stage_state")]
    pub state: String,
    /// When the last of its nodes ended; of one that is looked at alone.
    #[schemars(schema_with = "words::instant_or_none")]
    pub completed_at: Option<String>,
}

/// A node as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnalysisNodeView {
    /// Its name: `AAPL/analysts/news`.
    pub key: String,
    /// Who speaks; `null` for the decision.
    pub role: Option<NodeRole>,
    /// The stage it belongs to; `null` for the strategy.
    #[schemars(schema_with = "stage_or_none")]
    pub stage: Option<String>,
    /// Where its task stands.
    #[schemars(schema_with = "words::task_state")]
    pub state: String,
    /// Leases given so far.
    pub attempt: u32,
    /// When it ended.
    #[schemars(schema_with = "words::instant_or_none")]
    pub ended_at: Option<String>,
    /// `provider/model`; `null` where none was asked.
    pub model: Option<String>,
    /// `answered`, `abstained` or `degraded`; `null` before its end.
    #[schemars(schema_with = "outcome_or_none")]
    pub outcome: Option<String>,
    /// What it took.
    pub spent: BudgetState,
    /// Why its task failed or was skipped.
    pub detail: Option<String>,
}

/// What was said in an analysis, in the order of the graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TranscriptView {
    /// Its run.
    #[schemars(schema_with = "words::id")]
    pub run_id: String,
    /// What nodes said that have ended.
    pub said: Vec<SaidView>,
}

/// What a node said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SaidView {
    /// Its name: `AAPL/analysts/news`.
    pub key: String,
    /// Who spoke.
    pub role: NodeRole,
    /// `provider/model`; `null` where none was asked.
    pub model: Option<String>,
    /// `answered`, `abstained` or `degraded`.
    pub outcome: String,
    /// What it said, or why not.
    pub text: String,
    /// Single claims with their figures.
    pub points: Vec<String>,
    /// Where it leans; `null` for roles that only argue.
    #[schemars(with = "Option<i8>", range(min = -1, max = 1))]
    pub direction: Option<Direction>,
    /// How sure it is.
    #[schemars(with = "Option<f64>", range(min = 0, max = 1))]
    pub confidence: Option<Probability>,
    /// What it read.
    pub read: Vec<Read>,
}
