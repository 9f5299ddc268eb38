//! `fondaco data`.

pub(crate) mod bar;
mod check;
mod download;
mod export;
mod import;
mod list;
pub(crate) mod options;
pub(crate) mod prices;
mod show;

use clap::Subcommand;

use crate::context::Context;
use crate::errors::Failure;

/// Verbs of `fondaco data`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read files of candles into the store: all of them or none.
    Import(import::Args),
    /// What the store holds.
    #[command(visible_alias = "ls")]
    List(list::Args),
    /// The versions of data sets.
    Show(show::Args),
    /// Look for gaps, dirt and spikes in the store or in files.
    Check(check::Args),
    /// Write stored candles to a file others read.
    Export(export::Args),
    /// Fetch candles from an exchange or a price service, going on where the
    /// last run ended.
    Download(download::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Import(args) => import::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Show(args) => show::run(args, context),
        Command::Check(args) => check::run(args, context),
        Command::Export(args) => export::run(args, context),
        Command::Download(args) => download::run(args, context),
    }
}
