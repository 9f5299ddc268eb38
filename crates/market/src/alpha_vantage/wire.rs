//! One question over HTTP, with one deadline for all of it.

use std::net::IpAddr;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, Url, redirect};
use tokio::runtime::{Builder, Runtime};

use super::AlphaVantageError;

/// How often it is asked whether anybody waits.
const GLANCE: Duration = Duration::from_millis(50);

/// Making a connection may take that long.
const CONNECT: Duration = Duration::from_secs(10);

/// An answer of more bytes is none: a history of forty years has two million.
const LONGEST: usize = 32 << 20;

/// What came back.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    /// The host of a redirection.
    pub(super) sent_to: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Why nothing whole came back.
#[derive(Debug)]
pub(super) enum Fault {
    /// Without the address: the key is in it.
    Transport(reqwest::Error),
    TooLong,
    TimedOut,
    Stopped,
    /// The thread that asked is gone.
    Gone,
}

/// A client and the thread it works on.
pub(super) struct Wire {
    runtime: Runtime,
    client: Client,
}

impl Wire {
    /// For one address.
    pub(super) fn new(url: &Url) -> Result<Self, AlphaVantageError> {
        // A redirect could carry the key to somebody else.
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .user_agent(concat!("fondaco/", env!("CARGO_PKG_VERSION")));
        // A server of this machine is behind no proxy and needs no
        // certificates, which take long to read.
        let builder = if is_local(url) {
            builder.no_proxy().tls_certs_only([])
        } else {
            builder
        };
        Ok(Self {
            client: builder.build().map_err(AlphaVantageError::Client)?,
            runtime: Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name("prices")
                .enable_all()
                .build()
                .map_err(AlphaVantageError::Runtime)?,
        })
    }

    /// Asks and waits for all of the answer, unless it takes too long or
    /// nobody wants it any more.
    pub(super) fn get(
        &self,
        url: Url,
        deadline: Duration,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<Response, Fault> {
        let until = Instant::now() + deadline;
        let sent = self.client.get(url).send();
        let (done, result) = mpsc::sync_channel(1);
        let task = self.runtime.spawn(async move {
            let answer = async { receive(sent.await.map_err(transport)?).await };
            // Nobody may be left to take it.
            let _ = done.send(answer.await);
        });
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match result.recv_timeout(left.min(GLANCE)) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => return Err(Fault::Gone),
                Err(RecvTimeoutError::Timeout) if stopped() => {
                    task.abort();
                    return Err(Fault::Stopped);
                }
                Err(RecvTimeoutError::Timeout) if left.is_zero() => {
                    task.abort();
                    return Err(Fault::TimedOut);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

async fn receive(mut response: reqwest::Response) -> Result<Response, Fault> {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    let location = response.headers().get(LOCATION);
    let sent_to = location.map(|to| {
        let host = to.to_str().ok().and_then(|to| Url::parse(to).ok());
        let host = host.and_then(|to| to.host_str().map(str::to_owned));
        host.unwrap_or_else(|| "another place".to_owned())
    });
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(transport)? {
        if body.len() + chunk.len() > LONGEST {
            return Err(Fault::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response {
        status,
        retry_after,
        sent_to,
        body,
    })
}

fn transport(error: reqwest::Error) -> Fault {
    Fault::Transport(error.without_url())
}

/// Only seconds are read: a date would depend on the clock of both.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// Without encryption, on this machine.
fn is_local(url: &Url) -> bool {
    let of_machine = |host: &str| {
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    };
    url.scheme() == "http" && url.host_str().is_some_and(of_machine)
}
