//! What a day of a model came to: the output of its task.

use fondaco_domain::Symbol;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{RoomDay, SimDate};
use crate::error::ContractError;
use crate::v1alpha1::analysis::{CallTokens, Read};
use crate::v1alpha1::job::JobVersion;

/// A day of a model, whole: every figure of it follows from its actions and
/// prices. Amounts of money and quantities are decimals, as text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelDay {
    /// Version of this form.
    pub version: JobVersion,
    /// The step.
    pub date: SimDate,
    /// The name of the model in its run.
    pub model: String,
    /// The last step that the model completed before; `null` for its first.
    pub after: Option<SimDate>,
    /// Days of the calendar since then; 0 for its first.
    pub days_since_last_trading: u32,
    /// Before anything was traded, at the open.
    pub start: DayState,
    /// What the open made of what was held.
    pub figures: DayFigures,
    /// What was done, in order; orders of an earlier step that were filled or
    /// refused at this one stand first.
    pub actions: Vec<Action>,
    /// Orders that wait for the next open, in order.
    #[serde(default)]
    pub waiting: Vec<WaitingOrder>,
    /// After everything that was traded, at the same prices.
    pub end: DayState,
    /// The ledger at the end, in the form in which it goes on.
    pub ledger: Value,
    /// How the model came to it.
    pub session: DaySession,
    /// What a room leaves behind; `null` of a single agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomDay>,
}

/// What is there at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DayState {
    /// Money that can be spent.
    #[schemars(with = "String")]
    pub cash: Decimal,
    /// Money held for what was sold short.
    #[schemars(with = "String")]
    pub margin: Decimal,
    /// By symbol; nothing that is zero.
    pub holdings: Vec<Holding>,
    /// Cash, margin and holdings, and dividends that are owed.
    #[schemars(with = "String")]
    pub value: Decimal,
}

/// Something held, or owed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Holding {
    /// The instrument.
    #[schemars(with = "String")]
    pub symbol: Symbol,
    /// How much; negative where it was sold short.
    #[schemars(with = "String")]
    pub quantity: Decimal,
    /// Price of a unit; `null` where there never was one.
    #[schemars(with = "Option<String>")]
    pub price: Option<Decimal>,
    /// The step the price is of, where that is an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_of: Option<SimDate>,
}

/// From open to open: a day's own trades never change its profit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DayFigures {
    /// Value at the open less the value at the end of the step before; 0 for
    /// the first.
    #[schemars(with = "String")]
    pub profit: Decimal,
    /// The profit in per cent of the value before; 0 where that was not more
    /// than 0.
    pub return_pct: f64,
    /// Fees, duties and slippage of the fills of the step.
    #[schemars(with = "String")]
    pub costs: Decimal,
}

/// Something that was done, or tried.
// Fields that are flattened cannot be told from unknown ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Action {
    /// What.
    pub kind: ActionKind,
    /// The instrument; `null` for `hold`.
    #[schemars(with = "Option<String>")]
    pub symbol: Option<Symbol>,
    /// How much, more than 0; 0 for `hold`.
    #[schemars(with = "String")]
    pub quantity: Decimal,
    /// What became of it.
    #[serde(flatten)]
    pub state: ActionState,
    /// The step it was ordered in, where that is an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered: Option<SimDate>,
    /// Whether nobody ordered it: a margin call.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forced: bool,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// Bought: a short position first, then for holding.
    Buy,
    /// Sold what was held.
    Sell,
    /// Sold: what was held first, then short.
    Short,
    /// Bought back what was sold short.
    Cover,
    /// Nothing, on purpose.
    Hold,
    /// Paid or taken without an order: dividends, splits, cash for what no
    /// longer trades.
    Corporate,
}

impl ActionKind {
    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
            Self::Short => "short",
            Self::Cover => "cover",
            Self::Hold => "hold",
            Self::Corporate => "corporate",
        }
    }
}

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ActionState {
    /// It was done.
    Filled {
        /// Price of a unit; 0 for `hold`.
        #[schemars(with = "String")]
        price: Decimal,
        /// Fees, duties and slippage.
        #[schemars(with = "String")]
        costs: Decimal,
        /// Cash afterwards.
        #[schemars(with = "String")]
        cash_after: Decimal,
        /// The value of everything afterwards, at the open.
        #[schemars(with = "String")]
        value_after: Decimal,
    },
    /// It happened without an order.
    Booked {
        /// Cash it brings; negative where it takes some.
        #[schemars(with = "String")]
        amount: Decimal,
        /// What happened, as the ledger has it.
        entry: Value,
    },
    /// It waits for its price.
    Waiting,
    /// It was not done, and nothing changed.
    Refused {
        /// Why not.
        reason: String,
    },
}

/// An order that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitingOrder {
    /// What.
    pub kind: ActionKind,
    /// The instrument.
    #[schemars(with = "String")]
    pub symbol: Symbol,
    /// How much.
    #[schemars(with = "String")]
    pub quantity: Decimal,
    /// The step it was ordered in.
    pub ordered: SimDate,
}

/// How a model came to what it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DaySession {
    /// `provider/model`.
    pub model: String,
    /// `finished` (it said so), `answered` (its last answer wished for no
    /// tool), `max_steps`, or `settled` (a room).
    pub ended: String,
    /// In two or three sentences; `null` where nobody was asked.
    pub summary: Option<String>,
    /// Questions asked.
    pub calls: u32,
    /// What they took.
    pub tokens: CallTokens,
    /// What they cost, in billionths of a US dollar.
    pub cost_nano: i64,
    /// What was said, in order, the instructions first.
    #[serde(default)]
    pub conversation: Vec<Message>,
    /// What was read, in order.
    #[serde(default)]
    pub read: Vec<Read>,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// By whom.
    pub role: MessageRole,
    /// In words.
    pub text: String,
    /// The tool that answers, of a `tool`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// What it was called with, of a `tool`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// The name of the call that a `tool` answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// The answer of the model, whole, of an `assistant`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<Value>,
}

impl Message {
    /// Words, and nothing else.
    pub fn said(role: MessageRole, text: impl Into<String>) -> Self {
        Self {
            role,
            text: text.into(),
            tool: None,
            input: None,
            call: None,
            completion: None,
        }
    }
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageRole {
    /// The instructions.
    System,
    /// Who asks.
    User,
    /// The model, or a member of a room.
    Assistant,
    /// A tool.
    Tool,
}

impl MessageRole {
    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

/// The published JSON schema of [`ModelDay`], as it is in `schemas/`.
pub fn model_day_schema() -> Result<String, ContractError> {
    let schema = schemars::schema_for!(ModelDay);
    serde_json::to_string_pretty(&schema)
        .map(|text| text + "\n")
        .map_err(ContractError::Write)
}
