//! `fondaco run resume`.

use super::{OneRun, RunShown};
use crate::context::Context;
use crate::errors::Failure;

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco run resume 3f2a9c01d4e5")]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneRun,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (client, id) = args.one.open(context)?;
    let run = client.runs().resume(id)?;
    Ok(context.output.print(&RunShown::of(&run))?)
}
