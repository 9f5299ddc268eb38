//! Failures as RFC 9457 problem details.

use fondaco_domain::ErrorKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The closed list of what can go wrong, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The request is wrong: an unknown field, a value out of its range.
    Invalid,
    /// There is no key, or not a known one.
    Unauthenticated,
    /// The key does not allow this.
    Forbidden,
    /// The thing asked for does not exist.
    NotFound,
    /// The path knows other methods.
    MethodNotAllowed,
    /// The thing exists already, or changed meanwhile.
    Conflict,
    /// The condition of the request does not hold.
    PreconditionFailed,
    /// The body is larger than allowed.
    TooLarge,
    /// The body is in a form that is not read here.
    UnsupportedMediaType,
    /// Too many requests with this key.
    RateLimited,
    /// The data exist but cannot be what they claim.
    Corrupt,
    /// There is no data where data is needed.
    NoData,
    /// Another system failed or refused.
    Unavailable,
    /// No space, no permission, a failed write.
    Storage,
    /// It was stopped.
    Cancelled,
    /// A defect of ours.
    Internal,
}

impl ProblemCode {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Invalid,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::PreconditionFailed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::RateLimited,
        Self::Corrupt,
        Self::NoData,
        Self::Unavailable,
        Self::Storage,
        Self::Cancelled,
        Self::Internal,
    ];

    /// The status that goes with it.
    pub fn status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict | Self::Cancelled => 409,
            Self::PreconditionFailed => 412,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Corrupt | Self::NoData => 422,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
            Self::Storage => 507,
        }
    }

    /// What it is called, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Invalid => "The request is wrong",
            Self::Unauthenticated => "Who asks is not known",
            Self::Forbidden => "This key does not allow it",
            Self::NotFound => "There is no such thing",
            Self::MethodNotAllowed => "The path knows other methods",
            Self::Conflict => "It contradicts what there is",
            Self::PreconditionFailed => "It has changed meanwhile",
            Self::TooLarge => "The body is too large",
            Self::UnsupportedMediaType => "The body is in a form that is not read here",
            Self::RateLimited => "Too many requests",
            Self::Corrupt => "The data are damaged",
            Self::NoData => "There are no data",
            Self::Unavailable => "Another system does not answer",
            Self::Storage => "It cannot be written",
            Self::Cancelled => "It was stopped",
            Self::Internal => "A defect of ours",
        }
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict => "conflict",
            Self::PreconditionFailed => "precondition_failed",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::RateLimited => "rate_limited",
            Self::Corrupt => "corrupt",
            Self::NoData => "no_data",
            Self::Unavailable => "unavailable",
            Self::Storage => "storage",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

impl From<ErrorKind> for ProblemCode {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Invalid => Self::Invalid,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Conflict | ErrorKind::Unsuccessful => Self::Conflict,
            ErrorKind::Corrupt => Self::Corrupt,
            ErrorKind::NoData => Self::NoData,
            ErrorKind::Unavailable => Self::Unavailable,
            ErrorKind::Storage => Self::Storage,
            ErrorKind::Cancelled => Self::Cancelled,
            ErrorKind::Internal => Self::Internal,
        }
    }
}

/// `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// `urn:fondaco:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for every problem of the code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong this time.
    pub detail: String,
    /// The code.
    pub code: ProblemCode,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What led to it, the nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// Which fields of the request are wrong, where it is about fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
}

/// A field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldProblem {
    /// Where, as a JSON pointer into the body, or the name of the parameter.
    pub at: String,
    /// Why.
    pub problem: String,
}

impl Problem {
    /// Of a code, in words.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:fondaco:problem:{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code,
            hint: None,
            causes: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// With a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
