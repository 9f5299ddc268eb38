//! `fondaco simulate`: models that trade day by day.

mod import;
mod leaderboard;
mod list;
mod record;
mod replay_log;
mod report;
mod results;
mod run;
mod show;
mod status;

use fondaco_app::simulation::shown::Simulations;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::Client;

/// Verbs of `fondaco simulate`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Let models trade over a range of days.
    Run(Box<run::Args>),
    /// The newest simulations.
    #[command(visible_alias = "ls")]
    List(list::Args),
    /// How far one is, day by day.
    Status(status::Args),
    /// What came of one: models beside baselines.
    Results(results::Args),
    /// One day of one model: what it held, did and said.
    Show(show::Args),
    /// Write one as an HTML page that needs nothing else.
    Report(report::Args),
    /// Write down what models were asked and answered: a recording that is run
    /// again without them.
    Record(record::Args),
    /// Import the database of a model-day simulator.
    Import(import::Args),
    /// Models of one or several simulations in one order, baselines beside
    /// them.
    Leaderboard(leaderboard::Args),
    /// Run action logs of other programs through our ledger.
    ReplayLog(Box<replay_log::Args>),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Status(args) => status::run(args, context),
        Command::Results(args) => results::run(args, context),
        Command::Show(args) => show::run(args, context),
        Command::Report(args) => report::run(args, context),
        Command::Record(args) => record::run(args, context),
        Command::Import(args) => import::run(args, context),
        Command::Leaderboard(args) => leaderboard::run(args, context),
        Command::ReplayLog(args) => replay_log::run(args, context),
    }
}

fn simulations(client: &Client) -> Simulations<'_> {
    Simulations {
        runs: client.runs(),
    }
}
