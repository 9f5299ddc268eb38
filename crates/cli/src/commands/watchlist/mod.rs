//! `fondaco watchlist`.

mod add;
mod list;
mod remove;

use clap::Subcommand;
use fondaco_app::portfolio::Watched;
use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};

/// Verbs of `fondaco watchlist`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch an instrument.
    Add(add::Args),
    /// What is watched.
    #[command(visible_alias = "ls")]
    List(list::Args),
    /// Watch it no more.
    #[command(visible_alias = "rm")]
    Remove(remove::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Add(args) => add::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Remove(args) => remove::run(args, context),
    }
}

/// An instrument that is watched.
#[derive(Debug, Serialize)]
struct WatchedShown {
    ticker: String,
    name: String,
    added_at: String,
    added_by: String,
}

impl WatchedShown {
    fn of(one: Watched) -> Self {
        Self {
            ticker: one.ticker.to_string(),
            name: one.name,
            added_at: one.added_at.to_string(),
            added_by: one.added_by,
        }
    }
}

/// One that was added or removed.
#[derive(Debug, Serialize)]
struct Changed {
    #[serde(flatten)]
    watched: WatchedShown,
    #[serde(skip)]
    done: &'static str,
}

impl View for Changed {
    fn text(&self, style: Style) -> String {
        let Self { watched, done } = self;
        let ticker = style.bold(&watched.ticker);
        if watched.name == watched.ticker {
            format!("{ticker} {done}\n")
        } else {
            format!("{ticker} ({}) {done}\n", watched.name)
        }
    }
}
