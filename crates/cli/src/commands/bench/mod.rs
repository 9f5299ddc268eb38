//! `fondaco bench`.

mod listing;
mod measure;
mod runs;
mod work;

use clap::Subcommand;

use crate::context::Context;
use crate::errors::Failure;

/// Verbs of `fondaco bench`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Durable runs: commits, tasks, starts, large plans, a restart.
    Runs(runs::Args),
    /// Pages of a long list of runs, by each filter.
    Listing(listing::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Runs(args) => runs::run(args, context),
        Command::Listing(args) => listing::run(args, context),
    }
}
