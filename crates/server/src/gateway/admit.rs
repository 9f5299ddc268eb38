//! Who may connect.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::ConnectInfo;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use fondaco_contract::http::ProblemCode;
use fondaco_domain::access::Scope;

use super::Gateway;
use super::connection::Connection;
use crate::guard::{Asking, Denial, Dialect, Granted, Guard};
use crate::problem::Refusal;

/// Bytes that a connection reads at a time. There are many of them, and what
/// clients send is small.
const READ_BUFFER: usize = 4 << 10;

/// Bytes of frames that become one write.
const WRITE_BUFFER: usize = 16 << 10;

/// Somebody who wants to connect, as often as they must be looked at.
pub(super) struct Visitor {
    peer: Option<SocketAddr>,
    proof: Proof,
    /// Whether they may look; not before they have shown a key.
    pub(super) granted: Option<Granted>,
}

/// By what a visitor is known.
enum Proof {
    /// The request that the socket began with.
    Headers(HeaderMap),
    /// A frame.
    Key(String),
}

/// A request becomes a socket. Pages of other sites are refused whatever key
/// they know; who has no key yet may show one in a frame.
pub(super) async fn upgrade(
    Extension(gateway): Extension<Arc<Gateway>>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    socket: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let guard = &gateway.platform.guard;
    let origin = headers.get(header::ORIGIN);
    if origin.is_some_and(|origin| !guard.origins().may_send(origin)) {
        return Denial::Origin.response(Dialect::Native);
    }
    let socket = match socket {
        Ok(socket) => socket,
        Err(rejection) => {
            return Refusal::new(ProblemCode::Invalid, rejection.body_text()).into_response();
        }
    };
    let peer = peer.map(|Extension(ConnectInfo(peer))| peer);
    let visitor = match Visitor::of(guard, headers, peer).await {
        Ok(visitor) => visitor,
        Err(denial) => return denial.response(Dialect::Native),
    };
    if gateway.stop.is_said() {
        return Refusal::new(ProblemCode::Unavailable, "this gateway ends").into_response();
    }
    let Some(seat) = gateway.seat() else {
        return Refusal::new(
            ProblemCode::Unavailable,
            format!("there are {} connections already", gateway.options.clients),
        )
        .into_response();
    };
    let frame = gateway.options.frame;
    socket
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(frame)
        .max_frame_size(frame)
        .on_upgrade(move |socket| Connection::of(seat, socket, visitor).talk())
}

impl Visitor {
    async fn of(
        guard: &Guard,
        headers: HeaderMap,
        peer: Option<SocketAddr>,
    ) -> Result<Self, Denial> {
        let mut visitor = Self {
            peer,
            proof: Proof::Headers(headers),
            granted: None,
        };
        match visitor.look(guard).await {
            Ok(granted) => visitor.granted = Some(granted),
            Err(Denial::NoKey) => {}
            Err(denial) => return Err(denial),
        }
        Ok(visitor)
    }

    /// Shows a key.
    pub(super) async fn show(&mut self, guard: &Guard, key: String) -> Result<(), Denial> {
        self.proof = Proof::Key(key);
        self.granted = None;
        self.granted = Some(self.look(guard).await?);
        Ok(())
    }

    /// Looks at them again: a key may have been revoked, or may be needed by
    /// now. Who is not known yet is no worse off.
    pub(super) async fn look_again(&mut self, guard: &Guard) -> Result<(), Denial> {
        if self.granted.is_some() {
            self.granted = Some(self.look(guard).await?);
        }
        Ok(())
    }

    async fn look(&self, guard: &Guard) -> Result<Granted, Denial> {
        let granted = match &self.proof {
            Proof::Headers(headers) => {
                let asking = Asking {
                    headers,
                    peer: self.peer,
                    is_unsafe: true,
                };
                guard.check(asking).await?
            }
            Proof::Key(key) => {
                let peer = self.peer.map(|peer| peer.ip());
                guard.check_key(key, peer).await?
            }
        };
        granted.may(Scope::Read)?;
        Ok(granted)
    }
}
