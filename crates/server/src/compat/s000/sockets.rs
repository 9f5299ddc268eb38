//! The dashboard's two sockets: `/ws/analysis/{task_id}` and
//! `/ws/orchestrator`.
//!
//! A browser cannot give a socket a header: the key may come as `?api_key=`.
//! Who may not is told so with a code of the socket, since a page never sees
//! the status of an answer to a socket.

mod orchestrator;
mod progress;
mod pulse;

pub(crate) use pulse::Pulse;

use std::net::SocketAddr;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Extension, Router};
use fondaco_contract::http::ProblemCode;
use fondaco_domain::access::Scope;
use serde::Deserialize;

use crate::guard::{Asking, Denial, Dialect, Granted};
use crate::problem::Refusal;
use crate::state::Shared;

/// Both, for the guard.
pub(crate) const PATHS: [&str; 2] = ["/ws/analysis/{task_id}", "/ws/orchestrator"];

/// Both of them.
pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route(PATHS[0], any(analysis))
        .route(PATHS[1], any(orchestrator))
}

/// Bytes that a client may send in one message.
const FRAME: usize = 64 << 10;

/// The key, for those who cannot send a header.
#[derive(Deserialize)]
struct Words {
    api_key: Option<String>,
}

/// Who wants to connect, as often as they must be looked at.
struct Visitor {
    peer: Option<SocketAddr>,
    headers: HeaderMap,
    key: Option<String>,
}

impl Visitor {
    /// Whether they may, still.
    async fn look(&self, platform: &Shared, wanted: Scope) -> Result<Granted, Denial> {
        let guard = &platform.guard;
        let granted = if let Some(key) = &self.key {
            let peer = self.peer.map(|peer| peer.ip());
            guard.check_key(key, peer).await?
        } else {
            let asking = Asking {
                headers: &self.headers,
                peer: self.peer,
                is_unsafe: true,
            };
            guard.check(asking).await?
        };
        granted.may(wanted)?;
        if let Some((_, taken)) = guard.count(&granted)
            && !taken.granted
        {
            return Err(Denial::TooFast(taken.wait));
        }
        Ok(granted)
    }
}

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;
type Peer = Option<Extension<ConnectInfo<SocketAddr>>>;

async fn analysis(
    State(platform): State<Shared>,
    Path(task_id): Path<String>,
    peer: Peer,
    Query(words): Query<Words>,
    headers: HeaderMap,
    socket: Upgrade,
) -> Response {
    let (socket, visitor) = match admit(&platform, peer, words, headers, socket) {
        Ok(admitted) => admitted,
        Err(refusal) => return *refusal,
    };
    socket.on_upgrade(
        async move |socket| match visitor.look(&platform, Scope::Read).await {
            Ok(_) => progress::tell(platform, socket, task_id).await,
            Err(denial) => refuse(socket, 4001, &denial).await,
        },
    )
}

async fn orchestrator(
    State(platform): State<Shared>,
    peer: Peer,
    Query(words): Query<Words>,
    headers: HeaderMap,
    socket: Upgrade,
) -> Response {
    let (socket, visitor) = match admit(&platform, peer, words, headers, socket) {
        Ok(admitted) => admitted,
        Err(refusal) => return *refusal,
    };
    socket.on_upgrade(
        async move |socket| match visitor.look(&platform, Scope::Run).await {
            Ok(_) => orchestrator::serve(platform, socket, visitor).await,
            Err(denial) => refuse(socket, 4401, &denial).await,
        },
    )
}

/// Pages of other sites are refused whatever key they know.
fn admit(
    platform: &Shared,
    peer: Peer,
    words: Words,
    headers: HeaderMap,
    socket: Upgrade,
) -> Result<(WebSocketUpgrade, Visitor), Box<Response>> {
    let origin = headers.get(header::ORIGIN);
    if origin.is_some_and(|origin| !platform.guard.origins().may_send(origin)) {
        return Err(Box::new(Denial::Origin.response(Dialect::Detail)));
    }
    let socket = socket.map_err(|rejection| {
        let refusal = Refusal::new(ProblemCode::Invalid, rejection.body_text());
        Box::new(refusal.into_response())
    })?;
    let visitor = Visitor {
        peer: peer.map(|Extension(ConnectInfo(peer))| peer),
        headers,
        key: words.api_key,
    };
    Ok((
        socket.max_message_size(FRAME).max_frame_size(FRAME),
        visitor,
    ))
}

async fn refuse(socket: WebSocket, code: u16, denial: &Denial) {
    let reason = match denial.code() {
        ProblemCode::Unauthenticated => "Unauthorized".to_owned(),
        _ => denial.to_string(),
    };
    close(socket, code, &reason).await;
}

/// Says goodbye; whoever has gone does not hear it.
async fn close(mut socket: WebSocket, code: u16, reason: &str) {
    let frame = CloseFrame {
        code,
        reason: Utf8Bytes::from(reason),
    };
    let _ = socket.send(Message::Close(Some(frame))).await;
}
