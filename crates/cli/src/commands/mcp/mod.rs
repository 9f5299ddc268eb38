//! `fondaco mcp`.

mod door;
mod serve;

use clap::Subcommand;

use crate::context::Context;
use crate::errors::Failure;

/// Verbs of `fondaco mcp`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the tools to one program, or over HTTP to many.
    Serve(serve::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Serve(args) => serve::run(args, context),
    }
}
