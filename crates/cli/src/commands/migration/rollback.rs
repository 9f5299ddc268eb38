//! `fondaco migration rollback`.

use fondaco_app::migration::Phase;

use super::{Stepped, phase};
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs, migration};

/// Options.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fondaco migration rollback --reason \"clients hear no progress\""
)]
pub(crate) struct Args {
    /// The phase it is to be in then: the one before, or the one it is in to
    /// set its flags once more.
    #[arg(long, value_name = "PHASE", value_parser = phase)]
    to: Option<Phase>,
    /// Why: kept with the step.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let migration = migration(&client, context)?;
    let phase = migration.rollback(client.actor(), args.to, args.reason.as_deref())?;
    Ok(context.output.print(&Stepped::to(phase))?)
}
