//! Errors as `{"detail": …}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fondaco_app::runtime::RuntimeError;
use fondaco_contract::http::ProblemCode;
use fondaco_domain::Hint;
use serde_json::{Value, json};

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

    /// A part of the request that cannot be: 422 with its place.
    pub(super) fn of_field(kind: &str, place: &[&str], problem: &str) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            detail: json!([{"type": kind, "loc": place, "msg": problem}]),
        }
    }

    /// Nobody here looks after the gateway.
    pub(super) fn no_manager() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Runtime manager is not available in this process",
        )
    }
}

impl From<RuntimeError> for Detail {
    fn from(error: RuntimeError) -> Self {
        match error {
            RuntimeError::AlreadyRunning(run) => Self::new(
                StatusCode::CONFLICT,
                format!("Runtime is already running: {run}"),
            ),
            RuntimeError::NotRunning => {
                Self::new(StatusCode::NOT_FOUND, "No runtime is currently running")
            }
            RuntimeError::NeverStarted => {
                Self::new(StatusCode::NOT_FOUND, "No runtime has been started yet")
            }
            RuntimeError::Config(problem) => {
                Self::of_field("value_error", &["body", &problem.field], &problem.problem)
            }
            other @ RuntimeError::Store(_) => {
                let code = ProblemCode::from(other.kind());
                let status = StatusCode::from_u16(code.status());
                Self::new(
                    status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                    other.to_string(),
                )
            }
        }
    }
}

impl IntoResponse for Detail {
    fn into_response(self) -> Response {
        (self.status, Json(json!({"detail": self.detail}))).into_response()
    }
}
