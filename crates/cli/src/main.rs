//! The `fondaco` program: words in, words out.
//!
//! It reads the command line ([`cli`]), resolves what a command runs in
//! ([`context`]) and hands over to one file per verb ([`commands`]). It is the
//! composition root: the only place that names concrete adapters, reads the
//! environment ([`env`]) and prints ([`output`]).

mod cli;
mod commands;
mod context;
mod deployment;
mod env;
mod errors;
mod host;
mod logs;
mod output;
mod process;
mod progress;
mod reference;
mod settings;
mod table;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, OutputMode};
use crate::context::Context;
use crate::errors::Failure;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli.settled(),
        Err(refusal) => return errors::usage(&refusal, requested_output()),
    };
    let output = cli.globals.output;
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => errors::report(&failure, output),
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    let context = Context::resolve(&cli.globals)?;
    host::exit_on_interrupt()?;
    commands::run(&cli.command, &context)
}

/// The output mode of a command line that does not parse, so that a program
/// which asked for JSON also gets its refusal as JSON.
fn requested_output() -> OutputMode {
    let words: Vec<String> = std::env::args().collect();
    let asked = words
        .windows(2)
        .any(|pair| pair[0] == "--output" && pair[1] == "json")
        || words.iter().any(|word| word == "--output=json")
        || std::env::var(env::OUTPUT).is_ok_and(|value| value == "json");
    if asked {
        OutputMode::Json
    } else {
        OutputMode::Text
    }
}
