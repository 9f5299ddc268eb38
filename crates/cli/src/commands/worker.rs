//! `fondaco worker`.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::runs::RunQuery;
use fondaco_app::runner::{Bell, Log, Note};
use fondaco_domain::UnixMicros;
use fondaco_domain::run::{DEFAULT, RunState};
use serde::Serialize;

use crate::cli::OutputMode;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, Host, HostOptions, Place, StoreArgs, ThisMachine};
use crate::output;

/// What it takes, and how much at a time.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco worker\n  fondaco worker --slots 4 --queue nightly --queue default\n  fondaco \
                  worker --once\n\nCtrl-C or SIGTERM: it takes nothing more, finishes what runs and ends with 0. A \
                  second one stops what runs and gives it back; a third ends the program at once."
)]
pub(crate) struct Args {
    #[command(flatten)]
    work: WorkArgs,
    /// End when no run of its queues is left to do.
    #[arg(long)]
    once: bool,
}

/// What a process that works takes, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct WorkArgs {
    /// Tasks at a time [default: the number of processors].
    #[arg(long, value_name = "NUMBER")]
    slots: Option<NonZeroUsize>,
    /// Queue to take from; may be given several times.
    #[arg(long = "queue", value_name = "NAME", default_value = DEFAULT)]
    queues: Vec<String>,
    /// Where tasks run.
    #[arg(long, value_enum, default_value_t)]
    executor: Place,
    #[command(flatten)]
    store: StoreArgs,
}

/// How long `--once` waits between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// Between two looks whether the store knows of this worker.
const SOON: Duration = Duration::from_millis(5);

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let work = &args.work;
    let client = work.client(context)?;
    let log = Lines::of(context);
    let host = work.start(&client, context)?;
    let bell = Bell::default();
    log.say(
        "started",
        &format!(
            "worker {} takes {} at a time from {}",
            host.worker(),
            work.slots(),
            work.queues.join(", ")
        ),
    );
    let mut drained = false;
    while !host.is_over() {
        if args.once && !drained && is_idle(work, &client)? {
            host.drain();
            drained = true;
        }
        bell.wait(LOOK);
    }
    host.join()?;
    log.say("ended", &format!("worker {} has ended", host.worker()));
    Ok(())
}

impl WorkArgs {
    /// The store it works on.
    pub(super) fn client(&self, context: &Context) -> Result<Client, Failure> {
        Client::open(&self.store, context)
    }

    fn slots(&self) -> NonZeroUsize {
        self.slots.unwrap_or_else(processors)
    }

    /// A host that is on the list of workers.
    pub(super) fn start(&self, client: &Client, context: &Context) -> Result<Host, Failure> {
        let options = HostOptions {
            slots: self.slots(),
            queues: self.queues.clone(),
            run: None,
            place: self.executor,
            threads: context.threads(),
            at_once: false,
            log: Arc::new(Lines::of(context)),
        };
        let host = Host::start(client, context, options)?;
        let bell = Bell::default();
        while !host.is_over() && !is_listed(client, &host)? {
            bell.wait(SOON);
        }
        Ok(host)
    }
}

/// Whether others see this worker: who reads that it has started may count on
/// it.
fn is_listed(client: &Client, host: &Host) -> Result<bool, Failure> {
    let workers = client.store().workers()?;
    Ok(workers.iter().any(|worker| worker.id == host.worker()))
}

/// Whether no run of its queues can go on.
fn is_idle(args: &WorkArgs, client: &Client) -> Result<bool, Failure> {
    for queue in &args.queues {
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

fn processors() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Facts as lines on standard error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines {
    machine: ThisMachine,
    mode: OutputMode,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    at: String,
    fact: &'a str,
    message: &'a str,
}

impl Lines {
    pub(super) fn of(context: &Context) -> Self {
        Self {
            machine: ThisMachine::new(),
            mode: context.output.mode(),
        }
    }

    pub(super) fn say(&self, fact: &str, message: &str) {
        let at: UnixMicros = self.machine.wall();
        output::to_stderr(&match self.mode {
            OutputMode::Text => format!("{at}  {message}\n"),
            OutputMode::Json => output::json_line(&Line {
                at: at.to_string(),
                fact,
                message,
            }),
        });
    }
}

impl Log for Lines {
    fn note(&self, note: &Note) {
        let fact = match note {
            Note::StoreFailed { .. } => "store_failed",
            Note::StoreAnswers => "store_answers",
            Note::EmergencyStop { .. } => "emergency_stop",
            Note::Stopping { .. } => "stopping",
            Note::LetGo { .. } => "let_go",
            Note::Refused { .. } => "refused",
            Note::NotStarted { .. } => "not_started",
            Note::Reaped { .. } => "reaped",
            Note::Disagrees { .. } => "disagrees",
            Note::CannotFire { .. } => "cannot_fire",
        };
        self.say(fact, &note.to_string());
    }
}
