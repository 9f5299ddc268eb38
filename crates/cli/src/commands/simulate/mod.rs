//! `fondaco simulate`: models that trade day by day.

mod list;
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
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Status(args) => status::run(args, context),
        Command::Results(args) => results::run(args, context),
        Command::Show(args) => show::run(args, context),
    }
}

fn simulations(client: &Client) -> Simulations<'_> {
    Simulations {
        runs: client.runs(),
    }
}
