//! `fondaco run retry`.

use fondaco_app::ports::machine::Machine;

use super::OneRun;
use super::submit::{Accepted, OverrideArgs, key};
use crate::context::Context;
use crate::errors::Failure;

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco run retry 3f2a9c01d4e5")]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneRun,
    /// Name of this request: sent twice with the same name, it is one run.
    #[arg(long, value_name = "TEXT")]
    key: Option<String>,
    #[command(flatten)]
    overrides: OverrideArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (client, id) = args.one.open(context)?;
    let overrides = args.overrides.resolve(client.machine.wall());
    let submitted = client
        .runs()
        .retry(id, key(args.key.as_ref()), &overrides)?;
    let accepted = Accepted::of(&client, submitted.id, submitted.fresh)?;
    Ok(context.output.print(&accepted)?)
}
