//! Questions over HTTP, each with one deadline for all of it.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use fondaco_app::ports::model::ModelError;
use fondaco_domain::{ErrorKind, Hint};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
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
    client: Client,
    /// For servers of this machine, which are behind no proxy.
    local: Client,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: String,
}

impl Wire {
    pub(crate) fn new() -> Result<Self, WireError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("models")
            .enable_all()
            .build()
            .map_err(WireError::Runtime)?;
        let builder = || {
            // A redirect could carry the key to somebody else.
            Client::builder()
                .redirect(redirect::Policy::none())
                .connect_timeout(CONNECT)
                .user_agent(concat!("fondaco/", env!("CARGO_PKG_VERSION")))
        };
        Ok(Self {
            runtime,
            client: builder().build().map_err(WireError::Client)?,
            local: builder().no_proxy().build().map_err(WireError::Client)?,
        })
    }

    /// Sends a question and waits for all of the answer.
    pub(crate) fn post(
        &self,
        provider: &str,
        url: Url,
        key: Option<&Secret>,
        question: &Value,
        patience: &Patience<'_>,
    ) -> Result<Answer, ModelError> {
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            headers.insert(
                AUTHORIZATION,
                bearer(key).ok_or_else(|| ModelError::Auth {
                    provider: provider.to_owned(),
                })?,
            );
        }
        let client = if is_local(&url) {
            &self.local
        } else {
            &self.client
        };
        let sending = client.post(url).headers(headers).json(question).send();
        let call = async move { receive(sending.await.map_err(Fault::Transport)?).await };
        let answer = self.wait(call, provider, patience)?;
        let mut answer = answer.map_err(|fault| fault.told(provider))?;
        if let Some(key) = key {
            answer.body = key.scrub(answer.body);
        }
        Ok(answer)
    }

    /// Waits on this thread for what is done on others, unless time is over or
    /// nobody wants it any more.
    pub(crate) fn wait<T: Send + 'static>(
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

fn bearer(key: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn is_local(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    })
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
