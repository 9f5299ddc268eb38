//! What an analysis is asked to be.

use std::collections::BTreeMap;

use fondaco_domain::signal::Probability;
use fondaco_domain::{Symbol, Timeframe};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ContractError;
use crate::v1alpha1::job::{JobDataset, JobStrategy, JobVersion};

/// Everything an analysis needs, as values. What depends on the moment (which
/// versions of candles, what was imported of news and filings, the portfolio,
/// the views of peers) is filled in when the document is accepted, so that a
/// run that does the same once more has the same document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalysisJob {
    /// What kind of run it is.
    pub kind: AnalysisKind,
    /// Version of this form.
    pub version: JobVersion,
    /// What is analysed, in the order in which results are told. At least one;
    /// none twice.
    pub items: Vec<AnalysisItem>,
    /// The quant lane; `null` for none.
    #[serde(default)]
    pub quant: Option<QuantJob>,
    /// The llm lane; `null` for none.
    #[serde(default)]
    pub llm: Option<LlmJob>,
    /// How the lanes become one signal.
    #[serde(default)]
    pub merge: MergePolicy,
    /// On the confidence of a lane whose research is only partly there.
    #[serde(default = "half")]
    #[schemars(with = "f64", range(min = 0, max = 1))]
    pub research_degraded_factor: Probability,
    /// What all calls of the run together may cost, in billionths of a US
    /// dollar; `null` for no limit.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub budget_nano: Option<i64>,
    /// Hash of the recording whose answers are given again; `null` where
    /// models are asked.
    #[serde(default)]
    pub replay: Option<String>,
    /// What may be read; `null` for the newest there is when the document is
    /// accepted.
    #[serde(default)]
    pub data: Option<AnalysisData>,
    /// What is held; `null` where it is not known, which is not the same as
    /// nothing.
    #[serde(default)]
    pub portfolio: Option<PortfolioContext>,
    /// What was thought of others on that day; `null` where it is not asked.
    #[serde(default)]
    pub peers: Option<PeerContext>,
}

fn half() -> Probability {
    Probability::try_from(0.5).unwrap_or(Probability::ONE)
}

/// Always `analysis`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnalysisKind {
    /// An analysis.
    #[default]
    Analysis,
}

/// An instrument and a day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalysisItem {
    /// The instrument.
    #[schemars(with = "String")]
    pub ticker: Symbol,
    /// The day: nothing that became known after its end (24:00 UTC) is read.
    #[schemars(with = "String")]
    pub date: Date,
}

/// A strategy that is evaluated up to the day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuantJob {
    /// Its rules.
    pub strategy: JobStrategy,
    /// Values of its parameters, in place of its defaults.
    #[serde(default)]
    pub params: BTreeMap<String, f64>,
    /// Where its confidence comes from.
    #[serde(default)]
    pub confidence: ConfidenceRule,
}

/// Where the confidence of the quant lane comes from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum ConfidenceRule {
    /// From what the strategy's own signals came to on that instrument before
    /// the day, in the same regime.
    #[default]
    Record,
    /// The ratio of its Sharpe ratio to the best of a table, from 0 to 1; 0.5
    /// where the best is 0. A property of the table, not of the day.
    Table {
        /// That of the chosen parameters.
        sharpe: f64,
        /// The largest of the table.
        best: f64,
    },
}

/// A graph of questions to models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LlmJob {
    /// `provider/model` of analysts, researchers, trader and risk.
    pub quick: String,
    /// `provider/model` of the two managers.
    pub deep: String,
    /// Who looks at the instrument first; at least one, none twice.
    #[serde(default = "all_analysts")]
    pub analysts: Vec<Analyst>,
    /// Rounds of bull and bear.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 10))]
    pub debate_rounds: u32,
    /// Rounds of aggressive, conservative and neutral.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 10))]
    pub risk_rounds: u32,
    /// Seconds an analyst has.
    #[serde(default = "analyst_seconds")]
    #[schemars(range(min = 1))]
    pub analyst_seconds: u32,
    /// Seconds every other node has.
    #[serde(default = "research_seconds")]
    #[schemars(range(min = 1))]
    pub research_seconds: u32,
    /// Answers with wishes for tools that a node may give before it has to
    /// answer.
    #[serde(default = "tool_turns")]
    pub tool_turns: u32,
    /// Tokens of one answer at most.
    #[serde(default = "max_tokens")]
    pub max_tokens: u32,
    /// In thousandths; `null` for the provider's own.
    #[serde(default)]
    pub temperature_milli: Option<u32>,
    /// For providers that take one.
    #[serde(default)]
    pub seed: Option<u32>,
    /// Hash of the prompts; `null` for those of the program that accepts the
    /// document.
    #[serde(default)]
    pub prompts: Option<String>,
}

fn all_analysts() -> Vec<Analyst> {
    Analyst::ALL.to_vec()
}

fn one() -> u32 {
    1
}

fn analyst_seconds() -> u32 {
    120
}

fn research_seconds() -> u32 {
    75
}

fn tool_turns() -> u32 {
    6
}

fn max_tokens() -> u32 {
    2_000
}

/// Who looks at the instrument first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Analyst {
    /// Prices and indicators.
    Market,
    /// The tone of what is written.
    Sentiment,
    /// What happened.
    News,
    /// Filings.
    Fundamentals,
}

impl Analyst {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Market,
        Self::Sentiment,
        Self::News,
        Self::Fundamentals,
    ];

    /// The name in step keys and documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Sentiment => "sentiment",
            Self::News => "news",
            Self::Fundamentals => "fundamentals",
        }
    }
}

/// How the lanes become one signal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MergePolicy {
    /// By which rule.
    pub policy: MergePolicyName,
    /// Confidence of the quant lane at most.
    #[schemars(with = "f64", range(min = 0, max = 1))]
    pub quant_weight_cap: Probability,
    /// Confidence of the llm lane at most.
    #[schemars(with = "f64", range(min = 0, max = 1))]
    pub llm_weight_cap: Probability,
    /// On the confidence of the quant lane where it is alone.
    #[schemars(with = "f64", range(min = 0, max = 1))]
    pub quant_solo_penalty: Probability,
    /// On the confidence of the llm lane where it is alone.
    #[schemars(with = "f64", range(min = 0, max = 1))]
    pub llm_solo_penalty: Probability,
}

/// Rules of merging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MergePolicyName {
    /// The sum of the capped lanes over the sum of their confidences.
    #[default]
    CappedSum,
    /// The log-odds of the capped lanes added.
    LogOdds,
}

impl Default for MergePolicy {
    fn default() -> Self {
        fondaco_domain::signal::Policy::default().into()
    }
}

impl From<fondaco_domain::signal::Policy> for MergePolicy {
    fn from(policy: fondaco_domain::signal::Policy) -> Self {
        use fondaco_domain::signal::Policy;
        let caps = *policy.caps();
        Self {
            policy: match policy {
                Policy::CappedSum(_) => MergePolicyName::CappedSum,
                Policy::LogOdds(_) => MergePolicyName::LogOdds,
            },
            quant_weight_cap: caps.quant_weight_cap,
            llm_weight_cap: caps.llm_weight_cap,
            quant_solo_penalty: caps.quant_solo_penalty,
            llm_solo_penalty: caps.llm_solo_penalty,
        }
    }
}

impl From<MergePolicy> for fondaco_domain::signal::Policy {
    fn from(policy: MergePolicy) -> Self {
        let caps = fondaco_domain::signal::Caps {
            quant_weight_cap: policy.quant_weight_cap,
            llm_weight_cap: policy.llm_weight_cap,
            quant_solo_penalty: policy.quant_solo_penalty,
            llm_solo_penalty: policy.llm_solo_penalty,
        };
        match policy.policy {
            MergePolicyName::CappedSum => Self::CappedSum(caps),
            MergePolicyName::LogOdds => Self::LogOdds(caps),
        }
    }
}

/// What may be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalysisData {
    /// The candles, each in one version.
    pub candles: Vec<JobDataset>,
    /// Length of the candles that lanes look at.
    #[schemars(with = "String")]
    pub timeframe: Timeframe,
    /// News, filings and corporate actions imported up to this place.
    pub research: u64,
    /// When the document was accepted, in Unix milliseconds: nothing later
    /// exists, however late in its life the run comes to it.
    pub accepted_ms: i64,
}

/// What is held on the day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortfolioContext {
    /// How many positions there are.
    pub positions: u32,
    /// Those of what is analysed.
    pub held: Vec<PositionContext>,
    /// The four largest by value.
    pub largest: Vec<PositionContext>,
    /// The three worst by unrealised return.
    pub worst: Vec<PositionContext>,
}

/// A position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PositionContext {
    /// The instrument.
    #[schemars(with = "String")]
    pub ticker: Symbol,
    /// Units held.
    pub shares: f64,
    /// Price paid for a unit.
    pub cost_price: f64,
    /// Price of a unit; `null` where there is none.
    pub price: Option<f64>,
    /// Unrealised return in per cent; `null` where there is no price.
    pub return_pct: Option<f64>,
}

/// What was thought of others, frozen before the first of a batch begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeerContext {
    /// Up to three strongest views upwards.
    pub bullish: Vec<PeerView>,
    /// Up to three strongest views downwards.
    pub bearish: Vec<PeerView>,
    /// Up to two that are neither.
    pub neutral: Vec<PeerView>,
}

/// What was thought of another. Not normalised by industry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeerView {
    /// The instrument.
    #[schemars(with = "String")]
    pub ticker: Symbol,
    /// One of the five words.
    pub rating: String,
    /// How sure.
    #[schemars(with = "f64", range(min = 0, max = 1))]
    pub confidence: Probability,
}

/// The published JSON schema of [`AnalysisJob`], as it is in `schemas/`.
pub fn analysis_job_schema() -> Result<String, ContractError> {
    let schema = schemars::schema_for!(AnalysisJob);
    serde_json::to_string_pretty(&schema)
        .map(|text| text + "\n")
        .map_err(ContractError::Write)
}
