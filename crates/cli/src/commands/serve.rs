//! `fondaco serve`.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use fondaco_app::roles::Role;
use fondaco_domain::{ErrorKind, Hint};
use fondaco_server::{Limits, Platform};
use thiserror::Error;

use super::worker::{Lines, WorkArgs};
use crate::context::{Context, runtime};
use crate::errors::Failure;
use crate::host::{Client, Host, candles, planners};

/// Where to listen, and how to work.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco serve\n  fondaco serve --listen 127.0.0.1:0 --slots 4\n\nThe native API lies \
                  below /v1; openapi/fondaco.json describes it. Ctrl-C or SIGTERM: it takes nothing more, finishes \
                  what runs and ends with 0."
)]
pub(crate) struct Args {
    /// Address to listen at; port 0 for a free one. Only of this machine, since
    /// whoever reaches it may do everything.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    #[command(flatten)]
    work: WorkArgs,
}

/// A socket that cannot be had.
#[derive(Debug, Error)]
pub(crate) enum ServeError {
    /// Others could reach it.
    #[error("{0} can be reached from other machines")]
    Open(SocketAddr),
    /// Taken, or not allowed.
    #[error("cannot listen at {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The socket failed while it was in use.
    #[error("cannot serve at {address}")]
    Serve {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

impl Hint for ServeError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Open(_) => ErrorKind::Invalid,
            Self::Listen { .. } | Self::Serve { .. } => ErrorKind::Unavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Open(_) => "there are no keys yet: listen at 127.0.0.1".to_owned(),
            Self::Listen { .. } => "choose another port with --listen".to_owned(),
            Self::Serve { .. } => return None,
        })
    }
}

/// Between two looks whether the worker has ended.
const LOOK: Duration = Duration::from_millis(50);

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (listener, address) = listen(args.listen)?;
    let client = args.work.client(context)?;
    let platform = platform(address, &client, context)?;
    let host = Arc::new(args.work.start(&client, context)?);
    let log = Lines::of(context);
    log.say("serving", &format!("serving at http://{address}/v1"));
    let runtime = runtime()?;
    let served = runtime.block_on(fondaco_server::serve(
        fondaco_server::router(Role::Control, platform),
        listener,
        ended(Arc::clone(&host)),
    ));
    // A stream that nobody reads must not keep the program.
    runtime.shutdown_background();
    served.map_err(|source| ServeError::Serve { address, source })?;
    host.join()?;
    log.say("ended", "has ended");
    Ok(())
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    if !address.ip().is_loopback() {
        return Err(ServeError::Open(address));
    }
    let failed = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

fn platform(
    address: SocketAddr,
    client: &Client,
    context: &Context,
) -> Result<Arc<Platform>, Failure> {
    Ok(Arc::new(Platform {
        store: Arc::clone(&client.opened.store),
        guard: fondaco_server::Guard::new(
            Arc::clone(&client.opened.store),
            client.machine.clone(),
            fondaco_server::GuardSettings {
                exposed: !address.ip().is_loopback(),
                ..fondaco_server::GuardSettings::default()
            },
        ),
        planners: planners(),
        machine: client.machine.clone(),
        candles: candles(context)?,
        results: Arc::new(super::backtest::results(context)),
        home: context.home().to_owned(),
        addresses: fondaco_server::Addresses::default().with(Role::Control, address),
        limits: Limits::default(),
    }))
}

/// Until the worker has ended: signals drain it.
async fn ended(host: Arc<Host>) {
    let mut look = tokio::time::interval(LOOK);
    while !host.is_over() {
        look.tick().await;
    }
}
