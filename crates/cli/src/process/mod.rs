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
use fondaco_domain::{ErrorKind, Hint, WorkerId};
use fondaco_exec::process;
use fondaco_server::{Door, Platform, Stop, Stopper};
use thiserror::Error;
use tokio::runtime::Handle;
use tracing::info;

pub(crate) use doors::{ListenWord, listen_at};
use state::{Announced, Known, Phase, UpLock};

use crate::context::{Context, runtime};
use crate::errors::Failure;
use crate::host::gateway::{GatewayWish, Gateways};
use crate::host::{Client, Host, HostError, HostOptions, Listening, Place, Projecting, signals};
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
    /// The generation of the gateway, where a runtime started it as that.
    pub(crate) generation: Option<u64>,
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
    mut wish: Wish,
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
    let data = doors::bind_data(&wish.roles, &wish.settings)?;
    let simulation = doors::bind_simulation(&wish.roles, &wish.settings)?;
    let client = Client::open_at(&wish.settings.store.value, context)?;
    for door in &bound {
        keys::may_listen(client.store(), client.machine.wall(), door.address)?;
    }
    let mut known = known(&wish, &bound, &client);
    known.data = data.as_ref().map(|(_, address)| *address);
    known.simulation = simulation.as_ref().map(|(_, address)| *address);
    let mut announced = Announced::new(context.home(), known, wish.up.take())?;
    if announced.known().up {
        sample::load(&client, context)?;
    }
    let exposed = bound.iter().any(|door| !door.address.ip().is_loopback());
    let addresses = (doors::addresses(&bound, &wish.settings), exposed);
    let platform = platform::platform(&client, context, &wish.settings, addresses, stop.clone())?;
    let runtime = runtime()?;
    let (mut doors, gateway) = apart(bound, &platform);
    doors.extend(data.map(|(listener, _)| Door {
        role: Role::Control,
        router: fondaco_server::data_router(Arc::clone(&platform)),
        listener,
    }));
    doors.extend(simulation.map(|(listener, _)| Door {
        role: Role::Control,
        router: fondaco_server::simulation_router(Arc::clone(&platform)),
        listener,
    }));
    let gateways = wish.gateways(gateway, &platform, runtime.handle());
    let parts = Parts {
        gateways: Gateways::start(gateways, context)?,
        host: place
            .map(|place| start_host(&wish.settings, place, &client, context))
            .transpose()?,
        projecting: wish.projecting(&client, context, &platform)?,
        idle: wish.once.then_some(&client),
        settings: &wish.settings,
        stopper: &stopper,
    };
    if let Some(host) = &parts.host {
        platform.telemetry.watch(host.handle());
    }
    let served = runtime.block_on(async {
        let serving = tokio::spawn(fondaco_server::serve(doors, stop.clone()));
        announced.phase(Phase::Ready)?;
        tell(announced.known(), parts.host.as_ref(), &wish.settings);
        ready(announced.known())?;
        parts.watch(&serving, &stop).await?;
        announced.phase(Phase::Stopping)?;
        parts.end(serving).await
    });
    // A stream that nobody reads must not keep the program.
    runtime.shutdown_background();
    served?;
    info!(name: "ended", "has ended");
    Ok(())
}

/// The sockets that are served as routers, and that of the gateway, which
/// looks after its own.
fn apart(bound: Vec<doors::Bound>, platform: &Arc<Platform>) -> (Vec<Door>, Option<doors::Bound>) {
    let mut gateway = None;
    let mut doors = Vec::new();
    for door in bound {
        if door.role == Role::Gateway {
            gateway = Some(door);
            continue;
        }
        doors.push(Door {
            role: door.role,
            router: fondaco_server::router(door.role, Arc::clone(platform)),
            listener: door.listener,
        });
    }
    (doors, gateway)
}

type Serving = tokio::task::JoinHandle<Result<(), fondaco_server::ServeError>>;

/// What lives in the process beside its routers.
struct Parts<'a> {
    gateways: Gateways,
    host: Option<Host>,
    projecting: Vec<Projecting>,
    /// The store, where the process ends when there is nothing left to do.
    idle: Option<&'a Client>,
    settings: &'a Settings,
    stopper: &'a Stopper,
}

impl Parts<'_> {
    /// Until somebody says to stop, or the process cannot go on, or has nothing
    /// left to do.
    async fn watch(&self, serving: &Serving, stop: &Stop) -> Result<(), Failure> {
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = stop.said() => return Ok(()),
                _ = look.tick() => {}
            }
            let over = self.host.as_ref().is_some_and(Host::is_over);
            if serving.is_finished() || over || self.gateways.is_over() {
                return Ok(());
            }
            if let Some(client) = self.idle
                && is_idle(&self.settings.worker.queues.value, client)?
            {
                return Ok(());
            }
        }
    }

    /// Ends everything: doors and gateways at once, the worker when it has
    /// finished what runs. The first failure is what is told.
    async fn end(self, serving: Serving) -> Result<(), Failure> {
        info!(name: "stopping", "stopping: no connection and no task is taken any more");
        self.stopper.stop();
        let panicked = |_| Failure::from(HostError::Panicked);
        let gateways = self.gateways;
        let gateways = tokio::task::spawn_blocking(move || gateways.finish());
        if let Some(host) = &self.host
            && signals() == 0
        {
            // Signals tell it by themselves, and twice is an order to stop.
            host.drain();
        }
        let served = serving.await.map_err(panicked)?;
        let gateways = gateways.await.map_err(panicked)?;
        if let Some(host) = self.host {
            let worker = host.worker();
            let ended = tokio::task::spawn_blocking(move || host.join());
            ended.await.map_err(panicked)??;
            info!(name: "worker_ended", worker = %worker, "worker {worker} has ended");
        }
        // Last, so that it tells of the last task.
        let projecting = self.projecting;
        let ended = tokio::task::spawn_blocking(move || drop(projecting));
        ended.await.map_err(panicked)?;
        served?;
        gateways
    }
}

impl Wish {
    fn works(&self) -> bool {
        self.roles.contains(&Role::Worker)
    }

    /// Where there is control or a worker, runs are told in files.
    fn projecting(
        &self,
        client: &Client,
        context: &Context,
        platform: &Platform,
    ) -> Result<Vec<Projecting>, Failure> {
        if !self.works() && !self.roles.contains(&Role::Control) {
            return Ok(Vec::new());
        }
        Ok(vec![
            Projecting::start(client, context, &self.settings)?,
            Projecting::start_legacy(client, &platform.migration)?,
        ])
    }

    /// What of the gateway belongs to the process.
    fn gateways(
        &self,
        bound: Option<doors::Bound>,
        platform: &Arc<Platform>,
        handle: &Handle,
    ) -> GatewayWish {
        let said = self.settings.listen.get(&Role::Gateway);
        let usual = || SocketAddr::from(([127, 0, 0, 1], 0));
        let address = bound.as_ref().map(|door| door.address);
        GatewayWish {
            runtime: self.roles.contains(&Role::Runtime),
            address: address.unwrap_or_else(|| said.map_or_else(usual, |said| said.value)),
            listener: bound.map(|door| door.listener),
            generation: self.generation,
            store: self.settings.store.value.clone(),
            platform: Arc::clone(platform),
            handle: handle.clone(),
        }
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
        data: None,
        simulation: None,
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
        calls: settings.worker.calls.value.get(),
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
        let listed = |id: &WorkerId| workers.iter().any(|worker| worker.id == *id);
        Ok(host.workers().iter().all(listed))
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
    if let Some(address) = known.data {
        info!(name: "serving", %address, "data service: serving at http://{address}");
    }
    if let Some(address) = known.simulation {
        info!(name: "serving", %address, "simulation service: serving at http://{address}");
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
