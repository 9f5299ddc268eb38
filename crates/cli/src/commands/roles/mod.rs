//! `fondaco control`, `trading`, `news`, `runtime`, `gateway`: one role each,
//! with the same verbs.

mod health;

use std::num::NonZeroUsize;

use fondaco_app::roles::Role;
use serde::Serialize;

pub(crate) use health::{HealthArgs, Seen, ask, health};

use crate::cli::OutputMode;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::StoreArgs;
use crate::logs::{self, Lines};
use crate::output::{Style, View};
use crate::process::{self, ListenWord, Wish, listen_at};
use crate::settings::{ExecutorMode, LogFormat, LogLevel, Settings, Shown, keys};

/// What is done with a role.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Serve this role alone.
    Serve(ServeArgs),
    /// Whether it is well, by its own word.
    Health(HealthArgs),
    /// What it is told, each value with who said it.
    Config(ConfigArgs),
    /// The version of the program.
    Version(VersionArgs),
}

/// Where it listens.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco control serve\n  fondaco gateway serve --listen 127.0.0.1:0\n\nTasks are done by \
                  workers only: see `fondaco worker`. Several roles in one process: see `fondaco serve`."
)]
pub(crate) struct ServeArgs {
    /// Address to listen at; port 0 for a free one. Where other machines can
    /// reach it, everybody needs a key.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<ListenWord>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    log: LogArgs,
}

/// With these options, as `serve` takes them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco control config\n  fondaco trading config --listen 127.0.0.1:9001 --output json\n\n\
                  Passwords are masked."
)]
pub(crate) struct ConfigArgs {
    /// Address to listen at.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<ListenWord>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    log: LogArgs,
}

/// Takes no options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fondaco control version\n  fondaco worker version")]
pub(crate) struct VersionArgs {}

/// What is said of what happens.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct LogArgs {
    /// How much is said on standard error [default: info] [env: `LOG_LEVEL`].
    #[arg(long, value_enum, value_name = "LEVEL")]
    log_level: Option<LogLevel>,
    /// In which form [default: text, and json with --output json] [env:
    /// `FONDACO_LOG_FORMAT`].
    #[arg(long, value_enum, value_name = "FORM")]
    log_format: Option<LogFormat>,
}

/// What a process that works takes, and how.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct WorkArgs {
    /// Tasks at a time [default: the number of processors] [env:
    /// `FONDACO_WORKER_SLOTS`].
    #[arg(long, value_name = "NUMBER")]
    slots: Option<NonZeroUsize>,
    /// Queue to take from; may be given several times [default: default] [env:
    /// `FONDACO_WORKER_QUEUES`].
    #[arg(long = "queue", value_name = "NAME")]
    queues: Vec<String>,
    /// Where tasks run [default: auto] [env: `EXECUTOR_MODE`].
    #[arg(long, value_enum)]
    executor: Option<ExecutorMode>,
    #[command(flatten)]
    store: StoreArgs,
}

impl LogArgs {
    /// Puts what the command line says over the settings.
    pub(crate) fn over(&self, settings: &mut Settings) {
        let log = settings.log.clone();
        settings.log.level = log.level.or_flag(&keys::LOG_LEVEL, self.log_level);
        let format = self.log_format.map(Some);
        settings.log.format = log.format.or_flag(&keys::LOG_FORMAT, format);
    }
}

impl WorkArgs {
    /// Puts what the command line says over the settings.
    pub(crate) fn over(&self, settings: &mut Settings) {
        store_over(&self.store, settings);
        let worker = settings.worker.clone();
        let queues = (!self.queues.is_empty()).then(|| self.queues.clone());
        settings.worker.slots = worker.slots.or_flag(&keys::SLOTS, self.slots);
        settings.worker.queues = worker.queues.or_flag(&keys::QUEUES, queues);
        settings.worker.executor = worker.executor.or_flag(&keys::EXECUTOR, self.executor);
    }
}

fn store_over(args: &StoreArgs, settings: &mut Settings) {
    let store = settings.store.clone();
    settings.store = store.or_flag(&keys::STORE, args.flag());
}

/// From now on what happens is said on standard error.
pub(crate) fn start_log(settings: &Settings, context: &Context) -> Result<(), Failure> {
    Ok(logs::start(Lines {
        level: settings.log.level.value,
        format: log_format(settings, context),
        stderr: true,
        file: None,
    })?)
}

/// The form of lines, which is that of the command's output where nobody says
/// otherwise.
pub(crate) fn log_format(settings: &Settings, context: &Context) -> LogFormat {
    let usual = match context.output.mode() {
        OutputMode::Text => LogFormat::Text,
        OutputMode::Json => LogFormat::Json,
    };
    settings.log.format.value.unwrap_or(usual)
}

/// Does it.
pub(crate) fn run(role: Role, command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Serve(args) => serve(role, args, context),
        Command::Health(args) => health(role, args, context),
        Command::Config(args) => {
            let settings = settings(role, (args.listen, &args.store, &args.log), context)?;
            config(role, &settings, context)
        }
        Command::Version(args) => version(role, args, context),
    }
}

/// What one role is told, by flags, too.
fn settings(
    role: Role,
    (listen, store, log): (Option<ListenWord>, &StoreArgs, &LogArgs),
    context: &Context,
) -> Result<Settings, Failure> {
    let mut settings = context.settings()?;
    let listen: Vec<ListenWord> = listen.into_iter().collect();
    listen_at(&mut settings, &listen, &[role])?;
    store_over(store, &mut settings);
    log.over(&mut settings);
    Ok(settings)
}

fn serve(role: Role, args: &ServeArgs, context: &Context) -> Result<(), Failure> {
    let settings = settings(role, (args.listen, &args.store, &args.log), context)?;
    start_log(&settings, context)?;
    let wish = Wish {
        roles: vec![role],
        settings,
        once: false,
        generation: None,
        up: None,
        log: None,
    };
    process::run(wish, context, &mut |_| Ok(()))
}

/// Prints every value with who said it.
pub(crate) fn config(role: Role, settings: &Settings, context: &Context) -> Result<(), Failure> {
    let shown = Shown::of(settings, role);
    Ok(context.output.print(&shown.in_context(context))?)
}

/// Prints the version of the program.
pub(crate) fn version(role: Role, _: &VersionArgs, context: &Context) -> Result<(), Failure> {
    Ok(context.output.print(&Version {
        role: role.as_str(),
        version: env!("CARGO_PKG_VERSION"),
    })?)
}

#[derive(Debug, Serialize)]
struct Version {
    role: &'static str,
    version: &'static str,
}

impl View for Version {
    fn text(&self, _: Style) -> String {
        format!("fondaco-{} {}\n", self.role, self.version)
    }
}
