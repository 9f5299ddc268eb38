//! Bodies and words of addresses, refused in the dashboard's way.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use jiff::civil::Date;
use serde::de::DeserializeOwned;

use super::detail::Detail;

/// A JSON body of one form; an empty one is `{}`.
pub(super) struct Form<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Detail;

    async fn from_request(request: Request, state: &S) -> Result<Self, Detail> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| Detail::new(rejection.status(), rejection.body_text()))?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text).map(Self).map_err(|error| {
            let problem = error.to_string();
            if problem.starts_with("missing field") {
                let field = problem.split('`').nth(1).unwrap_or_default();
                return Detail::of_field("missing", field, "Field required");
            }
            Detail::of_field("value_error", "", &problem)
        })
    }
}

/// The words after the question mark.
pub(super) struct Words<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Words<T> {
    type Rejection = Detail;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Detail> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(words)) => Ok(Self(words)),
            Err(rejection) => Err(Detail::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                rejection.body_text(),
            )),
        }
    }
}

/// A day as `2025-03-04`.
pub(super) fn date(text: &str) -> Result<Date, Detail> {
    text.parse()
        .map_err(|_| Detail::bad(format!("Invalid date: {text}. Expected YYYY-MM-DD")))
}
