//! What lies around every route.

mod correlation;
mod cors;
mod headers;
mod slow;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::catch_panic::CatchPanicLayer;

use crate::guard::{Doors, Gate, stand};
use crate::problem::Refusal;
use crate::state::{Platform, Shared};

/// From the outside in: a correlation id on every answer, headers that
/// browsers heed, other origins, a problem in place of a panic, the guard, and
/// limits for bodies.
pub(crate) fn around(router: Router<Shared>, doors: Doors, platform: &Platform) -> Router<Shared> {
    let gate = Gate {
        guard: Arc::clone(&platform.guard),
        doors: Arc::new(doors),
    };
    router
        .layer(DefaultBodyLimit::max(platform.limits.body))
        .layer(from_fn(slow::hasten))
        .layer(from_fn_with_state(gate, stand))
        .layer(CatchPanicLayer::custom(|_| {
            use axum::response::IntoResponse;
            use fondaco_contract::http::ProblemCode;
            Refusal::new(ProblemCode::Internal, "a handler panicked").into_response()
        }))
        .layer(from_fn_with_state(Arc::clone(&platform.guard), cors::share))
        .layer(from_fn(headers::secure))
        .layer(from_fn(correlation::correlate))
}
