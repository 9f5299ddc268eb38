//! Routers on their sockets, until somebody says to stop.

use std::future::IntoFuture;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use fondaco_app::roles::Role;
use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long what is under way may take once somebody said to stop. A stream of
/// events has no end of its own.
const GRACE: Duration = Duration::from_secs(2);

/// Says to stop, to everybody who holds a [`Stop`] of it.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Hears that the process ends: no new connection is taken any more, and what
/// has no end of its own should find one within two seconds.
#[derive(Debug, Clone)]
pub struct Stop(Option<watch::Receiver<bool>>);

impl Stopper {
    /// With one who hears it; the others are copies of that.
    pub fn new() -> (Self, Stop) {
        let (said, heard) = watch::channel(false);
        (Self(said), Stop(Some(heard)))
    }

    /// Says it. Once is enough.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Of which nobody ever says anything.
    pub fn never() -> Self {
        Self(None)
    }

    /// Whether it was said.
    pub fn is_said(&self) -> bool {
        self.0.as_ref().is_some_and(|heard| *heard.borrow())
    }

    /// Until it is said, or nobody is left who could.
    pub async fn said(&self) {
        match self.0.clone() {
            // An error is that nobody is left.
            Some(mut heard) => drop(heard.wait_for(|said| *said).await),
            None => std::future::pending().await,
        }
    }
}

/// One address that is served.
#[derive(Debug)]
pub struct Door {
    /// Whose it is.
    pub role: Role,
    /// The socket, which takes connections already.
    pub listener: std::net::TcpListener,
    /// What is answered there.
    pub router: Router,
}

/// A socket that failed while it was in use.
#[derive(Debug, Error)]
#[error("cannot serve {} at {address}", role.as_str())]
pub struct ServeError {
    /// Whose it is.
    pub role: Role,
    /// Where it listens.
    pub address: String,
    /// Why not.
    #[source]
    pub source: io::Error,
}

impl Hint for ServeError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unavailable
    }
}

/// Serves all doors until `stop` is said, then takes no new connection and
/// lets answers under way finish for two seconds at most. One that fails ends
/// all of them. Without doors it only waits.
pub async fn serve(doors: Vec<Door>, stop: Stop) -> Result<(), ServeError> {
    if doors.is_empty() {
        stop.said().await;
        return Ok(());
    }
    let mut serving = JoinSet::new();
    for door in doors {
        serving.spawn(serve_one(door, stop.clone()));
    }
    let all = async {
        while let Some(ended) = serving.join_next().await {
            // A panic was printed where it happened.
            if let Ok(Err(error)) = ended {
                return Err(error);
            }
        }
        Ok(())
    };
    let late = async {
        stop.said().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = all => ended,
        () = late => Ok(()),
    }
}

async fn serve_one(door: Door, stop: Stop) -> Result<(), ServeError> {
    let Door {
        role,
        listener,
        router,
    } = door;
    let address = listener.local_addr();
    let failed = |source| ServeError {
        role,
        address: address.map_or_else(|_| "?".to_owned(), |address| address.to_string()),
        source,
    };
    let opened = listener
        .set_nonblocking(true)
        .and_then(|()| tokio::net::TcpListener::from_std(listener));
    let listener = match opened {
        // Answers and frames are small, and somebody waits for each.
        Ok(listener) => listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        }),
        Err(source) => return Err(failed(source)),
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move { stop.said().await })
        .into_future()
        .await
        .map_err(failed)
}
