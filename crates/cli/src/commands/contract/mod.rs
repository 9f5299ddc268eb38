//! `fondaco contract`.

mod check;
mod known;

use clap::Subcommand;

use crate::context::Context;
use crate::errors::Failure;

/// Verbs of `fondaco contract`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Hold documents against the contract they follow.
    Check(check::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Check(args) => check::run(args, context),
    }
}
