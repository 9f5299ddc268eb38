//! The gateway role: everything that happens, over a socket.
//!
//! [`serve_gateway`] is the whole of it for one generation. A connection is a
//! task of its own with a place in the process's [`Hub`]; nothing is queued
//! for it, so that one that does not read costs the others nothing.

mod admit;
mod connection;
mod say;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::routing::any;
use axum::{Extension, Router};
use fondaco_app::feed::{Hub, Settings, Tally};
use fondaco_app::roles::Role;
use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;
use tokio::sync::Notify;

use crate::guard::Doors;
use crate::serve::{Door, ServeError, Stop, serve};
use crate::state::Platform;
use crate::{access, layers, routes, table};

/// How a gateway serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayOptions {
    /// Which gateway of its name this is; clients are told.
    pub generation: u64,
    /// Connections at a time.
    pub clients: usize,
    /// Bytes that a client may send in one frame.
    pub frame: usize,
    /// Clients are pinged so often, and given up after two that they did not
    /// answer.
    pub heartbeat: Duration,
    /// Of the hub.
    pub feed: Settings,
}

impl GatewayOptions {
    /// Of a generation, and the usual for all else.
    pub fn of(generation: u64) -> Self {
        Self {
            generation,
            clients: 4_096,
            frame: 64 << 10,
            heartbeat: Duration::from_secs(15),
            feed: Settings::default(),
        }
    }
}

/// Why there is no gateway.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// A thread was refused.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// The socket failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

impl Hint for GatewayError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Thread(_) => ErrorKind::Unavailable,
            Self::Serve(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Thread(_) => None,
            Self::Serve(error) => error.hint(),
        }
    }
}

/// How long clients have to hear that the gateway ends.
const GRACE: Duration = Duration::from_secs(2);

/// Serves a generation of the gateway until `stop` is said. Every client is
/// then told the last number it got, and closed with 1001.
pub async fn serve_gateway(
    platform: Arc<Platform>,
    listener: TcpListener,
    options: GatewayOptions,
    stop: Stop,
) -> Result<(), GatewayError> {
    let gateway = Gateway::start(platform, options, stop.clone())?;
    let door = Door {
        role: Role::Gateway,
        listener,
        router: gateway.router(),
    };
    let served = serve(vec![door], stop).await;
    gateway.emptied().await;
    Ok(served?)
}

/// One generation of the gateway.
pub struct Gateway {
    platform: Arc<Platform>,
    hub: Arc<Hub>,
    options: GatewayOptions,
    stop: Stop,
    connections: Connections,
}

/// How many there are.
#[derive(Debug, Default)]
struct Connections {
    count: AtomicUsize,
    gone: Notify,
}

/// One of them, until it is dropped.
struct Seat(Arc<Gateway>);

impl Gateway {
    /// Begins to follow the feed. What [`Gateway::router`] answers ends with
    /// `stop`.
    pub fn start(
        platform: Arc<Platform>,
        options: GatewayOptions,
        stop: Stop,
    ) -> Result<Arc<Self>, GatewayError> {
        let hub = Arc::new(Hub::new(
            Arc::clone(&platform.store),
            Arc::clone(&platform.machine),
            options.feed,
            Arc::clone(&platform.feed),
        ));
        let followed = Arc::clone(&hub);
        std::thread::Builder::new()
            .name("feed".to_owned())
            .spawn(move || followed.follow())
            .map_err(GatewayError::Thread)?;
        Ok(Arc::new(Self {
            platform,
            hub,
            options,
            stop,
            connections: Connections::default(),
        }))
    }

    /// What the role answers: the socket at `/` and `/ws`, and what every role
    /// has.
    pub fn router(self: &Arc<Self>) -> Router {
        let table = routes::of(Role::Gateway);
        let doors = Doors::of(&table).with_open(&["/", "/ws"]);
        let routes = table::router(table)
            .route("/", any(admit::upgrade))
            .route("/ws", any(admit::upgrade))
            .layer(Extension(Arc::clone(self)));
        let router = layers::around(routes, doors, &self.platform);
        access::told(router.with_state(Arc::clone(&self.platform)), Role::Gateway)
    }

    /// What the hub counts.
    pub fn tally(&self) -> &Tally {
        self.hub.tally()
    }

    /// Connections there are now.
    pub fn connections(&self) -> usize {
        self.connections.count.load(Ordering::Acquire)
    }

    /// Until nobody is connected any more, or for so long as clients have to
    /// hear that it ends.
    pub async fn emptied(&self) {
        let empty = async {
            loop {
                let gone = self.connections.gone.notified();
                if self.connections() == 0 {
                    return;
                }
                gone.await;
            }
        };
        // Those who do not listen are left alone.
        let _ = tokio::time::timeout(GRACE, empty).await;
    }

    /// A place among the connections, where there is one.
    fn seat(self: &Arc<Self>) -> Option<Seat> {
        let count = &self.connections.count;
        let limit = self.options.clients;
        let taken = count.fetch_update(Ordering::AcqRel, Ordering::Acquire, |count| {
            (count < limit).then_some(count + 1)
        });
        taken.ok().map(|_| Seat(Arc::clone(self)))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.hub.stop();
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.connections.count.fetch_sub(1, Ordering::AcqRel);
        self.0.connections.gone.notify_waiters();
    }
}
