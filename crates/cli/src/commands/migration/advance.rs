//! `fondaco migration advance`.

use fondaco_app::migration::{Forced, Gate, Phase};

use super::{Stepped, phase};
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs, migration};

/// Options.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco migration advance\n  fondaco migration advance --force --reason \"a \
                        drill on a copy\""
)]
pub(crate) struct Args {
    /// The phase it is to be in then: the next one, or the one it is in to
    /// set its flags once more.
    #[arg(long, value_name = "PHASE", value_parser = phase)]
    to: Option<Phase>,
    /// Although the gate is closed.
    #[arg(long, requires = "reason")]
    force: bool,
    /// Why: kept with the step.
    #[arg(long, value_name = "TEXT", requires = "force")]
    reason: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let migration = migration(&client, context)?;
    let forced = args.reason.clone().filter(|_| args.force).map(Forced);
    let gate = Gate::default();
    let phase = migration.advance(client.actor(), args.to, &gate, forced.as_ref())?;
    Ok(context.output.print(&Stepped::to(phase))?)
}
