//! `fondaco migration`.

mod advance;
mod diff;
mod import;
mod playbook;
mod rollback;
mod status;

use clap::Subcommand;
use fondaco_app::migration::Phase;
use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};

/// Verbs of `fondaco migration`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The phase, the flags, the triggers, and whether the next gate is open.
    Status(status::Args),
    /// One phase forward, where its gate is open.
    Advance(advance::Args),
    /// One phase back, always.
    Rollback(rollback::Args),
    /// What to do when it goes wrong, with the flags as they are.
    Playbook(playbook::Args),
    /// What the two stores said differently.
    Diff(diff::Args),
    /// Take over watchlist and positions of the legacy folder.
    Import(import::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Status(args) => status::run(args, context),
        Command::Advance(args) => advance::run(args, context),
        Command::Rollback(args) => rollback::run(args, context),
        Command::Playbook(args) => playbook::run(args, context),
        Command::Diff(args) => diff::run(args, context),
        Command::Import(args) => import::run(args, context),
    }
}

/// A phase, from its number.
fn phase(text: &str) -> Result<Phase, String> {
    let number = text.parse().ok().and_then(Phase::of_number);
    number.ok_or_else(|| "a phase is a number from 0 to 5".to_owned())
}

/// The phase after a step.
#[derive(Debug, Serialize)]
struct Stepped {
    phase: u8,
    title: &'static str,
}

impl Stepped {
    fn to(phase: Phase) -> Self {
        Self {
            phase: phase.number(),
            title: phase.title(),
        }
    }
}

impl View for Stepped {
    fn text(&self, _style: Style) -> String {
        format!("phase {} ({})\n", self.phase, self.title)
    }
}
