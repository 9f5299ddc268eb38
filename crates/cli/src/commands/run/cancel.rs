//! `fondaco run cancel`.

use super::{OneRun, RunShown};
use crate::context::Context;
use crate::errors::Failure;

/// Which, and why.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco run cancel 3f2a9c01d4e5 --reason \"wrong dates\"")]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneRun,
    /// Why: kept with the run.
    #[arg(long, value_name = "TEXT", default_value = "cancelled by hand")]
    reason: String,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (client, id) = args.one.open(context)?;
    let run = client.runs().cancel(id, &args.reason)?;
    Ok(context.output.print(&RunShown::of(&run))?)
}
