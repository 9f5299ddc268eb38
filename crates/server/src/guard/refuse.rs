//! Refusals of the guard.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fondaco_app::keys::{Denied, KeyError};
use fondaco_contract::http::{Problem, ProblemCode};
use fondaco_domain::Hint;
use fondaco_domain::access::Scope;
use serde_json::json;
use thiserror::Error;

use super::{Dialect, seconds};
use crate::problem::Refusal;

/// Why somebody is not let in. None of it holds anything of what they sent.
#[derive(Debug, Clone, Error)]
pub enum Denial {
    /// A key is needed.
    #[error("a key is needed here")]
    NoKey,
    /// The key opens nothing.
    #[error("{0}")]
    Key(Denied),
    /// Too many wrong keys from the same place.
    #[error("too many wrong keys came from this place")]
    TooOften(Duration),
    /// Too many requests with the same key.
    #[error("this key asks faster than it may")]
    TooFast(Duration),
    /// The key is right and does not allow this.
    #[error("{actor} may not do this: it needs the scope `{wanted}`")]
    Scope {
        /// Who.
        actor: String,
        /// What it takes.
        wanted: Scope,
    },
    /// Without keys, only this machine is let in, by its own names.
    #[error("the host of the request is not this machine")]
    Host,
    /// Without keys, pages of other sites may send nothing.
    #[error("pages of this origin may not ask")]
    Origin,
    /// The keys could not be read.
    #[error("the keys cannot be read")]
    Keys(#[source] Arc<KeyError>),
    /// A defect of ours.
    #[error("the guard failed: {0}")]
    Panicked(String),
}

impl Denial {
    /// The code it is told with.
    pub fn code(&self) -> ProblemCode {
        match self {
            Self::NoKey | Self::Key(_) => ProblemCode::Unauthenticated,
            Self::Scope { .. } | Self::Host | Self::Origin => ProblemCode::Forbidden,
            Self::TooOften(_) | Self::TooFast(_) => ProblemCode::RateLimited,
            Self::Keys(error) => ProblemCode::from(error.kind()),
            Self::Panicked(_) => ProblemCode::Internal,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoKey => {
                "send `Authorization: Bearer fdk_…`; `fondaco key add` makes a key".to_owned()
            }
            Self::Key(_) => "see `fondaco key list`".to_owned(),
            Self::TooOften(wait) | Self::TooFast(wait) => {
                format!("wait {} s, then try again", seconds(*wait))
            }
            Self::Scope { wanted, .. } => {
                format!("use a key of that scope: `fondaco key add NAME --scope {wanted}`")
            }
            Self::Host => "ask for localhost or 127.0.0.1, or add a key".to_owned(),
            Self::Origin => "add the origin to the configured ones, or a key".to_owned(),
            Self::Keys(error) => return error.hint(),
            Self::Panicked(_) => return None,
        })
    }

    /// As an answer.
    pub(crate) fn response(&self, dialect: Dialect) -> Response {
        let code = self.code();
        let mut response = match dialect {
            Dialect::Native => {
                let mut problem = Problem::new(code, self.to_string());
                problem.hint = self.hint();
                Refusal::told(problem).into_response()
            }
            Dialect::Detail => {
                let status = StatusCode::from_u16(code.status());
                let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                (status, Json(json!({"detail": self.to_string()}))).into_response()
            }
        };
        let headers = response.headers_mut();
        match self {
            Self::NoKey => {
                let challenge = HeaderValue::from_static("Bearer realm=\"fondaco\"");
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            Self::Key(_) => {
                let challenge =
                    HeaderValue::from_static("Bearer realm=\"fondaco\", error=\"invalid_token\"");
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            Self::Scope { wanted, .. } => {
                let challenge = format!(
                    "Bearer realm=\"fondaco\", error=\"insufficient_scope\", scope=\"{wanted}\""
                );
                if let Ok(challenge) = HeaderValue::try_from(challenge) {
                    headers.insert(header::WWW_AUTHENTICATE, challenge);
                }
            }
            Self::TooOften(wait) | Self::TooFast(wait) => {
                headers.insert(header::RETRY_AFTER, seconds(*wait).max(1).into());
            }
            Self::Host | Self::Origin | Self::Keys(_) | Self::Panicked(_) => {}
        }
        response
    }
}
