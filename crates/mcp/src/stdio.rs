//! One client on two streams: lines of JSON.

use fondaco_domain::{ErrorKind, Hint};
use rmcp::service::ServerInitializeError;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::served::Served;

/// A client that cannot be served.
#[derive(Debug, Error)]
pub enum StdioError {
    /// It did not begin as the protocol begins.
    #[error("the client does not speak the protocol")]
    Begin(#[source] Box<ServerInitializeError>),
    /// A defect of ours.
    #[error("the server of the client failed")]
    Panicked(#[source] tokio::task::JoinError),
}

impl Hint for StdioError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Begin(_) => ErrorKind::Invalid,
            Self::Panicked(_) => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Begin(_) => Some("a client starts this command by itself".into()),
            Self::Panicked(_) => None,
        }
    }
}

/// Serves the client at standard input and output until it closes the input.
/// Nothing but the protocol is written.
pub async fn stdio(served: Served) -> Result<(), StdioError> {
    let (input, output) = rmcp::transport::stdio();
    streams(served, input, output).await
}

/// Serves the client at two streams until it closes its own.
pub async fn streams(
    served: Served,
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite + Send + Unpin + 'static,
) -> Result<(), StdioError> {
    let running = match rmcp::serve_server(served, (input, output)).await {
        Ok(running) => running,
        // One that goes before it began wanted nothing.
        Err(
            ServerInitializeError::ConnectionClosed(_)
            | ServerInitializeError::TransportError { .. },
        ) => return Ok(()),
        Err(error) => return Err(StdioError::Begin(Box::new(error))),
    };
    running.waiting().await.map_err(StdioError::Panicked)?;
    Ok(())
}
