//! What came of an analysis of one instrument on one day.

use fondaco_domain::Symbol;
use fondaco_domain::signal::{Direction, Probability, QualityState, Rating, ReasonCode, Source};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::job::MergePolicy;
use super::node::{NodeRole, Read};
use crate::error::ContractError;

/// The name of the contract.
pub const ANALYSIS_RESULT: &str = "analysis-result";

/// One decision from two lanes, and all that it rests on. The same job on the
/// same data with the same answers of models gives the same bytes: no clock is
/// in it.
///
/// A reader must take an absent lane for absent (`available: false`), never for
/// a wish to hold, and must expect `degraded: true` beside a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalysisResult {
    /// Always `analysis-result`.
    pub contract: String,
    /// Always `v1alpha1`.
    pub contract_version: String,
    /// The instrument.
    #[schemars(with = "String")]
    pub ticker: Symbol,
    /// The day.
    #[schemars(with = "String")]
    pub date: Date,
    /// How it ended.
    pub status: AnalysisStatus,
    /// The rating of the merged signal; `null` where there is none.
    #[schemars(with = "Option<String>")]
    pub decision: Option<Rating>,
    /// How sure the merged signal is; `null` where there is none.
    #[schemars(with = "Option<f64>", range(min = 0, max = 1))]
    pub confidence: Option<Probability>,
    /// The lanes and what became of them.
    pub signals: LaneSignals,
    /// What is missing.
    pub degradation: Degradation,
    /// What is wrong with the data; `null` where nothing is.
    pub data_quality: Option<DataQualitySummary>,
    /// How much of the research there is; `null` without an llm lane.
    pub research: Option<Provenance>,
    /// What nodes said, in the order of the graph.
    pub evidence: Vec<Evidence>,
    /// What it cost.
    pub budget: BudgetState,
    /// What may have been wrong, where the llm lane failed.
    pub tentative_classification: Option<Classification>,
    /// Why there is no decision; `null` where there is one.
    pub error: Option<AnalysisError>,
}

/// How an analysis ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnalysisStatus {
    /// With all that was asked for.
    Completed,
    /// With a decision, and something missing.
    DegradedSuccess,
    /// Without a decision.
    Failed,
    /// Somebody said so.
    Cancelled,
}

/// The lanes and what became of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LaneSignals {
    /// What they come to; `null` where neither says anything.
    pub merged: Option<MergedResult>,
    /// The strategy.
    pub quant: LaneResult,
    /// The models.
    pub llm: LaneResult,
}

/// One signal of both lanes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergedResult {
    /// -1, 0 or 1.
    #[schemars(with = "i8", range(min = -1, max = 1))]
    pub direction: Direction,
    /// BUY and SELL from a confidence of 0.7 on.
    #[schemars(with = "String")]
    pub rating: Rating,
    /// By which rule, and its numbers.
    pub policy: MergePolicy,
    /// What went into the sum, quant first.
    pub counted: Vec<CountedLane>,
    /// What the sum was divided by.
    pub denominator: f64,
}

/// A lane as it was counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountedLane {
    /// Whose.
    #[schemars(with = "String")]
    pub source: Source,
    /// As it was said.
    #[schemars(with = "f64", range(min = 0, max = 1))]
    pub stated: Probability,
    /// On it, for research that is only partly there.
    #[schemars(with = "f64", range(min = 0, max = 1))]
    pub factor: Probability,
    /// What was counted: capped; alone, penalised too.
    #[schemars(with = "f64", range(min = 0, max = 1))]
    pub counted: Probability,
}

/// A lane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LaneResult {
    /// Whether it says anything; where not, the rest is `null`.
    pub available: bool,
    /// -1, 0 or 1.
    #[schemars(with = "Option<i8>", range(min = -1, max = 1))]
    pub direction: Option<Direction>,
    /// Its own rating.
    #[schemars(with = "Option<String>")]
    pub rating: Option<Rating>,
    /// As it said.
    #[schemars(with = "Option<f64>", range(min = 0, max = 1))]
    pub confidence: Option<Probability>,
    /// The decision behind it, the llm lane's only.
    pub structured: Option<StructuredDecision>,
}

impl LaneResult {
    /// A lane that says nothing.
    pub fn absent() -> Self {
        Self {
            available: false,
            direction: None,
            rating: None,
            confidence: None,
            structured: None,
        }
    }
}

/// What the portfolio manager decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StructuredDecision {
    /// One of the five words.
    #[schemars(with = "String")]
    pub rating: Rating,
    /// What kind of holding: `UNSPECIFIED` for HOLD, `N/A` for the others.
    pub hold_subtype: String,
    /// `structured`, or `rating_line` where it was found as a line of free
    /// text.
    pub rating_source: String,
    /// The reasons, for people.
    pub report_text: String,
    /// What is odd about it.
    pub warnings: Vec<String>,
    /// Whether it knew what is held.
    pub portfolio_context_used: bool,
    /// Whether it knew what was thought of others.
    pub peer_context_used: bool,
}

/// What is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Degradation {
    /// Whether anything is.
    pub degraded: bool,
    /// Why lanes are missing, quant first, each once.
    #[schemars(with = "Vec<String>")]
    pub reason_codes: Vec<ReasonCode>,
    /// More about each lane that is missing.
    pub source_diagnostics: LaneDiagnosticsBySource,
}

/// By lane.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LaneDiagnosticsBySource {
    /// The strategy's, where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quant: Option<LaneDiagnostics>,
    /// The models', where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub llm: Option<LaneDiagnostics>,
}

/// Why a lane is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LaneDiagnostics {
    /// Of the closed list.
    #[schemars(with = "String")]
    pub reason_code: ReasonCode,
    /// What is wrong with its data, where that is it.
    pub data_quality: Option<DataIssue>,
    /// More about it, for people.
    pub error: Option<String>,
}

/// What is wrong with the data of a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataIssue {
    /// Whose.
    #[schemars(with = "String")]
    pub source: Source,
    /// What.
    #[schemars(with = "String")]
    pub state: QualityState,
    /// Fields that candles lack.
    #[serde(default)]
    pub missing_fields: Vec<String>,
    /// The last day there is; `null` where that is not it.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub last_available_date: Option<Date>,
}

/// The worst, and all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataQualitySummary {
    /// The worst: provider mismatch before a closed market, stale, partial and
    /// all others.
    #[schemars(with = "String")]
    pub state: QualityState,
    /// Whose.
    #[schemars(with = "String")]
    pub source: Source,
    /// All of them, quant first.
    pub issues: Vec<DataIssue>,
}

/// How much of the research there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// All, some or none.
    pub research_status: ResearchStatus,
    /// How the verdict came about.
    pub research_mode: ResearchMode,
    /// Nodes that did not answer in time, in the order of the graph.
    pub timed_out_nodes: Vec<String>,
    /// `<node>_<reason>` of the first that gave no answer; `null` where all
    /// did.
    pub degraded_reason: Option<String>,
    /// Which of bull, bear and manager there are.
    pub covered_dimensions: Vec<String>,
    /// 1 where all is well, 0.5 where something before the manager is missing,
    /// 0 where the manager is.
    #[schemars(with = "f64", range(min = 0, max = 1))]
    pub manager_confidence: Probability,
    /// What the confidence of the lane was multiplied by.
    #[schemars(with = "f64", range(min = 0, max = 1))]
    pub factor: Probability,
    /// What was tried after a failure, in order.
    pub recovery: Vec<RecoveryStep>,
}

/// All, some or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResearchStatus {
    /// Every node answered.
    Full,
    /// Some did not.
    Degraded,
    /// There is no verdict.
    Failed,
}

/// How the verdict came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResearchMode {
    /// By debate.
    Debate,
    /// With a part of the debate missing.
    DegradedSynthesis,
}

/// Something that was tried after a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoveryStep {
    /// `local_recovery` or `provider_probe`.
    pub attempt: String,
    /// Whether it helped.
    pub succeeded: bool,
    /// More about it, for people.
    pub detail: String,
}

/// What a node said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The key of its task.
    pub node: String,
    /// Who spoke.
    pub role: NodeRole,
    /// `answered`, `abstained` or `degraded`.
    pub outcome: String,
    /// What it said, or why not, for people.
    pub text: String,
    /// Where it leans.
    #[schemars(with = "Option<i8>", range(min = -1, max = 1))]
    pub direction: Option<Direction>,
    /// How sure it is.
    #[schemars(with = "Option<f64>", range(min = 0, max = 1))]
    pub confidence: Option<Probability>,
    /// What it read.
    pub read: Vec<Read>,
}

/// What it cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetState {
    /// Calls that were made or given again.
    pub calls: u64,
    /// Tokens of questions.
    pub input_tokens: u64,
    /// Of those, the ones that providers had kept.
    pub cached_tokens: u64,
    /// Tokens of answers.
    pub output_tokens: u64,
    /// What it cost, in billionths of a US dollar.
    pub cost_nano: i64,
    /// What the whole run may cost; `null` for no limit.
    pub limit_nano: Option<i64>,
    /// Whether `local_recovery` was used.
    pub local_recovery_used: bool,
    /// Whether `provider_probe` was used.
    pub provider_probe_used: bool,
}

/// What may have been wrong. Never certain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Classification {
    /// What.
    pub kind: ClassificationKind,
    /// Always `true`.
    pub tentative: bool,
    /// What it rests on, for people.
    pub basis: Vec<String>,
}

/// What may have been wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClassificationKind {
    /// Nothing.
    NoIssue,
    /// This program, or what it was told.
    LocalRuntime,
    /// The provider: overloaded, limited or not reached.
    ProviderBoundary,
    /// Both together, such as a question that is too long.
    InteractionEffect,
}

/// Why there is no decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalysisError {
    /// `both_signals_unavailable`, `cancelled` or `halted`.
    pub code: String,
    /// For people.
    pub message: String,
    /// Whether asking again may help.
    pub retryable: bool,
}

/// The published JSON schema of [`AnalysisResult`], as it is in `schemas/`.
pub fn analysis_result_schema() -> Result<String, ContractError> {
    let schema = schemars::schema_for!(AnalysisResult);
    serde_json::to_string_pretty(&schema)
        .map(|text| text + "\n")
        .map_err(ContractError::Write)
}
