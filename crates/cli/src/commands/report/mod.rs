//! `fondaco report`.

mod export;
mod list;
mod show;

use clap::{Args, Subcommand};
use fondaco_app::reports::{self, Report, Which};
use fondaco_domain::{RunId, Symbol};
use jiff::civil::Date;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::Client;

/// Verbs of `fondaco report`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Days and tickers that have a report.
    #[command(visible_alias = "ls")]
    List(list::Args),
    /// Read a report.
    Show(show::Args),
    /// Write a report to a file: Markdown, one HTML page, PDF or CSV.
    Export(export::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::List(args) => list::run(args, context),
        Command::Show(args) => show::run(args, context),
        Command::Export(args) => export::run(args, context),
    }
}

/// Which report.
#[derive(Debug, Args)]
struct WhichArgs {
    /// The instrument.
    #[arg(value_name = "TICKER", required_unless_present = "run")]
    ticker: Option<Symbol>,
    /// The day.
    #[arg(value_name = "DATE", required_unless_present = "run")]
    date: Option<Date>,
    /// Of this run, whether it decided or not [default: the newest analysis
    /// that decided].
    #[arg(long, value_name = "RUN")]
    run: Option<RunId>,
}

impl WhichArgs {
    fn find(&self, client: &Client) -> Result<Report, Failure> {
        let store = client.store();
        if let (None, Some(ticker), Some(date)) = (self.run, &self.ticker, self.date) {
            return Ok(reports::find(
                store,
                &client.recommendations(),
                ticker,
                date,
            )?);
        }
        let wanted = Which {
            ticker: self.ticker.clone(),
            date: self.date,
        };
        // One of the two is there: the parser asks for it.
        match self.run {
            Some(run) => Ok(reports::of_run(store, run, &wanted)?),
            None => unreachable!("a ticker and a day, or a run"),
        }
    }
}
