//! A router on a socket, until somebody says to stop.

use std::future::{Future, IntoFuture};
use std::io;
use std::time::Duration;

use axum::Router;
use tokio::sync::oneshot;

/// How long what is under way may take once somebody said to stop. A stream of
/// events has no end of its own.
const GRACE: Duration = Duration::from_secs(2);

/// Serves until `stop` ends, then takes no new connection and lets answers
/// under way finish for two seconds at most.
pub async fn serve(
    router: Router,
    listener: std::net::TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (said, heard) = oneshot::channel();
    let stop = async move {
        stop.await;
        // Nobody listens where the serving has ended already.
        let _ = said.send(());
    };
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop);
    let late = async {
        match heard.await {
            Ok(()) => tokio::time::sleep(GRACE).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = serving.into_future() => ended,
        () = late => Ok(()),
    }
}
