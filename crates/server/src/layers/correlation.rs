//! One id through all that a request leads to.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

const NAME: HeaderName = HeaderName::from_static("x-correlation-id");

/// Characters of a client's own id at most.
const LONGEST: usize = 100;

/// The client's `X-Correlation-ID`, or one of ours, on the answer.
pub(crate) async fn correlate(request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get(&NAME)
        .filter(|id| is_plain(id))
        .cloned();
    let id = given.unwrap_or_else(fresh);
    let mut response = next.run(request).await;
    response.headers_mut().insert(NAME, id);
    response
}

/// Letters, digits and `-_.:`, so that it can stand in any log.
fn is_plain(id: &HeaderValue) -> bool {
    let bytes = id.as_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(plain)
}

/// Unique in this process and unlikely elsewhere: its number and a count.
fn fresh() -> HeaderValue {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let id = format!("{:08x}-{count:08x}", std::process::id());
    HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("unknown"))
}
