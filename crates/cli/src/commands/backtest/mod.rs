//! `fondaco backtest`.

mod compare;
mod durable;
mod format;
mod inputs;
mod list;
mod pin;
mod realism;
mod report;
mod run;
mod show;
pub(crate) mod workshop;

use clap::Subcommand;
use fondaco_store::Results;

use crate::context::Context;
use crate::errors::Failure;

/// Verbs of `fondaco backtest`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Walk candles with a strategy and keep the result.
    Run(Box<run::Args>),
    /// The results that are kept.
    #[command(visible_alias = "ls")]
    List(list::Args),
    /// One result: its figures, or one of its tables.
    Show(show::Args),
    /// Several results side by side.
    Compare(compare::Args),
    /// The HTML report of a result.
    Report(report::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Show(args) => show::run(args, context),
        Command::Compare(args) => compare::run(args, context),
        Command::Report(args) => report::run(args, context),
    }
}

/// Where results are kept.
pub(crate) fn results(context: &Context) -> Results {
    Results::at(context.home().join("backtests"))
}
