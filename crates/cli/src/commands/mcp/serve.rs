//! `fondaco mcp serve`.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use fondaco_app::keys;
use fondaco_app::ports::machine::Machine;
use fondaco_domain::{ErrorKind, Hint, UnixMillis};
use fondaco_mcp::{PATH, Served, http, stdio};
use fondaco_server::{Guard, GuardSettings, Stopper};
use thiserror::Error;
use tokio::net::TcpListener;

use super::door::Guarded;
use crate::commands::tool;
use crate::context::{Context, runtime};
use crate::errors::Failure;
use crate::host::{Client, Listening, StoreArgs, tools};
use crate::output::to_stderr;

/// To whom, and at which clock.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A program of yours starts it by itself and talks over its standard input and output; nothing else is \
                  written there. With --http it serves any number of programs at http://ADDRESS/mcp, and says on \
                  standard error where. As soon as there is a key (see `fondaco key add`), and wherever other machines \
                  can reach the address, everybody needs one of the scope `read`, as `Authorization: Bearer fdk_…`.\n\n\
                  Examples:\n  fondaco mcp serve\n  fondaco mcp serve --at 2025-03-04\n  fondaco mcp serve --http \
                  127.0.0.1:8770"
)]
pub(crate) struct Args {
    /// Serve over HTTP there, port 0 for a free one.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    http: Option<SocketAddr>,
    /// The clock of every call: a day, to its end, or an instant. Nothing
    /// that became known later is told [default: now, whenever that is].
    #[arg(long, value_name = "DATE|RFC3339", value_parser = tool::clock)]
    at: Option<UnixMillis>,
    #[command(flatten)]
    store: StoreArgs,
}

/// An address that cannot be had.
#[derive(Debug, Error)]
#[error("cannot listen at {address}")]
struct ListenError {
    address: SocketAddr,
    #[source]
    source: io::Error,
}

impl Hint for ListenError {
    fn kind(&self) -> ErrorKind {
        match self.source.kind() {
            io::ErrorKind::AddrNotAvailable => ErrorKind::Invalid,
            _ => ErrorKind::Unavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        Some("choose another address with --http".into())
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let address = text.replace("localhost", "127.0.0.1");
    let wanted = |_| "write an address such as 127.0.0.1:8770".to_owned();
    address.parse().map_err(wanted)
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let runtime = runtime()?;
    let toolbox = tools::toolbox(context, runtime.handle().clone())?;
    let (at, clock) = (args.at, context.clock);
    let served = Served::new(toolbox, Arc::new(move || tool::scope(at, clock.now())));
    let Some(address) = args.http else {
        return Ok(runtime.block_on(stdio(served))?);
    };
    let client = Client::open(&args.store, context)?;
    keys::may_listen(client.store(), client.machine.wall(), address)?;
    let door = Guarded(guard(&client, context, address)?);
    let (stopper, stop) = Stopper::new();
    let _listening = Listening::start(move |_| stopper.stop())?;
    runtime.block_on(async {
        let listener = listen(address).await?;
        let serving = http(served, listener, Arc::new(door), async move {
            stop.said().await;
        });
        Ok(serving.await?)
    })
}

/// The guard of the API, with its settings.
fn guard(client: &Client, context: &Context, address: SocketAddr) -> Result<Arc<Guard>, Failure> {
    let settings = GuardSettings {
        exposed: !address.ip().is_loopback(),
        origins: context.settings()?.http.cors_origins.value,
        rate: None,
    };
    let store = Arc::clone(&client.opened.store);
    Ok(Guard::new(store, client.machine.clone(), settings))
}

/// Listens, and says where.
async fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let failed = |source| ListenError { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    to_stderr(&format!("tools are served at http://{address}{PATH}\n"));
    Ok(listener)
}
