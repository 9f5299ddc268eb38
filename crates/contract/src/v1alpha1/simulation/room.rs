//! Rooms: who sits in one, what its members answer, and what a day leaves
//! behind.

use std::collections::BTreeMap;

use fondaco_domain::Symbol;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SimDate;
use crate::error::ContractError;
use crate::v1alpha1::analysis::{Abstention, CallRecord, Degraded, Read};

/// Who sits in a room.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RoomMember {
    /// Reads filings.
    FundamentalsAnalyst,
    /// Reads prices.
    TechnicalAnalyst,
    /// Reads news.
    SentimentAnalyst,
    /// Compares prices with what stands in filings.
    ValuationAnalyst,
    /// Looks at what is held.
    RiskManager,
    /// Decides.
    PortfolioManager,
}

impl RoomMember {
    /// All of them, in the order in which they first speak.
    pub const ALL: [Self; 6] = [
        Self::FundamentalsAnalyst,
        Self::TechnicalAnalyst,
        Self::SentimentAnalyst,
        Self::ValuationAnalyst,
        Self::RiskManager,
        Self::PortfolioManager,
    ];

    /// Those who predict.
    pub const ANALYSTS: [Self; 4] = [
        Self::FundamentalsAnalyst,
        Self::TechnicalAnalyst,
        Self::SentimentAnalyst,
        Self::ValuationAnalyst,
    ];

    /// The name in documents and on dashboards.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FundamentalsAnalyst => "fundamentals_analyst",
            Self::TechnicalAnalyst => "technical_analyst",
            Self::SentimentAnalyst => "sentiment_analyst",
            Self::ValuationAnalyst => "valuation_analyst",
            Self::RiskManager => "risk_manager",
            Self::PortfolioManager => "portfolio_manager",
        }
    }

    /// The name in keys of tasks and of prompts.
    pub fn word(self) -> &'static str {
        match self {
            Self::FundamentalsAnalyst => "fundamentals",
            Self::TechnicalAnalyst => "technical",
            Self::SentimentAnalyst => "sentiment",
            Self::ValuationAnalyst => "valuation",
            Self::RiskManager => "risk",
            Self::PortfolioManager => "pm",
        }
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::FundamentalsAnalyst => "Fundamentals analyst",
            Self::TechnicalAnalyst => "Technical analyst",
            Self::SentimentAnalyst => "Sentiment analyst",
            Self::ValuationAnalyst => "Valuation analyst",
            Self::RiskManager => "Risk manager",
            Self::PortfolioManager => "Portfolio manager",
        }
    }
}

/// What came of one turn of a member: the output of its task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomReport {
    /// The key of its task: `2025-10-01|gpt-5/analysts/technical`.
    pub node: String,
    /// Who spoke.
    pub member: RoomMember,
    /// `provider/model`.
    pub model: String,
    /// What came of it.
    pub outcome: RoomOutcome,
    /// What was read, in the order in which it was asked for.
    #[serde(default)]
    pub read: Vec<Read>,
    /// The calls it took, in order.
    #[serde(default)]
    pub calls: Vec<CallRecord>,
}

/// Words, none on purpose, or none for a reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum RoomOutcome {
    /// It answered in its form.
    Answered(RoomAnswer),
    /// It looked and has nothing to say.
    Abstained(Abstention),
    /// It gave no usable answer. Others go on without it.
    Degraded(Degraded),
}

/// An answer in the form of its turn.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomAnswer {
    /// For people, in full sentences.
    pub text: String,
    /// Single claims with their figures, most important first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<String>,
    /// Of a prediction: one per ticker.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predictions: Vec<Prediction>,
    /// Of the decision: one per ticker.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<RoomDecision>,
}

/// Where an analyst sees a price at the close of the step, from its open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    /// The instrument.
    #[schemars(with = "String")]
    pub ticker: Symbol,
    /// Where to.
    pub outlook: Outlook,
    /// How sure it is, in per cent.
    #[schemars(range(max = 100))]
    pub confidence: u8,
}

/// Where a price goes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Outlook {
    /// Up.
    Up,
    /// Down.
    Down,
    /// Neither: not scored.
    Neutral,
}

/// What the portfolio manager wants of an instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomDecision {
    /// The instrument.
    #[schemars(with = "String")]
    pub ticker: Symbol,
    /// What.
    pub action: RoomAction,
    /// By how much, a change and no target; 0 for `hold`.
    #[schemars(with = "String")]
    pub quantity: Decimal,
    /// How sure it is, in per cent.
    #[schemars(range(max = 100))]
    pub confidence: u8,
    /// Why.
    pub reasoning: String,
}

/// What a decision does.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RoomAction {
    /// Buys: a short position first, then for holding.
    Long,
    /// Sells: what is held first, then short.
    Short,
    /// Nothing.
    Hold,
}

impl RoomAction {
    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
            Self::Hold => "hold",
        }
    }

    /// What it says of the price.
    pub fn outlook(self) -> Outlook {
        match self {
            Self::Long => Outlook::Up,
            Self::Short => Outlook::Down,
            Self::Hold => Outlook::Neutral,
        }
    }
}

impl Outlook {
    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "UP",
            Self::Down => "DOWN",
            Self::Neutral => "NEUTRAL",
        }
    }
}

/// What a day of a room leaves behind, beside its account.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomDay {
    /// What the analysts expect of this step, by analyst.
    pub predictions: Vec<MemberPredictions>,
    /// What the portfolio manager decided.
    pub decisions: Vec<RoomDecision>,
    /// The conference; `null` where there was none.
    pub conference: Option<Conference>,
    /// Turns without an answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingTurn>,
    /// The opens of the step, of what has one.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub opens: BTreeMap<Symbol, Decimal>,
    /// What the same money is worth at the open without anybody's decisions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baselines: Vec<BaselineValue>,
    /// Calls of the step before whose outcome is known at this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scored: Vec<ScoredCall>,
    /// How often each member was right so far, with those calls.
    pub standings: Vec<Standing>,
    /// What each member remembers, the newest first: calls and what became of
    /// them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lessons: Vec<ScoredCall>,
}

/// The value of a portfolio that nobody trades.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaselineValue {
    /// `equal_weight`, `market_cap_weight`, `momentum`, `hold AAPL`.
    pub name: String,
    /// At the open of the step.
    #[schemars(with = "String")]
    pub value: Decimal,
}

/// What an analyst expects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberPredictions {
    /// Who.
    pub member: RoomMember,
    /// One per ticker.
    pub predictions: Vec<Prediction>,
}

/// A conference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conference {
    /// What it was about.
    pub title: String,
    /// Its rounds.
    pub cycles: u32,
    /// What the portfolio manager took from it; `null` where there is no such
    /// answer.
    pub summary: Option<String>,
}

/// A turn without an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MissingTurn {
    /// The end of the key of its task: `analysts/technical`.
    pub node: String,
    /// Why, a word of the list of reports; `abstained` where it had nothing to
    /// say.
    pub reason: String,
}

/// A call and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoredCall {
    /// Whose: an analyst's prediction, or a decision of the portfolio manager.
    pub member: RoomMember,
    /// The step it was made at and is about.
    pub date: SimDate,
    /// The instrument.
    #[schemars(with = "String")]
    pub ticker: Symbol,
    /// `UP` or `DOWN`: what is neither is not scored.
    pub outlook: Outlook,
    /// How sure it was, in per cent.
    #[schemars(range(max = 100))]
    pub confidence: u8,
    /// What became of it.
    pub result: CallResult,
    /// From the open of the step to its close, in per cent; `null` where it is
    /// not known.
    pub change_pct: Option<f64>,
    /// From when on that is known, in Unix milliseconds: nobody is told before.
    pub known_at_ms: i64,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallResult {
    /// The price went where it was said to go.
    Right,
    /// It did not, or stayed where it was.
    Wrong,
    /// There is no such price.
    Unknown,
}

/// How often a member was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// Who.
    pub member: RoomMember,
    /// Of calls for a rise.
    pub bull: CallTally,
    /// Of calls for a fall.
    pub bear: CallTally,
}

/// Calls, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallTally {
    /// All of them.
    pub n: u32,
    /// Those that were right.
    pub win: u32,
    /// Those of which nothing is known.
    pub unknown: u32,
}

impl CallTally {
    /// With one more.
    #[must_use]
    pub fn with(self, result: CallResult) -> Self {
        Self {
            n: self.n + 1,
            win: self.win + u32::from(result == CallResult::Right),
            unknown: self.unknown + u32::from(result == CallResult::Unknown),
        }
    }
}

impl Standing {
    /// Of somebody who made no call yet.
    pub fn new(member: RoomMember) -> Self {
        Self {
            member,
            bull: CallTally::default(),
            bear: CallTally::default(),
        }
    }

    /// Right calls of all whose outcome is known, from 0 to 1; nothing without
    /// any.
    pub fn win_rate(&self) -> Option<f64> {
        let known = |tally: CallTally| tally.n.saturating_sub(tally.unknown);
        let all = known(self.bull) + known(self.bear);
        (all > 0).then(|| f64::from(self.bull.win + self.bear.win) / f64::from(all))
    }
}

/// The published JSON schema of [`RoomReport`], as it is in `schemas/`.
pub fn room_report_schema() -> Result<String, ContractError> {
    let schema = schemars::schema_for!(RoomReport);
    serde_json::to_string_pretty(&schema)
        .map(|text| text + "\n")
        .map_err(ContractError::Write)
}
