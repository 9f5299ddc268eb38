//! One line for each request, for those who want to see it.

use std::time::Instant;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use fondaco_app::roles::Role;
use tracing::{debug, warn};

/// Says what was asked and answered: at `debug`, and at `warn` where the
/// server failed. Words after a question mark are left out: they may hold a
/// key.
pub(crate) fn told(router: Router, role: Role) -> Router {
    router.layer(from_fn(move |request, next| tell(role, request, next)))
}

async fn tell(role: Role, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let began = Instant::now();
    let response = next.run(request).await;
    let role = role.as_str();
    let status = response.status().as_u16();
    let id = response.headers().get("x-correlation-id");
    let correlation_id = id.and_then(|id| id.to_str().ok()).unwrap_or_default();
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    if response.status().is_server_error() {
        warn!(name: "request_failed", role, %method, path, status, micros, correlation_id, "a request failed");
    } else {
        debug!(name: "request", role, %method, path, status, micros, correlation_id, "a request was answered");
    }
    response
}
