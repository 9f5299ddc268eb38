//! `fondaco strategy`.

use clap::Subcommand;

use crate::context::Context;
use crate::errors::Failure;

/// Verbs of `fondaco strategy`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {}

/// Runs one of them.
pub(crate) fn run(command: &Command, _context: &Context) -> Result<(), Failure> {
    match *command {}
}
