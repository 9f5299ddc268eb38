//! `fondaco analysis`: analyses that were asked for.

mod list;
mod record;
mod show;
mod transcript;

use fondaco_app::analysis::shown::Analyses;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::Client;

/// What to do about analyses.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// The newest ones, and what came of them.
    List(list::Args),
    /// One as it stands: its decision, its lanes, what its nodes said.
    Show(show::Args),
    /// All that was said, as Markdown.
    Transcript(transcript::Args),
    /// Its questions and answers as a recording, to be replayed.
    Record(record::Args),
}

pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::List(args) => list::run(args, context),
        Command::Show(args) => show::run(args, context),
        Command::Transcript(args) => transcript::run(args, context),
        Command::Record(args) => record::run(args, context),
    }
}

fn analyses(client: &Client) -> Analyses<'_> {
    Analyses {
        runs: client.runs(),
    }
}
