//! What a node of an analysis answered: the output of its task.

use fondaco_domain::signal::{Direction, Probability, Rating, ReasonCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::result::DataIssue;
use crate::error::ContractError;

/// What came of one node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeReport {
    /// The key of its task: `AAPL/analysts/news`.
    pub node: String,
    /// Who spoke.
    pub role: NodeRole,
    /// `provider/model`; `null` where none was to be asked.
    pub model: Option<String>,
    /// What came of it.
    pub outcome: NodeOutcome,
    /// What it read, in the order in which it asked.
    #[serde(default)]
    pub read: Vec<Read>,
    /// The calls it took, in order.
    #[serde(default)]
    pub calls: Vec<CallRecord>,
}

/// The parts of the graph.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum NodeRole {
    /// The strategy.
    Quant,
    /// Prices and indicators.
    Market,
    /// The tone of what is written.
    Sentiment,
    /// What happened.
    News,
    /// Filings.
    Fundamentals,
    /// Argues for the instrument.
    Bull,
    /// Argues against it.
    Bear,
    /// Judges the debate.
    ResearchManager,
    /// Makes a plan of the verdict.
    Trader,
    /// Argues for more risk.
    Aggressive,
    /// Argues for less.
    Conservative,
    /// Weighs both.
    Neutral,
    /// Decides.
    PortfolioManager,
}

impl NodeRole {
    /// All of them, in the order of the graph.
    pub const ALL: [Self; 13] = [
        Self::Quant,
        Self::Market,
        Self::Sentiment,
        Self::News,
        Self::Fundamentals,
        Self::Bull,
        Self::Bear,
        Self::ResearchManager,
        Self::Trader,
        Self::Aggressive,
        Self::Conservative,
        Self::Neutral,
        Self::PortfolioManager,
    ];

    /// The name in documents and of its prompt.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quant => "quant",
            Self::Market => "market",
            Self::Sentiment => "sentiment",
            Self::News => "news",
            Self::Fundamentals => "fundamentals",
            Self::Bull => "bull",
            Self::Bear => "bear",
            Self::ResearchManager => "research_manager",
            Self::Trader => "trader",
            Self::Aggressive => "aggressive",
            Self::Conservative => "conservative",
            Self::Neutral => "neutral",
            Self::PortfolioManager => "portfolio_manager",
        }
    }
}

/// An opinion, none on purpose, or none for a reason. There is no default
/// opinion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum NodeOutcome {
    /// It answered in its form.
    Answered(NodeAnswer),
    /// It looked and has nothing to say, such as news where there are none.
    Abstained(Abstention),
    /// It gave no usable answer. Others go on without it.
    Degraded(Degraded),
}

/// An answer in the form of its role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeAnswer {
    /// For people, in full sentences.
    pub text: String,
    /// Single claims with their figures, most important first.
    #[serde(default)]
    pub points: Vec<String>,
    /// Where it leans; `null` for roles that only argue.
    #[serde(default)]
    #[schemars(with = "Option<i8>", range(min = -1, max = 1))]
    pub direction: Option<Direction>,
    /// How sure it is; `null` for roles that only argue.
    #[serde(default)]
    #[schemars(with = "Option<f64>", range(min = 0, max = 1))]
    pub confidence: Option<Probability>,
    /// The decision; the portfolio manager's only.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub rating: Option<Rating>,
    /// The whole document as the model gave it, which fits the schema of its
    /// role.
    #[serde(default)]
    pub document: Value,
}

/// Nothing to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Abstention {
    /// Why, for people.
    pub why: String,
}

/// No usable answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Degraded {
    /// `timeout`, `malformed`, `refused`, `length`, `tool_turns`,
    /// `rate_limited`, `provider`, `unknown_model`, `auth`, `mismatch`,
    /// `budget`, `not_recorded`, `recording`, `ledger`, `prompts`, `source`, `form`, `no_input`,
    /// `lost` or, of the quant lane, `no_signal`.
    pub reason: String,
    /// Present where the whole lane is lost with it.
    #[schemars(with = "Option<String>")]
    pub lane: Option<ReasonCode>,
    /// What is wrong with the data, where the lane is lost for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_quality: Option<DataIssue>,
    /// More about it, for people.
    pub detail: String,
    /// Whether asking again may help.
    pub retryable: bool,
}

/// Something that was read: what a figure in an answer rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// The tool that gave it.
    pub tool: String,
    /// The data set, file or store.
    pub source: String,
    /// The oldest instant in it, RFC 3339; `null` where it has none.
    pub from: Option<String>,
    /// The newest instant in it, RFC 3339; `null` where it has none.
    pub until: Option<String>,
    /// Rows, stories or filings.
    pub rows: u64,
    /// SHA-256 of what the model was given.
    pub hash: String,
}

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallRecord {
    /// The how manyth of its node, from 0.
    pub ordinal: u32,
    /// The question, whole.
    pub request: Value,
    /// The answer, whole; `null` where there is none.
    pub completion: Option<Value>,
    /// Why there is none.
    #[serde(default)]
    pub error: Option<String>,
    /// What it took.
    pub tokens: CallTokens,
    /// What it cost, in billionths of a US dollar.
    pub cost_nano: i64,
    /// How long it took, in microseconds.
    pub took_micros: u64,
}

/// Tokens of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallTokens {
    /// Of the question.
    pub input: u64,
    /// Of those, the ones that the provider had kept.
    pub cached: u64,
    /// Of the answer.
    pub output: u64,
}

/// The published JSON schema of [`NodeReport`], as it is in `schemas/`.
pub fn node_report_schema() -> Result<String, ContractError> {
    let schema = schemars::schema_for!(NodeReport);
    serde_json::to_string_pretty(&schema)
        .map(|text| text + "\n")
        .map_err(ContractError::Write)
}
