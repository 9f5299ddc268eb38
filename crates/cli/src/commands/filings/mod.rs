//! `fondaco filings`: what companies filed, paid out and split.

mod import;
mod list;
mod show;

use clap::Subcommand;

use crate::context::Context;
use crate::errors::Failure;

/// Verbs of `fondaco filings`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read files of filings, dividends and splits into the store.
    Import(import::Args),
    /// What the store holds, by company.
    #[command(visible_alias = "ls")]
    List(list::Args),
    /// What is known of one company.
    Show(show::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Import(args) => import::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Show(args) => show::run(args, context),
    }
}
