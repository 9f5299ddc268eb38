//! `fondaco strategy`.

mod check;
pub(crate) mod files;
mod list;
mod new;
mod put;
mod registered;
mod show;

use clap::Subcommand;

use crate::context::Context;
use crate::errors::Failure;

/// Verbs of `fondaco strategy`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a new strategy file to start from.
    New(new::Args),
    /// Check strategy files, and say what follows from them.
    Check(check::Args),
    /// List the strategies of a folder.
    List(list::Args),
    /// Show everything a strategy file says.
    Show(show::Args),
    /// Put a strategy file under its name, as a version that stays.
    Put(put::Args),
    /// The strategies that were put, or every version of one.
    Registered(registered::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::New(args) => new::run(args, context),
        Command::Check(args) => check::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Show(args) => show::run(args, context),
        Command::Put(args) => put::run(args, context),
        Command::Registered(args) => registered::run(args, context),
    }
}
