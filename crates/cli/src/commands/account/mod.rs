//! `fondaco account`.

mod add;
mod list;
mod remove;

use clap::Subcommand;
use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};

/// Verbs of `fondaco account`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make an account that positions can be noted under.
    Add(add::Args),
    /// The accounts.
    #[command(visible_alias = "ls")]
    List(list::Args),
    /// Remove an account that has no positions.
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

/// One that was added or removed.
#[derive(Debug, Serialize)]
struct Changed {
    account_name: String,
    #[serde(skip)]
    done: &'static str,
}

impl View for Changed {
    fn text(&self, style: Style) -> String {
        format!("account {} {}\n", style.bold(&self.account_name), self.done)
    }
}
