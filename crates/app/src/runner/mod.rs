//! The runner: takes tasks from a store, has them done, and tells the store.
//!
//! [`Runner::turn`] is one round: news of the executors, orders to stop, one
//! [`exchange`](crate::ports::runs::RunStore::exchange) with the store, and a
//! start for each task it gave. It takes time only from its
//! [`Machine`] and waits for nothing, so that a simulation can drive many of
//! them through anything with a seed. [`Runner::work`] turns until it is done
//! and waits for the [`Bell`] in between.
//!
//! A worker whose store does not answer lets its attempts run on, keeps what
//! they say, and measures their leases from the sending of the last renewal
//! that succeeded; it stops them early enough for the whole ladder to fit.

mod attempt;
mod begin;
mod bell;
mod exchange;
mod executors;
mod gate;
mod halting;
mod handle;
mod ladder;
mod note;
mod report;
mod turn;

pub use bell::Bell;
pub use executors::Executors;
pub use gate::Stand;
pub use handle::{Done, Handle};
pub(crate) use note::in_words;
pub use note::{Log, NoLog, Note, StopReason};
pub(crate) use report::command as outcome_command;
pub use report::{hash as body_hash, reference as body_reference};

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fondaco_domain::halt::Scope;
use fondaco_domain::task::{TaskCommand, TaskKind};
use fondaco_domain::{RunId, WorkerId};

use crate::ports::Store;
use crate::ports::exec::{AttemptId, Executor, Outcome};
use crate::ports::machine::Machine;
use crate::ports::runs::{Held, Report, RunStoreError};
use crate::ports::workers::Worker;
use attempt::Attempt;
use begin::Specs;
use gate::Gate;
use halting::Latches;
use turn::Clockwork;
pub(crate) use turn::is_the_end;

/// How a runner works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long a task is held without a sign of life: [`LEASE`], or
    /// [`TRADING_LEASE`].
    pub lease: Duration,
    /// The store is asked at least so often: what the loss of a notice costs.
    pub poll: Duration,
    /// Attempts at a time.
    pub slots: usize,
    /// The lines it takes from.
    pub queues: Vec<String>,
    /// What it takes.
    pub kinds: Vec<TaskKind>,
    /// Only tasks of this run, where given.
    pub run: Option<RunId>,
    /// Written into the events it leads to.
    pub actor: String,
}

/// The usual lease.
pub const LEASE: Duration = Duration::from_secs(30);

/// The lease of live trading.
pub const TRADING_LEASE: Duration = Duration::from_secs(10);

impl Settings {
    /// Everything of the default queue, one at a time.
    pub fn new(actor: impl Into<String>) -> Self {
        Self {
            lease: LEASE,
            poll: Duration::from_secs(1),
            slots: 1,
            queues: vec![fondaco_domain::run::DEFAULT.to_owned()],
            kinds: TaskKind::ALL.to_vec(),
            run: None,
            actor: actor.into(),
        }
    }
}

/// The process that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// The machine it is on.
    pub host: String,
    /// Its number there.
    pub pid: u32,
    /// When it started, as the machine counts; empty where it does not say.
    pub pid_start: String,
    /// Version of the program.
    pub build: String,
}

/// An order to stop everything that needs no store: a file named `HALT`.
pub trait EmergencyStop: Send + Sync {
    /// Its text, while it is there. Asked at least ten times a second while
    /// anything runs.
    fn seen(&self) -> Option<String>;
}

impl<F: Fn() -> Option<String> + Send + Sync> EmergencyStop for F {
    fn seen(&self) -> Option<String> {
        self()
    }
}

/// What a runner needs from outside.
#[derive(Clone)]
pub struct Ports {
    /// Where runs are kept.
    pub store: Arc<dyn Store>,
    /// Where attempts run. Each rings `bell` when it has news.
    pub executors: Executors,
    /// Time and chance.
    pub machine: Arc<dyn Machine>,
    /// Wakes it.
    pub bell: Arc<Bell>,
    /// Stops it when nothing else answers.
    pub emergency: Arc<dyn EmergencyStop>,
    /// Where its notes go.
    pub log: Arc<dyn Log>,
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports")
            .field("executors", &self.executors)
            .finish_non_exhaustive()
    }
}

/// What one turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The next one is due after so long at the latest; a ring of the bell
    /// makes it due at once.
    pub wait: Duration,
    /// The same, but for the look at [`EmergencyStop`].
    pub due: Duration,
    /// Attempts under way.
    pub running: usize,
    /// It was told to drain, and has.
    pub done: bool,
}

/// A worker: one thread turns it.
pub struct Runner {
    ports: Ports,
    settings: Settings,
    worker: Worker,
    handle: Handle,
    /// What runs here, and counts.
    live: BTreeMap<AttemptId, Attempt>,
    /// What did not stop, and may still run.
    let_go: BTreeMap<AttemptId, Arc<[Scope]>>,
    /// What ended and is not a report yet: its output is still to be kept.
    ended: Vec<Ended>,
    /// Whose end is reported, and who is to hear that it was taken.
    unsettled: BTreeMap<AttemptId, Arc<dyn Executor>>,
    /// Not told yet, in order.
    reports: Vec<Report>,
    /// To be gone on with, once the store agrees.
    orphans: Vec<Held>,
    specs: Specs,
    latches: Latches,
    gate: Gate,
    clock: Clockwork,
}

/// An attempt that ended.
struct Ended {
    id: AttemptId,
    outcome: Outcome,
    executor: Arc<dyn Executor>,
}

impl Runner {
    /// A new worker, of which the store hears at the first turn.
    pub fn new(ports: Ports, settings: Settings, process: Process) -> Self {
        let id = ports.machine.worker_id();
        let now = ports.machine.wall();
        let worker = Worker {
            id,
            host: process.host,
            pid: process.pid,
            pid_start: process.pid_start,
            build: process.build,
            queues: settings.queues.clone(),
            kinds: settings.kinds.clone(),
            since: now,
            seen: now,
        };
        let handle = Handle::new(id, Arc::clone(&ports.bell));
        Self {
            ports,
            settings,
            worker,
            handle,
            live: BTreeMap::new(),
            let_go: BTreeMap::new(),
            ended: Vec::new(),
            unsettled: BTreeMap::new(),
            reports: Vec::new(),
            orphans: Vec::new(),
            specs: Specs::default(),
            latches: Latches::default(),
            gate: Gate::default(),
            clock: Clockwork::default(),
        }
    }

    /// The name it works under.
    pub fn worker(&self) -> WorkerId {
        self.worker.id
    }

    /// For orders and news from other threads.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Turns until it is told to drain and has. An error is one after which
    /// the store answers nothing more; what runs in other processes then runs
    /// on, and is found by the next worker of this machine.
    pub fn work(mut self) -> Result<(), RunStoreError> {
        let ended = loop {
            match self.turn() {
                Ok(turn) if turn.done => break Ok(()),
                Ok(turn) => self.ports.bell.wait(turn.wait),
                Err(error) => break Err(error),
            };
        };
        self.leave();
        ended
    }

    /// Takes it off the list of workers, where the store answers.
    pub fn leave(&mut self) {
        self.handle.close();
        if let Err(error) = self.ports.store.dismiss(self.worker.id) {
            self.ports.log.note(&Note::StoreFailed {
                error: in_words(&error),
                again_in: None,
            });
        }
    }

    fn report(&mut self, attempt: AttemptId, command: TaskCommand) {
        self.reports.push(Report {
            run: attempt.run,
            task: attempt.task,
            command,
        });
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("worker", &self.worker.id)
            .field("live", &self.live.keys())
            .finish_non_exhaustive()
    }
}
