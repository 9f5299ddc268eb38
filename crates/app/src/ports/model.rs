//! Language models: one question, one answer.

use std::time::Duration;

use fondaco_domain::canonical::{Canonical, CanonicalError};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::{ErrorKind, Hint, RunId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::Cause;

/// A question, whole: equal questions have equal bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRequest {
    /// `provider/model`, such as `openai/gpt-5` or `fondaco/rule-based`.
    pub model: String,
    /// What stays the same from question to question: first, so that a
    /// provider can keep it.
    pub system: String,
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// What the model may call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolSpec>,
    /// The JSON Schema of the answer, where one is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// Tokens of the answer at most.
    pub max_tokens: u32,
    /// In thousandths; the provider's own where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_milli: Option<u32>,
    /// For providers that take one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
}

impl ModelRequest {
    /// Its canonical form. Models may wish for any number: an integer that a
    /// canonical document cannot hold stands in it as a text.
    pub fn canonical(&self) -> Result<Canonical, CanonicalError> {
        match Canonical::of(self) {
            Err(CanonicalError::Integer(_)) => {
                let mut document = serde_json::to_value(self).map_err(CanonicalError::Form)?;
                spell_out(&mut document);
                Canonical::of(&document)
            }
            other => other,
        }
    }
}

fn spell_out(document: &mut Value) {
    /// Up to here every integer is a double.
    const LARGEST: u64 = 1 << 53;
    match document {
        Value::Number(number) => {
            let signed = number.as_i64().map(i64::unsigned_abs);
            if signed.or(number.as_u64()).is_some_and(|it| it > LARGEST) {
                *document = Value::String(number.to_string());
            }
        }
        Value::Array(parts) => parts.iter_mut().for_each(spell_out),
        Value::Object(parts) => parts.values_mut().for_each(spell_out),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// A part of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "role")]
pub enum Message {
    /// Asked.
    User {
        /// In words.
        text: String,
    },
    /// Answered.
    Assistant {
        /// In words; empty where it only calls tools.
        text: String,
        /// What it wants to know.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        calls: Vec<ToolCall>,
    },
    /// What a tool said.
    Tool {
        /// The call it answers.
        call: String,
        /// The answer.
        text: String,
    },
}

/// Something a model may call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Its name.
    pub name: String,
    /// What it is for, to the model.
    pub description: String,
    /// JSON Schema of its arguments.
    pub parameters: Value,
}

/// A wish to call a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Unique in the conversation.
    pub id: String,
    /// Which tool.
    pub name: String,
    /// Its arguments.
    pub arguments: Value,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// In words; empty where it only calls tools.
    pub text: String,
    /// What it wants to know first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<ToolCall>,
    /// Why it ended.
    pub finish: Finish,
    /// What it took.
    pub usage: Usage,
    /// The model that answered, as it calls itself.
    pub model: String,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// It was done.
    Stop,
    /// It wants tools.
    Tools,
    /// It was cut off at the limit of tokens.
    Length,
    /// The provider held it back.
    Refused,
}

/// Tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Of the question.
    pub input: u64,
    /// Of those, the ones that the provider had kept.
    pub cached: u64,
    /// Of the answer.
    pub output: u64,
}

/// Where a question comes from, and how long it may take.
pub struct CallContext<'a> {
    /// The node that asks, as the key of its task: `AAPL/analysts/news`.
    pub node: &'a str,
    /// The how manyth question of that node, from 0.
    pub ordinal: u32,
    /// How long it may take in all.
    pub deadline: Duration,
    /// Whether nobody wants the answer any more. Asked at least ten times a
    /// second.
    pub stopped: &'a (dyn Fn() -> bool + Sync),
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum ModelError {
    /// No such provider or model.
    #[error("there is no model `{0}`")]
    Unknown(String),
    /// The provider does not know the key, or there is none.
    #[error("{provider} refuses the key")]
    Auth {
        /// Whose.
        provider: String,
    },
    /// The address belongs to another provider.
    #[error("{url} is not an address of {provider}")]
    Mismatch {
        /// The provider that was named.
        provider: String,
        /// The address.
        url: String,
    },
    /// Too many questions.
    #[error("{provider} takes no more questions now")]
    RateLimited {
        /// Who.
        provider: String,
        /// When it will, where it said so.
        retry_after: Option<Duration>,
    },
    /// The provider failed.
    #[error("{provider} failed with status {status}")]
    Failed {
        /// Who.
        provider: String,
        /// Its HTTP status.
        status: u16,
        /// What it said.
        #[source]
        source: Cause,
    },
    /// It does not take the question as it is.
    #[error("{provider} does not take the question: {problem}")]
    Refused {
        /// Who.
        provider: String,
        /// What it said.
        problem: String,
    },
    /// It cannot be reached.
    #[error("{provider} cannot be reached")]
    Unreachable {
        /// Who.
        provider: String,
        /// Whether it may have got the question all the same.
        sent: bool,
        /// Why not.
        #[source]
        source: Cause,
    },
    /// No answer in time.
    #[error("no answer of {provider} within {} s", .deadline.as_secs_f64())]
    TimedOut {
        /// Who.
        provider: String,
        /// The time it had.
        deadline: Duration,
    },
    /// An answer that is none.
    #[error("the answer of {provider} cannot be read: {problem}")]
    Malformed {
        /// Who.
        provider: String,
        /// What is wrong with it.
        problem: String,
    },
    /// It would cost more than is left.
    #[error("this call may cost {asked} and {left} of the budget of {limit} are left")]
    Budget {
        /// At most, in billionths of a dollar.
        asked: NanoDollars,
        /// What is left.
        left: NanoDollars,
        /// All there was.
        limit: NanoDollars,
    },
    /// The recording has no such answer.
    #[error("the recording has no answer for {node} #{ordinal}: {nearest}")]
    NotRecorded {
        /// Who asked.
        node: String,
        /// The how manyth question.
        ordinal: u32,
        /// How the nearest recorded question differs.
        nearest: String,
    },
    /// The recording cannot be read or written.
    #[error("cannot {action} the recording")]
    Recording {
        /// What was tried.
        action: &'static str,
        /// Why not.
        #[source]
        source: Cause,
    },
    /// What it costs cannot be noted: it was not made, or its cost counts as
    /// the most it can be.
    #[error("the cost of the call cannot be noted")]
    Ledger {
        /// Why not.
        #[source]
        source: Cause,
    },
    /// Nobody wants it any more.
    #[error("the call was stopped")]
    Stopped,
}

impl ModelError {
    /// Whether asking again may help.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::RateLimited { .. }
            | Self::Failed { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Malformed { .. } => ErrorClass::Transient,
            _ => ErrorClass::Permanent,
        }
    }

    /// Whether the provider may charge for it all the same: it may have
    /// answered, and the answer was lost or could not be read.
    pub fn may_be_charged(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { sent: true, .. }
                | Self::TimedOut { .. }
                | Self::Malformed { .. }
                | Self::Stopped
        )
    }
}

impl Hint for ModelError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unknown(_) | Self::NotRecorded { .. } => ErrorKind::NotFound,
            Self::Auth { .. } | Self::Mismatch { .. } | Self::Refused { .. } => ErrorKind::Invalid,
            Self::RateLimited { .. }
            | Self::Failed { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Malformed { .. } => ErrorKind::Unavailable,
            Self::Budget { .. } => ErrorKind::Unsuccessful,
            Self::Recording { .. } | Self::Ledger { .. } => ErrorKind::Storage,
            Self::Stopped => ErrorKind::Cancelled,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unknown(_) => {
                "`fondaco model list` has those there are; another is told in [models] of the settings"
            }
            Self::Auth { .. } => "check the provider's key in the environment",
            Self::Mismatch { .. } => {
                "name the provider whose address it is, or leave the address out"
            }
            Self::Budget { .. } => "raise --budget, or choose a cheaper model",
            Self::NotRecorded { .. } => "record it anew, or replay with what was recorded",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// Money for models: billionths of a US dollar, so that sums are exact.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct NanoDollars(pub i64);

impl std::fmt::Display for NanoDollars {
    /// `$0.003` with as many digits as it needs, at least two.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let amount = self.0.unsigned_abs();
        let (whole, fraction) = (amount / 1_000_000_000, amount % 1_000_000_000);
        let digits = format!("{fraction:09}");
        let digits = digits.trim_end_matches('0');
        write!(f, "{sign}${whole}.{digits:0<2}")
    }
}

/// Something that answers. Calls may come from any thread and wait.
///
/// An answer that was lost on the way is asked for again: both are charged.
pub trait Model: Send + Sync {
    /// One question.
    fn complete(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError>;
}

impl<M: Model + ?Sized> Model for &M {
    fn complete(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        (**self).complete(request, context)
    }
}

impl<M: Model + ?Sized> Model for std::sync::Arc<M> {
    fn complete(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        (**self).complete(request, context)
    }
}

/// Where a node sits that is about to ask: what its answers are recorded and
/// paid under.
#[derive(Debug, Clone, Copy)]
pub struct Seat<'a> {
    /// Its run.
    pub run: RunId,
    /// The key of its task.
    pub node: &'a str,
    /// `provider/model`.
    pub model: &'a str,
    /// What all calls of the run together may cost.
    pub limit: Option<NanoDollars>,
    /// Hash of the recording whose answers are given again.
    pub replay: Option<&'a str>,
}

/// What a model can do, from a table and not from trial and error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a column of a table, and none excludes another"
)]
pub struct Capabilities {
    /// It answers in the form of a JSON Schema.
    pub schema: bool,
    /// It calls tools.
    pub tools: bool,
    /// It takes a seed.
    pub seed: bool,
    /// It takes a temperature.
    pub temperature: bool,
    /// Tokens of a question at most.
    pub context_tokens: u32,
}

/// Models by name, each as it is to be asked: recorded, replayed, paid for and
/// asked again where that may help.
pub trait Models: Send + Sync {
    /// What a model can do. [`ModelError::Unknown`] where there is none of
    /// that name, [`ModelError::Mismatch`] where its provider cannot be asked
    /// as things are: found before anything is read from a recording, which
    /// would hide it. A key that is missing is no error here, for a recording
    /// needs none.
    fn capabilities(&self, model: &str) -> Result<Capabilities, ModelError>;

    /// A model for one node. Answers it got before, in a process that died,
    /// are given again. Errors as those of [`Models::capabilities`], and
    /// [`ModelError::Auth`] where a key is needed and missing.
    fn open<'a>(&'a self, seat: &Seat<'a>) -> Result<Box<dyn Model + 'a>, ModelError>;

    /// What an answer cost.
    fn cost(&self, model: &str, usage: Usage) -> NanoDollars;
}
