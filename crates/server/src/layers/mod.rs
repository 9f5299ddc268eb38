//! What lies around every route.

mod correlation;
mod headers;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use tower_http::catch_panic::CatchPanicLayer;

use crate::problem::Refusal;
use crate::state::{Platform, Shared};

/// A correlation id on every answer, headers that browsers heed, a limit for
/// bodies, and a problem in place of a panic.
pub(crate) fn around(router: Router<Shared>, platform: &Platform) -> Router<Shared> {
    router
        .layer(DefaultBodyLimit::max(platform.limits.body))
        .layer(CatchPanicLayer::custom(|_| {
            use axum::response::IntoResponse;
            use fondaco_contract::http::ProblemCode;
            Refusal::new(ProblemCode::Internal, "a handler panicked").into_response()
        }))
        .layer(middleware::from_fn(headers::secure))
        .layer(middleware::from_fn(correlation::correlate))
}
