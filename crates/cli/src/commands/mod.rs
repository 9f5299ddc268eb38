//! One folder per noun, one file per verb.
//!
//! `<noun>/mod.rs` holds `enum Command` with a variant per verb and
//! `run(command, context)`, which is one `match`. `<noun>/<verb>.rs` holds the
//! verb's `Args` (with an `Example:` in `after_help`, which a test parses) and
//! `run(args, context)`: parse, call `app` or an adapter, print a
//! [`View`](crate::output::View).

pub(crate) mod backtest;
pub(crate) mod data;
pub(crate) mod strategy;

use crate::cli::Noun;
use crate::context::Context;
use crate::errors::Failure;

/// Runs what the command line says.
pub(crate) fn run(noun: &Noun, context: &Context) -> Result<(), Failure> {
    match noun {
        Noun::Data(command) => data::run(command, context),
        Noun::Strategy(command) => strategy::run(command, context),
        Noun::Backtest(command) => backtest::run(command, context),
        Noun::Reference(args) => crate::reference::run(args),
    }
}
