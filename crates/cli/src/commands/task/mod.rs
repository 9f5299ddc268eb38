//! `fondaco task`: the child's side of a worker, for programs only.

mod run;

use clap::Subcommand;

use crate::context::Context;
use crate::errors::Failure;

/// Verbs of `fondaco task`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Do what the folder of an attempt says, and write there how it ended.
    Run(run::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::run(args, context),
    }
}
