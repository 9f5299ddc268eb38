//! A runtime: the supervisor's thread and its gateways.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use fondaco_app::ports::Failure as PortFailure;
use fondaco_app::ports::gateway::GatewayHost;
use fondaco_app::ports::runs::RunStoreError;
use fondaco_app::runtime::supervisor::Limits;
use fondaco_app::runtime::{Desk, Runtime, SupervisorPorts, Turns};
use fondaco_exec::gateway::{ChildGateways, ChildSettings, InlineGateways, Launched};

use super::{Ended, GatewayLost, GatewayWish, Serving, note, store_failed};
use crate::context::Context;
use crate::env;
use crate::errors::Failure;
use crate::host::works::spawn;
use crate::host::{HostError, host_name};
use crate::settings::keys;

/// Who looks after the gateway, until it is finished.
pub(crate) struct Supervising {
    desk: Arc<Desk>,
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    /// The gateway within this process, where it is there.
    inline: Option<Arc<InlineGateways>>,
}

/// After a call that failed the store is asked again.
const AGAIN: Duration = Duration::from_secs(1);

impl Supervising {
    pub(super) fn start(
        wish: GatewayWish,
        lease: Duration,
        context: &Context,
    ) -> Result<Self, Failure> {
        let platform = Arc::clone(&wish.platform);
        let runtime = Runtime {
            store: &*platform.store,
            machine: &*platform.machine,
            actor: "runtime",
        };
        let (host, inline) = if wish.listener.is_some() {
            runtime.start_unless_told()?;
            let serve = runtime.current()?.is_some_and(|told| told.serve);
            let inline = Arc::new(inline(wish, lease, serve, context));
            (Arc::clone(&inline) as Arc<dyn GatewayHost>, Some(inline))
        } else {
            (
                Arc::new(child(wish, context)?) as Arc<dyn GatewayHost>,
                None,
            )
        };
        let desk = Arc::new(Desk::new(Arc::clone(&host)));
        // Somebody else in this process has it already: there is one runtime.
        let _ = platform.runtime.set(Arc::clone(&desk));
        let ports = SupervisorPorts {
            store: Arc::clone(&platform.store),
            host,
            machine: Arc::clone(&platform.machine),
            journal: Arc::new(note),
        };
        let turns = Turns::new(ports, Arc::clone(&desk), Limits::of(lease));
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let waits = Arc::clone(&desk);
        let thread = spawn("runtime", move || look_after(turns, &waits, &told))?;
        Ok(Self {
            desk,
            over,
            thread,
            inline,
        })
    }

    /// Ends the supervisor first, so that it starts nothing in place of the
    /// gateway that ends with this process.
    pub(super) fn finish(self) {
        self.over.store(true, Ordering::Release);
        self.desk.wake();
        // A panic was printed where it happened.
        let _ = self.thread.join();
        if let Some(inline) = self.inline {
            inline.shut_down();
        }
    }
}

fn look_after(mut turns: Turns, desk: &Desk, over: &AtomicBool) {
    let mut failing = false;
    while !over.load(Ordering::Acquire) {
        let wait = match turns.turn() {
            Ok(wait) => {
                failing = false;
                wait
            }
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    store_failed(&error);
                }
                if matches!(error, RunStoreError::Stopped) {
                    return;
                }
                AGAIN
            }
        };
        desk.wait(wait);
    }
}

/// Gateways on threads here. The first has the socket that is bound already,
/// unless none is wanted; later ones bind it anew.
fn inline(wish: GatewayWish, lease: Duration, serve: bool, context: &Context) -> InlineGateways {
    let serving = Serving {
        platform: wish.platform,
        handle: wish.handle,
        lease,
    };
    let address = wish.address;
    let first = Mutex::new(wish.listener.filter(|_| serve));
    let launch = move |generation| -> Result<Launched, PortFailure> {
        let bound = first
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .map_or_else(|| bind(address), Ok)?;
        serving
            .launch(Some(generation), bound, &Ended::default())
            .map_err(|failure| PortFailure::new(failure.told()))
    };
    InlineGateways::new(Box::new(launch), context.home(), host_name())
}

fn bind(address: SocketAddr) -> Result<TcpListener, PortFailure> {
    TcpListener::bind(address).map_err(|source| PortFailure::new(GatewayLost::Listen(source)))
}

/// Gateways in processes of their own, told what this one was told.
fn child(wish: GatewayWish, context: &Context) -> Result<ChildGateways, Failure> {
    // Settings of ours that have other names, too.
    let told = |name: &str| {
        let setting = keys::ALL.iter().any(|key| key.variable == name);
        setting || name.starts_with("FONDACO_")
    };
    let mut environment: Vec<(OsString, OsString)> = std::env::vars_os()
        .filter(|(name, _)| told(&name.to_string_lossy()))
        .collect();
    // An address may hold a password, which no list of processes shows.
    environment.push((env::STORE.into(), wish.store.into()));
    if let Some(path) = context.sources().path() {
        // They work in a folder of their own.
        let path = std::path::absolute(path).map_err(HostError::Program)?;
        environment.push((env::CONFIG.into(), path.into()));
    }
    let listen = wish.address.to_string();
    Ok(ChildGateways::new(ChildSettings {
        program: std::env::current_exe().map_err(HostError::Program)?,
        words: [
            "--home".into(),
            context.home().into(),
            OsString::from("serve"),
            "gateway".into(),
            "--listen".into(),
            listen.into(),
        ]
        .to_vec(),
        environment,
        home: context.home().to_owned(),
        host: host_name(),
    }))
}
