//! Errors as `{"detail": …}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fondaco_contract::http::ProblemCode;
use fondaco_domain::{ErrorKind, Hint};
use serde_json::{Value, json};

use crate::problem::Refusal;

/// An error on its way out.
#[derive(Debug)]
pub(super) struct Detail {
    status: StatusCode,
    detail: Value,
}

impl Detail {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: Value::String(detail.into()),
        }
    }

    /// What the client sent cannot be.
    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(super) fn missing(detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// A part of the body that is absent or of the wrong type, with its place.
    pub(super) fn of_field(kind: &str, place: &str, problem: &str) -> Self {
        let place = if place.is_empty() || place == "." {
            json!(["body"])
        } else {
            json!(["body", place])
        };
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            detail: json!([{"type": kind, "loc": place, "msg": problem}]),
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// What it says, for a socket.
    pub(super) fn text(self) -> String {
        match self.detail {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }
}

/// What the dashboard calls a value error is 400, also where we call it a
/// conflict.
impl<E: Hint> From<E> for Detail {
    fn from(error: E) -> Self {
        let status = match error.kind() {
            ErrorKind::Invalid | ErrorKind::Conflict => StatusCode::BAD_REQUEST,
            kind => StatusCode::from_u16(ProblemCode::from(kind).status())
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        };
        let causes = std::iter::successors(error.source(), |cause| cause.source());
        let text = causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
        Self::new(status, text)
    }
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

impl IntoResponse for Detail {
    fn into_response(self) -> Response {
        (self.status, Json(json!({"detail": self.detail}))).into_response()
    }
}
