//! `fondaco analysis show`.

use super::analyses;
use crate::commands::analyze::View;
use crate::commands::run::OneRun;
use crate::context::Context;
use crate::errors::Failure;

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco analysis show 3f2a9c01d4e5")]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneRun,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (client, id) = args.one.open(context)?;
    let shown = analyses(&client).show(id)?;
    Ok(context.output.print(&View::of(&shown))?)
}
