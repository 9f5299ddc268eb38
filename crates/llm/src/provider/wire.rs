//! Questions over HTTP, each with one deadline for all of it.

use std::net::IpAddr;
use std::sync::OnceLock;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use fondaco_app::ports::model::ModelError;
use fondaco_domain::{ErrorKind, Hint};
use reqwest::header::{HeaderValue, RETRY_AFTER};
use reqwest::{Client, Url, redirect};
use serde_json::Value;
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};

use super::secret::Secret;
use crate::patience::{GLANCE, Patience};

/// Why nobody can be asked.
#[derive(Debug, Error)]
pub(crate) enum WireError {
    /// The threads for it were refused.
    #[error("the threads that ask models cannot be started")]
    Runtime(#[source] std::io::Error),
    /// The client cannot be made, such as without certificates.
    #[error("the client that asks models cannot be made")]
    Client(#[source] reqwest::Error),
}

impl Hint for WireError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Internal
    }
}

/// An answer of more bytes is none.
const LONGEST: usize = 8 << 20;

/// Making a connection may take that long.
const CONNECT: Duration = Duration::from_secs(10);

/// A client and the threads it works on.
pub(crate) struct Wire {
    runtime: Runtime,
    client: OnceLock<Client>,
    /// For servers of this machine without encryption: they are behind no
    /// proxy and need no certificates, which take long to read.
    local: OnceLock<Client>,
}

/// A question as it is sent.
pub(super) struct Sent<'a> {
    pub(super) url: Url,
    /// The header that the key stands in, and what stands before it.
    pub(super) key: Option<(&'static str, &'static str, &'a Secret)>,
    pub(super) header: Option<(&'static str, &'static str)>,
    pub(super) question: Value,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: String,
}

impl Wire {
    pub(crate) fn new() -> Result<Self, WireError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("models")
            .enable_all()
            .build()
            .map_err(WireError::Runtime)?;
        Ok(Self {
            runtime,
            client: OnceLock::new(),
            local: OnceLock::new(),
        })
    }

    /// Sends a question and waits for all of the answer.
    pub(super) fn post(
        &self,
        provider: &str,
        sent: Sent<'_>,
        patience: &Patience<'_>,
    ) -> Result<Answer, ModelError> {
        let client = self
            .client(&sent.url)
            .map_err(|source| ModelError::Unreachable {
                provider: provider.to_owned(),
                sent: false,
                source: source.into(),
            })?;
        let mut post = client.post(sent.url).json(&sent.question);
        if let Some((name, value)) = sent.header {
            post = post.header(name, value);
        }
        if let Some((name, before, key)) = sent.key {
            let value = hidden(before, key).ok_or_else(|| ModelError::Auth {
                provider: provider.to_owned(),
            })?;
            post = post.header(name, value);
        }
        let call = async move { receive(post.send().await.map_err(Fault::Transport)?).await };
        let answer = self.wait(call, provider, patience)?;
        let mut answer = answer.map_err(|fault| fault.told(provider))?;
        if let Some((.., key)) = sent.key {
            answer.body = key.scrub(answer.body);
        }
        Ok(answer)
    }

    fn client(&self, url: &Url) -> Result<&Client, WireError> {
        let place = if is_local(url) {
            &self.local
        } else {
            &self.client
        };
        if let Some(client) = place.get() {
            return Ok(client);
        }
        // A redirect could carry the key to somebody else.
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .user_agent(concat!("fondaco/", env!("CARGO_PKG_VERSION")));
        let builder = if is_local(url) {
            builder.no_proxy().tls_certs_only([])
        } else {
            builder
        };
        let made = builder.build().map_err(WireError::Client)?;
        // Another thread may have been faster.
        Ok(place.get_or_init(|| made))
    }

    /// Waits on this thread for what is done on others, unless time is over or
    /// nobody wants it any more.
    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
        provider: &str,
        patience: &Patience<'_>,
    ) -> Result<T, ModelError> {
        let (done, result) = mpsc::sync_channel(1);
        let task = self.runtime.spawn(async move {
            // Nobody may be left to take it.
            let _ = done.send(work.await);
        });
        loop {
            match result.recv_timeout(patience.left().min(GLANCE)) {
                Ok(result) => return Ok(result),
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(over) = patience.check(provider) {
                        task.abort();
                        return Err(over);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(ModelError::Unreachable {
                        provider: provider.to_owned(),
                        sent: true,
                        source: "the thread that asked it is gone".into(),
                    });
                }
            }
        }
    }
}

fn hidden(before: &str, key: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("{before}{}", key.expose())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Without encryption, on this machine.
fn is_local(url: &Url) -> bool {
    let of_machine = |host: &str| {
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    };
    url.scheme() == "http" && url.host_str().is_some_and(of_machine)
}

/// Why there is no whole answer.
enum Fault {
    Transport(reqwest::Error),
    TooLong,
    NoText,
}

impl Fault {
    fn told(self, provider: &str) -> ModelError {
        let provider = provider.to_owned();
        let malformed = |problem: &str| ModelError::Malformed {
            provider: provider.clone(),
            problem: problem.to_owned(),
        };
        match self {
            Self::TooLong => malformed("it is longer than 8 MiB"),
            Self::NoText => malformed("it is no UTF-8"),
            Self::Transport(error) => ModelError::Unreachable {
                provider,
                sent: !error.is_connect() && !error.is_builder(),
                source: error.without_url().into(),
            },
        }
    }
}

async fn receive(mut response: reqwest::Response) -> Result<Answer, Fault> {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(seconds);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Fault::Transport)? {
        if body.len() + chunk.len() > LONGEST {
            return Err(Fault::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        retry_after,
        body: String::from_utf8(body).map_err(|_| Fault::NoText)?,
    })
}

/// Only seconds are read: a date would depend on the clock of both.
fn seconds(value: &HeaderValue) -> Option<Duration> {
    let seconds: f64 = value.to_str().ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}
