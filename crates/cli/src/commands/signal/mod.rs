//! `fondaco signal`.

mod merge;

use clap::Subcommand;

use crate::context::Context;
use crate::errors::Failure;

/// Verbs of `fondaco signal`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Merge two lanes by hand.
    Merge(merge::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Merge(args) => merge::run(args, context),
    }
}
