//! A process that works: a runner, and the loops that keep runs going.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use fondaco_app::analysis::plan::AnalysisPlanner;
use fondaco_app::backtests::body::BacktestBody;
use fondaco_app::backtests::plan::BacktestPlanner;
use fondaco_app::ports::Store;
use fondaco_app::ports::exec::Executor;
use fondaco_app::ports::runs::{Notice, Notices, RunStoreError};
use fondaco_app::reaper::{PERIOD, Reaper, ReaperPorts, ReaperSettings};
use fondaco_app::runner::{Bell, Executors, Handle, LEASE, Log, Note, Ports, Process, Settings};
use fondaco_app::runs::Planners;
use fondaco_app::runs::workflow::Workflows;
use fondaco_app::scheduler::{Scheduler, SchedulerPorts};
use fondaco_app::simulation::plan::SimulationPlanner;
use fondaco_app::tasks::{Noop, Sleep};
use fondaco_domain::run::{Run, RunKind};
use fondaco_domain::schedule::TimingError;
use fondaco_domain::task::TaskKind;
use fondaco_domain::{ErrorKind, Hint, RunId, WorkerId};
use fondaco_exec::{Bodies, Inline, Local, local, process};
use thiserror::Error;

use super::crew::{self, Crew};
use super::emergency::HaltFile;
use super::interrupts::Listening;
use super::loops::{Loop, every};
use super::{Client, analysis, simulation};
use crate::commands::backtest::workshop::Workshop;
use crate::context::Context;
use crate::env;
use crate::errors::{Failure, in_words};

/// What tasks do, in this program.
pub(crate) fn bodies(context: &Context) -> Bodies {
    let workshop = Workshop::of(context);
    Bodies::new()
        .with(TaskKind::Noop, Noop)
        .with(TaskKind::Sleep, Sleep)
        .with(
            TaskKind::Backtest,
            BacktestBody::new(workshop, context.threads()),
        )
}

/// How specs become tasks, in this program.
pub(crate) fn planners() -> Planners {
    Planners::default()
        .with(RunKind::Workflow, Arc::new(Workflows))
        .with(RunKind::Backtest, Arc::new(BacktestPlanner))
        .with(RunKind::Analysis, Arc::new(AnalysisPlanner))
        .with(RunKind::Simulation, Arc::new(SimulationPlanner))
}

/// Where attempts run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Short built-in tasks on threads, the others in processes of their own.
    Auto,
    /// All on threads of this process.
    Inline,
    /// All in processes of their own.
    Local,
}

/// Kinds that ask often whether they should stop, and may run on threads.
const ON_THREADS: [TaskKind; 2] = [TaskKind::Noop, TaskKind::Sleep];

/// How a host works.
#[derive(Clone)]
pub(crate) struct HostOptions {
    /// Attempts at a time.
    pub(crate) slots: NonZeroUsize,
    /// Beside them, nodes of analyses that wait for their models at a time.
    pub(crate) calls: usize,
    /// The lines it takes from.
    pub(crate) queues: Vec<String>,
    /// Only tasks of this run, where given.
    pub(crate) run: Option<RunId>,
    /// Where attempts run.
    pub(crate) place: Place,
    /// Threads of one attempt; zero for as many as there are.
    pub(crate) threads: usize,
    /// Whether the first signal stops what runs, and not the second only.
    pub(crate) at_once: bool,
    /// Where its notes go.
    pub(crate) log: Arc<dyn Log>,
}

/// Why a host does not work, or not any more.
#[derive(Debug, Error)]
pub(crate) enum HostError {
    /// The program does not know where it lies.
    #[error("cannot find this program on the disk")]
    Program(#[source] std::io::Error),
    /// A thread was refused.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
    /// The store answers nothing more.
    #[error(transparent)]
    Store(#[from] RunStoreError),
    /// A loop is gone.
    #[error("a thread of the worker has panicked")]
    Panicked,
    /// Somebody said to stop.
    #[error("interrupted: run {run} is {}", state.as_str())]
    Interrupted {
        /// The run that was waited for.
        run: RunId,
        /// Where it stands.
        state: fondaco_domain::run::RunState,
    },
}

impl Hint for HostError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Program(_) | Self::Panicked => ErrorKind::Internal,
            Self::Thread(_) => ErrorKind::Unavailable,
            Self::Store(error) => error.kind(),
            Self::Interrupted { .. } => ErrorKind::Cancelled,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint(),
            Self::Interrupted { run, .. } => Some(format!(
                "`fondaco worker` goes on with it, `fondaco run cancel {run}` ends it"
            )),
            _ => None,
        }
    }
}

/// A worker in this process: a runner with its executors, and what keeps the
/// runs of its store going. Signals drain it.
pub(crate) struct Host {
    workers: Vec<WorkerId>,
    /// In the order of `workers`.
    handles: Arc<[Handle]>,
    threads: Mutex<Option<Threads>>,
    _listening: Listening,
}

/// What works; gone once somebody has waited for its end.
struct Threads {
    crews: Vec<Crew>,
    loops: Vec<Loop>,
}

impl Host {
    /// Begins to work.
    pub(crate) fn start(
        client: &Client,
        context: &Context,
        options: HostOptions,
    ) -> Result<Self, Failure> {
        Self::start_with(client, context, options, bodies(context))
    }

    /// Begins to work, with other bodies of tasks on its threads.
    pub(crate) fn start_with(
        client: &Client,
        context: &Context,
        options: HostOptions,
        bodies: Bodies,
    ) -> Result<Self, Failure> {
        let lease = Context::lease()?;
        let bell = Arc::new(Bell::default());
        let ports = Ports {
            store: Arc::clone(&client.opened.store),
            executors: executors(context, &options, &bell, bodies)?,
            machine: client.machine.clone(),
            bell,
            emergency: Arc::new(HaltFile::of(context.home())),
            log: options.log,
        };
        let settings = Settings {
            lease: lease.unwrap_or(LEASE),
            slots: options.slots.get(),
            queues: options.queues,
            run: options.run,
            kinds: computing(),
            ..Settings::new("worker")
        };
        let reaping = ReaperSettings {
            lease: settings.lease,
            period: lease.map_or(PERIOD, |lease| (lease / 6).min(PERIOD)),
            ..ReaperSettings::new(this_process().host, "reaper")
        };
        let asking = asking(client, context, &ports, &settings, options.calls)?;
        let start =
            |(ports, settings)| Crew::start(client.store(), ports, settings, this_process());
        let crews = std::iter::once((ports.clone(), settings)).chain(asking);
        let crews: Vec<Crew> = crews.map(start).collect::<Result<_, _>>()?;
        let handles: Arc<[Handle]> = crews.iter().map(|crew| crew.handle.clone()).collect();
        let mut loops = vec![
            reap(client, &ports, reaping, &handles)?,
            schedule(client, &ports)?,
        ];
        if options.calls > 0 {
            loops.push(analysis::forget_journals(client, context, &ports.log)?);
        }
        let drains = Arc::clone(&handles);
        let at_once = options.at_once;
        let listening = Listening::start(move |_| {
            crew::drain(&drains);
            if at_once {
                crew::drain(&drains);
            }
        })?;
        Ok(Self {
            workers: crews.iter().map(|crew| crew.worker).collect(),
            handles,
            threads: Mutex::new(Some(Threads { crews, loops })),
            _listening: listening,
        })
    }

    /// The name it works under.
    pub(crate) fn worker(&self) -> WorkerId {
        self.workers[0]
    }

    /// The names of all its parts.
    pub(crate) fn workers(&self) -> &[WorkerId] {
        &self.workers
    }

    /// To look at what it does.
    pub(crate) fn handle(&self) -> Handle {
        self.handles[0].clone()
    }

    /// Whether it works no more: a part of it that is over is the end of all.
    pub(crate) fn is_over(&self) -> bool {
        let threads = self.threads();
        let over = threads
            .as_ref()
            .is_none_or(|threads| threads.crews.iter().any(Crew::is_over));
        if over {
            crew::drain(&self.handles);
        }
        over
    }

    /// Waits for a run to end, here or wherever else it is worked on, and shows
    /// it at each look where it has not. A host that is over first, because
    /// somebody said so, is [`HostError::Interrupted`]: the run goes on with
    /// another one.
    pub(crate) fn until_ended(
        &self,
        store: &dyn Store,
        run: RunId,
        on_look: &mut dyn FnMut(&Run),
    ) -> Result<Run, HostError> {
        let mut notices = store.subscribe()?;
        loop {
            // Asked before the run is looked at: what a host did that is over
            // now has been written.
            let over = self.is_over();
            let seen = store.run(run)?;
            if seen.state.is_terminal() {
                return Ok(seen);
            }
            if over {
                self.join()?;
                let state = seen.state;
                return Err(HostError::Interrupted { run, state });
            }
            on_look(&seen);
            wait_for_news(&mut *notices, run);
        }
    }

    /// Takes nothing more, finishes what runs, and ends.
    pub(crate) fn shutdown(self) -> Result<(), Failure> {
        self.drain();
        Ok(self.join()?)
    }

    /// Waits until it works no more. How it ended is told once.
    pub(crate) fn join(&self) -> Result<(), HostError> {
        let Some(Threads { crews, loops }) = self.threads().take() else {
            return Ok(());
        };
        let ends: Vec<_> = crews.into_iter().map(Crew::join).collect();
        drop(loops);
        ends.into_iter().collect()
    }

    fn threads(&self) -> MutexGuard<'_, Option<Threads>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Orders it to take nothing more.
    pub(crate) fn drain(&self) {
        crew::drain(&self.handles);
    }
}

/// Between two looks at a run that is waited for: notices may get lost.
const NEWS: Duration = Duration::from_millis(200);

/// Notices that are one look at most.
const BURST: usize = 64;

/// Any notice may be about the run; a burst of them is one look.
fn wait_for_news(notices: &mut dyn Notices, id: RunId) {
    let mut notice = notices.wait(NEWS);
    for _ in 0..BURST {
        match notice {
            None => return,
            Some(Notice::Ended { run, .. }) if run == id => return,
            Some(_) => notice = notices.wait(Duration::ZERO),
        }
    }
}

/// Kinds of tasks that wait for others and compute little: many at a time, on
/// threads.
const ASKING: [TaskKind; 2] = [TaskKind::Analysis, TaskKind::ModelDay];

/// All other kinds.
fn computing() -> Vec<TaskKind> {
    let kinds = TaskKind::ALL.into_iter();
    kinds.filter(|kind| !ASKING.contains(kind)).collect()
}

/// What a second runner works with that takes what waits, where one is wanted.
fn asking(
    client: &Client,
    context: &Context,
    ports: &Ports,
    settings: &Settings,
    calls: usize,
) -> Result<Option<(Ports, Settings)>, Failure> {
    let Some(places) = NonZeroUsize::new(calls) else {
        return Ok(None);
    };
    let bell = Arc::new(Bell::default());
    let rings = Arc::clone(&bell);
    let bodies = Bodies::new()
        .with(TaskKind::Analysis, analysis::body(client, context)?)
        .with(TaskKind::ModelDay, simulation::body(client, context)?);
    let threads = Inline::new(bodies, places, Arc::new(move || rings.ring()));
    let ports = Ports {
        executors: Executors::default().with(Arc::new(threads), ASKING),
        bell,
        ..ports.clone()
    };
    let settings = Settings {
        slots: calls,
        kinds: ASKING.to_vec(),
        ..settings.clone()
    };
    Ok(Some((ports, settings)))
}

/// What nobody else does in time. Its end is the end of the worker.
fn reap(
    client: &Client,
    ports: &Ports,
    settings: ReaperSettings,
    handles: &Arc<[Handle]>,
) -> Result<Loop, HostError> {
    let adopts = handles[0].clone();
    let mut reaper = Reaper::new(
        ReaperPorts {
            store: Arc::clone(&ports.store),
            executors: ports.executors.clone(),
            machine: Arc::clone(&ports.machine),
            alive: Arc::new(process::lives),
            adopt: Arc::new(move |held| adopts.adopt(held)),
            plan: client.planning(),
            log: Arc::clone(&ports.log),
        },
        settings,
    );
    let over = Arc::clone(handles);
    every("reaper", &ports.log, move || {
        reaper.turn().inspect_err(|_| crew::drain(&over))
    })
}

/// Submits the runs of schedules.
fn schedule(client: &Client, ports: &Ports) -> Result<Loop, HostError> {
    let mut scheduler = Scheduler::new(
        SchedulerPorts {
            store: Arc::clone(&ports.store),
            machine: Arc::clone(&ports.machine),
            plan: client.planning(),
        },
        "scheduler",
    );
    let mut faults = Faults::default();
    let log = Arc::clone(&ports.log);
    every("scheduler", &ports.log, move || {
        let round = scheduler.turn()?;
        faults.tell(round.faults, &*log);
        // A schedule that was added is heard of by nobody: look often.
        Ok(round.wait.min(LOOK))
    })
}

/// Schedules that can never fire as they are, by name.
#[derive(Default)]
struct Faults(BTreeMap<String, String>);

impl Faults {
    /// Tells each once, and again when it is another.
    fn tell(&mut self, found: Vec<(String, TimingError)>, log: &dyn Log) {
        let found = found
            .into_iter()
            .map(|(schedule, error)| (schedule, in_words(&error)));
        let known = std::mem::replace(&mut self.0, found.collect());
        for (schedule, error) in &self.0 {
            if known.get(schedule) != Some(error) {
                log.note(&Note::CannotFire {
                    schedule: schedule.clone(),
                    error: error.clone(),
                });
            }
        }
    }
}

/// Between two looks of the scheduler.
const LOOK: Duration = Duration::from_secs(1);

fn executors(
    context: &Context,
    options: &HostOptions,
    bell: &Arc<Bell>,
    bodies: Bodies,
) -> Result<Executors, Failure> {
    let ring = || {
        let bell = Arc::clone(bell);
        Arc::new(move || bell.ring()) as fondaco_exec::Ring
    };
    let program = std::env::current_exe().map_err(HostError::Program)?;
    let mut settings = local::Settings::new(program, context.home());
    // They are told all they need: a file of settings that somebody changes
    // meanwhile is not theirs to judge.
    settings.words = vec![
        "--home".into(),
        context.home().into(),
        "--config".into(),
        "/dev/null".into(),
    ];
    settings.environment = [env::NOW]
        .into_iter()
        .filter_map(|name| Some((name.into(), std::env::var_os(name)?)))
        .collect();
    if options.threads > 0 {
        let threads = options.threads.to_string();
        settings
            .environment
            .push((env::THREADS.into(), threads.into()));
    }
    let children: Arc<dyn Executor> = Arc::new(Local::open(settings, ring())?);
    let kinds: Vec<TaskKind> = bodies.kinds().collect();
    let all = kinds.clone();
    let executors = Executors::default().with(children, kinds);
    let threads: Arc<dyn Executor> = Arc::new(Inline::new(bodies, options.slots, ring()));
    Ok(match options.place {
        Place::Auto => executors.with(threads, ON_THREADS),
        Place::Inline => executors.with(threads, all),
        Place::Local => executors.with(threads, []),
    })
}

/// The name of this machine, as its workers enlist it.
pub(crate) fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

fn this_process() -> Process {
    Process {
        host: host_name(),
        pid: std::process::id(),
        pid_start: process::own_start(),
        build: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

pub(super) fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, HostError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(HostError::Thread)
}
