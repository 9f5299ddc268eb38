//! Any number of clients over HTTP: each request stands for itself.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use fondaco_contract::http::{Problem, ProblemCode};
use fondaco_domain::{ErrorKind, Hint};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::served::Served;

/// Where the protocol is spoken.
pub const PATH: &str = "/mcp";

/// Bytes of a request at most.
const LARGEST: usize = 256 << 10;

/// Lets requests in, or does not.
#[async_trait]
pub trait Door: Send + Sync {
    /// Looks at a request: its headers, and where it comes from.
    async fn admit(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<(), Refusal>;
}

/// Why a request is not let in.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// As it is told.
    pub problem: Problem,
    /// Seconds after which another try may do, where it may.
    pub wait: Option<u64>,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { problem, wait } = self;
        let status = StatusCode::from_u16(problem.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&problem)).into_response();
        let headers = response.headers_mut();
        let form = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, form);
        if problem.code == ProblemCode::Unauthenticated {
            let challenge = HeaderValue::from_static("Bearer realm=\"fondaco\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(wait) = wait {
            headers.insert(header::RETRY_AFTER, wait.into());
        }
        response
    }
}

/// A socket that failed while it was in use.
#[derive(Debug, Error)]
#[error("cannot serve tools")]
pub struct HttpError(#[source] io::Error);

impl Hint for HttpError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unavailable
    }
}

/// How long calls under way may take once the end was said.
const GRACE: Duration = Duration::from_secs(2);

/// Serves whoever the door lets in until `stop` is over, then lets calls
/// under way finish for two seconds at most. There are no sessions: nothing is
/// kept of a client that goes without a word.
pub async fn http(
    served: Served,
    listener: TcpListener,
    door: Arc<dyn Door>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), HttpError> {
    let app = router(served, door).into_make_service_with_connect_info::<SocketAddr>();
    let (said, heard) = oneshot::channel();
    let ends = async {
        // An error is that nobody is left who could say it.
        let _ = heard.await;
    };
    let serving = axum::serve(listener, app).with_graceful_shutdown(ends);
    let late = async {
        stop.await;
        let _ = said.send(());
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = serving => ended.map_err(HttpError),
        () = late => Ok(()),
    }
}

fn router(served: Served, door: Arc<dyn Door>) -> Router {
    // Hosts and origins are looked at by the door, which knows of keys.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(LARGEST)
        .disable_allowed_hosts();
    let sessions = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(served.clone()), sessions, config);
    Router::new()
        .route_service(PATH, service)
        .layer(middleware::from_fn_with_state(door, through))
}

async fn through(
    State(door): State<Arc<dyn Door>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    match door.admit(request.headers(), peer).await {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}
