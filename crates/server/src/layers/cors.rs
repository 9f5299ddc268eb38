//! Which pages of other origins may read answers: none but the configured
//! ones.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::guard::{Denial, Dialect, Guard};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");

const ASKED: HeaderValue = HeaderValue::from_static(
    "api-key, authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, \
     x-api-key, x-correlation-id",
);

const TOLD: HeaderValue =
    HeaderValue::from_static("etag, retry-after, ratelimit, ratelimit-policy, x-correlation-id");

/// Seconds that a browser may remember what is allowed.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");

/// Answers the questions of browsers before they ask, and says on every answer
/// who may read it. Keys travel in headers and never by themselves, so nothing
/// is said of credentials.
pub(crate) async fn share(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = origin.filter(|origin| guard.origins().includes(origin));
    if is_preflight(&request) {
        let mut response = match &allowed {
            Some(_) => preflight(),
            None => Denial::Origin.response(Dialect::Native),
        };
        tell(response.headers_mut(), allowed);
        return response;
    }
    let mut response = next.run(request).await;
    tell(response.headers_mut(), allowed);
    response
}

fn is_preflight(request: &Request) -> bool {
    let headers = request.headers();
    *request.method() == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ASKED),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// A cache must not give one origin what was said to another.
fn tell(headers: &mut HeaderMap, allowed: Option<HeaderValue>) {
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, TOLD);
    }
}
