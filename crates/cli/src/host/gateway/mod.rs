//! The gateway in this process, and who looks after it.
//!
//! Three ways: a runtime beside the role of the gateway starts and stops it on
//! threads of this process; a runtime alone starts processes of it; a gateway
//! without a runtime serves for as long as it keeps its name.

mod lease;
mod supervise;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fondaco_app::ports::Store;
use fondaco_app::ports::services::Holder;
use fondaco_app::runtime::{LEASE, Lost};
use fondaco_domain::{ErrorKind, Hint};
use fondaco_exec::gateway::Launched;
use fondaco_exec::process;
use fondaco_server::{GatewayOptions, Platform, Stop, Stopper, serve_gateway};
use thiserror::Error;
use tokio::runtime::Handle;
use tracing::{error, info, warn};

use super::works::spawn;
use super::{HostError, host_name};
use crate::context::Context;
use crate::errors::{Failure, in_words};
use lease::Leased;
use supervise::Supervising;

/// What of the gateway belongs to a process.
pub(crate) struct GatewayWish {
    /// Whether it looks after the gateway.
    pub(crate) runtime: bool,
    /// The socket of the gateway, where it is one.
    pub(crate) listener: Option<TcpListener>,
    /// Where the gateway listens, here or in a process of its own.
    pub(crate) address: SocketAddr,
    /// The generation that it was started as, where it was by a runtime.
    pub(crate) generation: Option<u64>,
    /// The address of the store.
    pub(crate) store: String,
    /// What its routes stand on.
    pub(crate) platform: Arc<Platform>,
    /// Where its connections are served.
    pub(crate) handle: Handle,
}

/// A gateway that may not serve any more.
#[derive(Debug, Error)]
pub(crate) enum GatewayLost {
    /// There is another.
    #[error("generation {0} of the gateway was superseded")]
    Superseded(u64),
    /// The store did not answer.
    #[error("generation {0} of the gateway could not renew its lease")]
    Expired(u64),
    /// Its socket could not be had.
    #[error("the gateway cannot listen")]
    Listen(#[source] std::io::Error),
}

impl GatewayLost {
    fn of(generation: u64, lost: Lost) -> Self {
        match lost {
            Lost::Superseded => Self::Superseded(generation),
            Lost::Expired => Self::Expired(generation),
        }
    }
}

impl Hint for GatewayLost {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Superseded(_) => ErrorKind::Conflict,
            Self::Expired(_) | Self::Listen(_) => ErrorKind::Unavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Superseded(_) => {
                "one gateway serves at a time: see which with `fondaco runtime health`".to_owned()
            }
            Self::Listen(_) => return None,
            Self::Expired(_) => "see that the store answers, with `fondaco doctor`".to_owned(),
        })
    }
}

/// What of the gateway lives in this process, until it is finished.
pub(crate) enum Gateways {
    /// Nothing.
    None,
    /// Who looks after it.
    Supervised(Supervising),
    /// The gateway itself, and why it ended.
    Alone(Launched, Ended),
}

impl Gateways {
    /// Begins what is wanted. A runtime that was never told anything starts
    /// the gateway of its own process, and none elsewhere.
    pub(crate) fn start(wish: GatewayWish, context: &Context) -> Result<Self, Failure> {
        let lease = Context::lease()?.unwrap_or(LEASE);
        let GatewayWish {
            listener, platform, ..
        } = &wish;
        if wish.runtime {
            return Ok(Self::Supervised(Supervising::start(wish, lease, context)?));
        }
        let Some(listener) = listener else {
            return Ok(Self::None);
        };
        let serving = Serving {
            platform: Arc::clone(platform),
            handle: wish.handle.clone(),
            lease,
        };
        let listener = listener.try_clone().map_err(GatewayLost::Listen)?;
        let ended = Ended::default();
        let launched = serving.launch(wish.generation, listener, &ended)?;
        Ok(Self::Alone(launched, ended))
    }

    /// Whether the process has nothing to be there for any more: it was the
    /// gateway, and may not serve.
    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::None | Self::Supervised(_) => false,
            Self::Alone(launched, _) => launched.thread.is_finished(),
        }
    }

    /// Ends it. Gateways in processes of their own go on: the next runtime
    /// finds them.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self {
            Self::None => Ok(()),
            Self::Supervised(supervising) => {
                supervising.finish();
                Ok(())
            }
            Self::Alone(launched, ended) => {
                (launched.stop)(false);
                launched.thread.join().map_err(|_| HostError::Panicked)?;
                let ended = ended.lock().unwrap_or_else(PoisonError::into_inner).take();
                ended.map_or(Ok(()), Err)
            }
        }
    }
}

/// Why a gateway ended, unless it was told to.
type Ended = Arc<Mutex<Option<Failure>>>;

/// How the gateway of this process serves.
#[derive(Clone)]
struct Serving {
    platform: Arc<Platform>,
    handle: Handle,
    lease: Duration,
}

impl Serving {
    /// Serves on a thread; the socket is bound already. Nobody is served
    /// before the store knows of it.
    fn launch(
        &self,
        generation: Option<u64>,
        listener: TcpListener,
        ended: &Ended,
    ) -> Result<Launched, Failure> {
        let (stopper, stop) = Stopper::new();
        let stopper = Arc::new(stopper);
        let told = Arc::clone(&stopper);
        let serving = self.clone();
        let address = listener.local_addr().map_err(GatewayLost::Listen)?;
        let ended = Arc::clone(ended);
        let thread = spawn("gateway", move || {
            match serving.serve(generation, address, listener, (stopper, stop)) {
                Ok(()) => 0,
                Err(failure) => {
                    let why = failure.in_words();
                    error!(name: "gateway_ended", "the gateway has ended: {why}");
                    let code = i32::from(failure.kind().exit_code());
                    *ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
                    code
                }
            }
        })?;
        Ok(Launched {
            stop: Box::new(move |_| told.stop()),
            thread,
        })
    }

    /// Until somebody says to stop, or the name is lost.
    fn serve(
        &self,
        generation: Option<u64>,
        address: SocketAddr,
        listener: TcpListener,
        (stopper, stop): (Arc<Stopper>, Stop),
    ) -> Result<(), Failure> {
        let leased = self.take(generation, address, move || stopper.stop())?;
        let options = GatewayOptions::of(leased.generation());
        let platform = Arc::clone(&self.platform);
        let served = serve_gateway(platform, listener, options, stop);
        let served = self.handle.block_on(served);
        // That the name was lost says more than how the sockets ended.
        leased.end()?;
        Ok(served?)
    }

    /// The name at the store, for as long as it is kept.
    fn take(
        &self,
        generation: Option<u64>,
        address: SocketAddr,
        on_lost: impl Fn() + Send + Sync + 'static,
    ) -> Result<Leased, Failure> {
        let holder = Holder {
            host: host_name(),
            pid: std::process::id(),
            pid_start: process::own_start(),
            address: address.to_string(),
        };
        let store: Arc<dyn Store> = Arc::clone(&self.platform.store);
        let machine = Arc::clone(&self.platform.machine);
        Leased::take((store, machine), generation, holder, self.lease, on_lost)
    }
}

/// Says what the runtime notes.
fn note(note: &fondaco_app::runtime::Note) {
    use fondaco_app::runtime::Note;
    let fact = note.fact();
    match note {
        Note::Starting { generation } | Note::Serves { generation, .. } => {
            info!(name: "gateway", fact, generation, "{note}");
        }
        Note::Gone {
            generation,
            asked: true,
            ..
        } => info!(name: "gateway", fact, generation, "{note}"),
        Note::Gone { generation, .. }
        | Note::Silent { generation }
        | Note::Superseded { generation }
        | Note::NotStarted { generation, .. }
        | Note::NotStopped { generation, .. } => {
            warn!(name: "gateway", fact, generation, "{note}");
        }
    }
}

/// Says that the store failed.
fn store_failed(error: &fondaco_app::ports::runs::RunStoreError) {
    let why = in_words(error);
    warn!(name: "store_failed", "the runtime cannot look after the gateway: {why}");
}
