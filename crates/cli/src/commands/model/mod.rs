//! `fondaco model`.

mod check;
mod list;

use clap::Subcommand;

use crate::context::Context;
use crate::errors::Failure;

/// Verbs of `fondaco model`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Every model that is told of: its provider and key, what it can do, what
    /// it costs.
    #[command(visible_alias = "ls")]
    List(list::Args),
    /// Ask a model for one word.
    Check(check::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::List(args) => list::run(args, context),
        Command::Check(args) => check::run(args, context),
    }
}
