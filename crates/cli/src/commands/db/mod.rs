//! `fondaco db`.

mod check;
mod export;
mod migrate;
mod prune;

use clap::Subcommand;
use fondaco_app::ports::runs::Vitals;
use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;
use crate::output::Style;

/// Verbs of `fondaco db`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring the store of runs to the schema of this program.
    Migrate(migrate::Args),
    /// Compare every run with its events, and the file with itself.
    Check(check::Args),
    /// Write everything as JSON lines.
    Export(export::Args),
    /// Remove runs that ended long ago.
    Prune(prune::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Migrate(args) => migrate::run(args, context),
        Command::Check(args) => check::run(args, context),
        Command::Export(args) => export::run(args, context),
        Command::Prune(args) => prune::run(args, context),
    }
}

/// What a store is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct StoreShown {
    place: String,
    engine: String,
    access: String,
    schema: i64,
    bytes: Option<u64>,
}

impl StoreShown {
    pub(crate) fn of(vitals: &Vitals) -> Self {
        Self {
            place: vitals.place.clone(),
            engine: vitals.engine.clone(),
            access: vitals.access.clone(),
            schema: vitals.schema,
            bytes: vitals.bytes,
        }
    }

    pub(crate) fn line(&self, style: Style) -> String {
        format!(
            "{}  {}, schema {}, {}\n",
            style.bold(&self.place),
            self.engine,
            self.schema,
            self.access
        )
    }
}
