//! A process that serves: its roles, from the first socket to the last task.
//!
//! Everything that can be refused is refused before anything begins: settings,
//! then every address, then the store. Then it works, and answers, until
//! somebody says to stop: no new connection is taken, streams find their end,
//! and what runs is finished.

mod doors;
mod platform;
pub(crate) mod sample;
pub(crate) mod state;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::runs::RunQuery;
use fondaco_app::roles::Role;
use fondaco_app::{keys, runner::Bell};
use fondaco_domain::run::RunState;
use fondaco_domain::{ErrorKind, Hint};
use fondaco_exec::process;
use fondaco_server::{Door, Stop, Stopper};
use thiserror::Error;
use tracing::info;

pub(crate) use doors::{ListenWord, listen_at};
use state::{Announced, Known, Phase, UpLock};

use crate::context::{Context, runtime};
use crate::errors::Failure;
use crate::host::{Client, Host, HostError, HostOptions, Listening, Place, signals};
use crate::logs::Notes;
use crate::settings::{ExecutorMode, Settings, without_password};

/// What a process is for.
pub(crate) struct Wish {
    /// Its roles.
    pub(crate) roles: Vec<Role>,
    /// What it is told.
    pub(crate) settings: Settings,
    /// Whether it ends when its queues are empty.
    pub(crate) once: bool,
    /// The right to be the one that is up in the home, where it is that one.
    pub(crate) up: Option<UpLock>,
    /// Where its log is, where that is a file.
    pub(crate) log: Option<PathBuf>,
}

/// An executor that this program does not have.
#[derive(Debug, Error)]
#[error("tasks cannot run by `{mode}`: {missing}")]
pub(crate) struct NotServed {
    mode: ExecutorMode,
    missing: &'static str,
}

impl Hint for NotServed {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        let key = &crate::settings::keys::EXECUTOR;
        Some(format!(
            "set {} to inline or local, or to nothing",
            key.variable
        ))
    }
}

/// Does what a process is for, until somebody says to stop, or it cannot go
/// on. `ready` is called once, when it does everything.
pub(crate) fn run(
    wish: Wish,
    context: &Context,
    ready: &mut dyn FnMut(&Known) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let place = place(wish.settings.worker.executor.value);
    let place = wish.works().then_some(place).transpose()?;
    let (stopper, stop) = Stopper::new();
    let stopper = Arc::new(stopper);
    let told = Arc::clone(&stopper);
    // Whoever says so while it begins is heard once it has begun.
    let _listening = Listening::start(move |_| told.stop())?;
    let bound = doors::bind(&wish.roles, &wish.settings)?;
    let client = Client::open_at(&wish.settings.store.value, context)?;
    for door in &bound {
        keys::may_listen(client.store(), client.machine.wall(), door.address)?;
    }
    let known = known(&wish, &bound, &client);
    let mut announced = Announced::new(context.home(), known, wish.up)?;
    if announced.known().up {
        sample::load(&client, context)?;
    }
    let exposed = bound.iter().any(|door| !door.address.ip().is_loopback());
    let addresses = (doors::addresses(&bound, &wish.settings), exposed);
    let platform = platform::platform(&client, context, &wish.settings, addresses, stop.clone())?;
    let host = place
        .map(|place| start_host(&wish.settings, place, &client, context))
        .transpose()?;
    let doors = bound.into_iter().map(|door| Door {
        role: door.role,
        router: fondaco_server::router(door.role, Arc::clone(&platform)),
        listener: door.listener,
    });
    let doors: Vec<Door> = doors.collect();
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let serving = tokio::spawn(fondaco_server::serve(doors, stop.clone()));
        announced.phase(Phase::Ready)?;
        tell(announced.known(), host.as_ref(), &wish.settings);
        ready(announced.known())?;
        let idle = wish.once.then_some(&client);
        watch(host.as_ref(), idle, &wish.settings, &serving, &stop).await?;
        stopper.stop();
        announced.phase(Phase::Stopping)?;
        info!(name: "stopping", "stopping: no connection and no task is taken any more");
        match serving.await {
            Ok(served) => Ok(served?),
            Err(_) => Err(Failure::from(HostError::Panicked)),
        }
    });
    // A stream that nobody reads must not keep the program.
    runtime.shutdown_background();
    if let Some(host) = &host {
        // Signals have told it by themselves, and twice is an order to stop.
        if signals() == 0 {
            host.drain();
        }
        host.join()?;
        info!(name: "worker_ended", worker = %host.worker(), "worker {} has ended", host.worker());
    }
    served?;
    info!(name: "ended", "has ended");
    Ok(())
}

impl Wish {
    fn works(&self) -> bool {
        self.roles.contains(&Role::Worker)
    }
}

/// Where tasks run by this mode, where this program has that.
fn place(mode: ExecutorMode) -> Result<Place, NotServed> {
    let missing = match mode {
        ExecutorMode::Auto => return Ok(Place::Auto),
        ExecutorMode::Inline => return Ok(Place::Inline),
        ExecutorMode::Local => return Ok(Place::Local),
        ExecutorMode::Ecs => "this program has no client of container tasks",
        ExecutorMode::Sqs => "this program has no client of queues",
        ExecutorMode::Stepfunctions => "this program has no client of state machines",
        ExecutorMode::Temporal => "this program has no client of Temporal",
    };
    Err(NotServed { mode, missing })
}

fn known(wish: &Wish, bound: &[doors::Bound], client: &Client) -> Known {
    let address = |role: Role| {
        let door = bound.iter().find(|door| door.role == role);
        door.map(|door| door.address)
    };
    Known {
        pid: std::process::id(),
        pid_start: process::own_start(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        since: client.machine.wall(),
        phase: Phase::Starting,
        roles: wish
            .roles
            .iter()
            .map(|role| (role.as_str().to_owned(), address(*role)))
            .collect(),
        store: without_password(&wish.settings.store.value),
        log: wish.log.clone(),
        up: wish.up.is_some(),
    }
}

/// A worker that others see on the list: who reads that it has started may
/// count on it.
fn start_host(
    settings: &Settings,
    place: Place,
    client: &Client,
    context: &Context,
) -> Result<Host, Failure> {
    let options = HostOptions {
        slots: settings.worker.slots.value,
        queues: settings.worker.queues.value.clone(),
        run: None,
        place,
        threads: settings.worker.threads.value,
        at_once: false,
        log: Arc::new(Notes),
    };
    let host = Host::start(client, context, options)?;
    let bell = Bell::default();
    let listed = || -> Result<bool, Failure> {
        let workers = client.store().workers()?;
        Ok(workers.iter().any(|worker| worker.id == host.worker()))
    };
    while !host.is_over() && !listed()? {
        bell.wait(SOON);
    }
    Ok(host)
}

/// Between two looks whether the store knows of this worker.
const SOON: Duration = Duration::from_millis(2);

/// Says that everything has begun.
fn tell(known: &Known, host: Option<&Host>, settings: &Settings) {
    if let Some(host) = host {
        let worker = &settings.worker;
        let (slots, queues) = (worker.slots.value, worker.queues.value.join(", "));
        info!(
            name: "started", worker = %host.worker(), slots, queues,
            "worker {} takes {slots} at a time from {queues}", host.worker()
        );
    }
    for (role, address) in known.roles() {
        if let Some(address) = address {
            let role = role.as_str();
            info!(name: "serving", role, %address, "{}", serving(role, address));
        }
    }
}

/// Where a role is, in words.
fn serving(role: &str, address: SocketAddr) -> String {
    match Role::parse(role) {
        Some(Role::Control) => format!("control: serving at http://{address}/v1"),
        Some(Role::Gateway) => format!("gateway: serving at ws://{address}"),
        _ => format!("{role}: serving at http://{address}"),
    }
}

/// Between two looks at the worker.
const LOOK: Duration = Duration::from_millis(50);

/// Until somebody says to stop, or the process cannot go on, or has nothing
/// left to do.
async fn watch(
    host: Option<&Host>,
    idle: Option<&Client>,
    settings: &Settings,
    serving: &tokio::task::JoinHandle<Result<(), fondaco_server::ServeError>>,
    stop: &Stop,
) -> Result<(), Failure> {
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            () = stop.said() => return Ok(()),
            _ = look.tick() => {}
        }
        if serving.is_finished() || host.is_some_and(Host::is_over) {
            return Ok(());
        }
        if let Some(client) = idle
            && is_idle(&settings.worker.queues.value, client)?
        {
            return Ok(());
        }
    }
}

/// Whether no run of these queues can go on.
fn is_idle(queues: &[String], client: &Client) -> Result<bool, Failure> {
    for queue in queues {
        let query = RunQuery {
            states: vec![
                RunState::Queued,
                RunState::Running,
                RunState::Halting,
                RunState::Cancelling,
            ],
            queue: Some(queue.clone()),
            limit: Some(1),
            ..RunQuery::default()
        };
        if !client.store().runs(&query)?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}
