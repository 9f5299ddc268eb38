//! Errors as `{"detail": …}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fondaco_app::backtests::account::ConfigError as AccountError;
use fondaco_app::backtests::job::JobError;
use fondaco_app::backtests::shown::ShowError;
use fondaco_app::backtests::submit::SubmitError;
use fondaco_app::backtests::{BacktestsError, config};
use fondaco_app::strategies::RegistryError;
use fondaco_contract::http::ProblemCode;
use fondaco_domain::{ErrorKind, Hint};
use serde_json::{Value, json};

use crate::problem::Refusal;

/// The catalogue of what can be wrong with a request that reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::compat) enum Code {
    /// The range ends before it starts, or is none.
    DateRange,
    /// A symbol is not `BASE/QUOTE:SETTLE`.
    Symbol,
    /// A candle length that is not offered.
    Timeframe,
    /// A field that is empty.
    Missing,
    /// A number out of its range.
    Range,
    /// Settings that are not understood.
    Config,
}

impl Code {
    fn as_str(self) -> &'static str {
        match self {
            Self::DateRange => "VAL001",
            Self::Symbol => "VAL002",
            Self::Timeframe => "VAL003",
            Self::Missing => "VAL004",
            Self::Range => "VAL005",
            Self::Config => "VAL006",
        }
    }
}

/// An error on its way out.
#[derive(Debug)]
pub(in crate::compat) struct Detail {
    status: StatusCode,
    body: Value,
}

impl Detail {
    pub(in crate::compat) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let body = json!({"detail": detail.into()});
        Self { status, body }
    }

    /// One of the catalogue.
    pub(in crate::compat) fn of(code: Code, detail: impl Into<String>) -> Self {
        let status = StatusCode::BAD_REQUEST;
        let body = json!({"detail": detail.into(), "code": code.as_str()});
        Self { status, body }
    }

    /// Fields that are absent or of the wrong type.
    pub(in crate::compat) fn of_fields(faults: &[Value]) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let body = json!({"detail": faults});
        Self { status, body }
    }

    pub(in crate::compat) fn no_backtest() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Backtest not found")
    }

    pub(in crate::compat) fn of_kind(error: &dyn Hint) -> Self {
        let status = StatusCode::from_u16(ProblemCode::from(error.kind()).status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(status, sentence(error))
    }
}

/// An error with its causes.
fn sentence(error: &dyn Hint) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl From<Refusal> for Detail {
    fn from(refusal: Refusal) -> Self {
        let problem = refusal.into_problem();
        let status = StatusCode::from_u16(problem.status);
        Self::new(
            status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            problem.detail,
        )
    }
}

impl From<ShowError> for Detail {
    fn from(error: ShowError) -> Self {
        match error {
            ShowError::NoBacktest(_) => Self::no_backtest(),
            other => Self::of_kind(&other),
        }
    }
}

impl From<RegistryError> for Detail {
    fn from(error: RegistryError) -> Self {
        let missing = |what: &str| Self::new(StatusCode::NOT_FOUND, what);
        match error {
            RegistryError::NoStrategy { .. } => missing("Strategy not found"),
            RegistryError::NoVersion { .. } => missing("Strategy version not found"),
            RegistryError::Config(error) => error.into(),
            other => Self::of_kind(&other),
        }
    }
}

impl From<config::ConfigError> for Detail {
    fn from(error: config::ConfigError) -> Self {
        let code = match error {
            config::ConfigError::Form { .. } => Code::Config,
            config::ConfigError::Range { .. } => Code::DateRange,
        };
        Self::of(code, sentence(&error))
    }
}

impl From<SubmitError> for Detail {
    fn from(error: SubmitError) -> Self {
        let code = match error {
            SubmitError::Strategy(error) => return error.into(),
            SubmitError::Config(error) => return error.into(),
            SubmitError::Job(
                JobError::Params(_)
                | JobError::Seed(_)
                | JobError::Config(AccountError::Value { .. }),
            )
            | SubmitError::Backtest(BacktestsError::Engine(_)) => Code::Range,
            SubmitError::Job(JobError::SamePair(_)) => Code::Symbol,
            SubmitError::Job(_)
            | SubmitError::Venue(_)
            | SubmitError::Canonical(_)
            | SubmitError::SeveralVenues { .. } => Code::Config,
            ref other if other.kind() == ErrorKind::NoData => {
                return Self::new(StatusCode::BAD_REQUEST, sentence(other));
            }
            other => return Self::of_kind(&other),
        };
        Self::of(code, sentence(&error))
    }
}

impl IntoResponse for Detail {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}
