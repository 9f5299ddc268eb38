//! `fondaco trail`.

mod list;

use clap::Subcommand;

use crate::context::Context;
use crate::errors::Failure;

/// Verbs of `fondaco trail`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Every change of anything that is no run, the newest first.
    #[command(visible_alias = "ls")]
    List(list::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::List(args) => list::run(args, context),
    }
}
