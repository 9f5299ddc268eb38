//! `fondaco worker`.

use fondaco_app::roles::Role;

use super::roles::{self, LogArgs, WorkArgs};
use crate::context::Context;
use crate::errors::Failure;
use crate::process::{self, Wish};
use crate::settings::Settings;

/// What it takes, and how much at a time.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_value_name = "VERB",
    after_help = "Examples:\n  fondaco worker\n  fondaco worker --slots 4 --queue nightly --queue default\n  fondaco \
                  worker --once\n\nCtrl-C or SIGTERM: it takes nothing more, finishes what runs and ends with 0. A \
                  second one stops what runs and gives it back; a third ends the program at once."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    serve: ServeArgs,
}

/// What is done with a worker; without a verb it works.
#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Take tasks and do them, until told to stop.
    #[command(after_help = "Example:\n  fondaco worker serve --slots 4")]
    Serve(ServeArgs),
    /// Whether workers are on the list of the store, and were heard of.
    Health(roles::HealthArgs),
    /// What a worker is told, each value with who said it.
    #[command(after_help = "Example:\n  fondaco worker config --slots 4\n\nPasswords are masked.")]
    Config(ServeArgs),
    /// The version of the program.
    Version(roles::VersionArgs),
}

/// How a worker works.
#[derive(Debug, Clone, clap::Args)]
struct ServeArgs {
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    log: LogArgs,
    /// End when no run of its queues is left to do.
    #[arg(long)]
    once: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    match &args.verb {
        None => serve(&args.serve, context),
        Some(Verb::Serve(args)) => serve(args, context),
        Some(Verb::Health(args)) => roles::health(Role::Worker, args, context),
        Some(Verb::Config(args)) => roles::config(Role::Worker, &settings(args, context)?, context),
        Some(Verb::Version(args)) => roles::version(Role::Worker, args, context),
    }
}

/// What it is told, by flags, too.
fn settings(args: &ServeArgs, context: &Context) -> Result<Settings, Failure> {
    let mut settings = context.settings()?;
    args.work.over(&mut settings);
    args.log.over(&mut settings);
    Ok(settings)
}

fn serve(args: &ServeArgs, context: &Context) -> Result<(), Failure> {
    let settings = settings(args, context)?;
    roles::start_log(&settings, context)?;
    let wish = Wish {
        roles: vec![Role::Worker],
        settings,
        once: args.once,
        generation: None,
        up: None,
        log: None,
    };
    process::run(wish, context, &mut |_| Ok(()))
}
