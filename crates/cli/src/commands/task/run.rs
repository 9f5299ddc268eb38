//! `fondaco task run`.
//!
//! Standard output and error are the log of the attempt, so nothing is printed
//! that is not worth reading there. How the task ended is in its folder and no
//! matter of the exit code, which only says whether that could be written.

use std::path::PathBuf;

use fondaco_exec::child;

use crate::context::Context;
use crate::errors::Failure;
use crate::host;

/// Which attempt.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fondaco task run tasks/0199aa10-0000-7000-8000-000000000000/0-0"
)]
pub(crate) struct Args {
    /// Its folder, made by a worker.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    child::run(&args.folder, &host::bodies(context))?;
    Ok(())
}
