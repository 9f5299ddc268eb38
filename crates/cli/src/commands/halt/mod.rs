//! `fondaco halt`.

mod clear;
mod drill;
mod set;
mod status;

use clap::Subcommand;
use fondaco_domain::halt::Scope;
use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, ids};

/// Verbs of `fondaco halt`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Order a stop: it holds from when this returns, until it is cleared.
    Set(set::Args),
    /// Allow everything again; halted runs wait for `run resume`.
    Clear(clear::Args),
    /// What is halted, and who has not obeyed yet.
    Status(status::Args),
    /// Practise: how long an order takes to reach the workers.
    Drill(drill::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Set(args) => set::run(args, context),
        Command::Clear(args) => clear::run(args, context),
        Command::Status(args) => status::run(args, context),
        Command::Drill(args) => drill::run(args, context),
    }
}

/// What scopes look like.
const SCOPES: &str = "global, tenant:NAME, kind:KIND, strategy:NAME, spec:HASH or run:ID";

/// Words that name no scope.
#[derive(Debug, Error)]
#[error("`{0}` is no scope")]
struct ScopeError(String);

impl Hint for ScopeError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some(format!("write {SCOPES}"))
    }
}

/// A scope; a run may be named by a part of its id.
fn scope(client: &Client, text: &str) -> Result<Scope, Failure> {
    if let Some(scope) = Scope::parse(text) {
        return Ok(scope);
    }
    match text.strip_prefix("run:") {
        Some(part) => Ok(Scope::Run(ids::resolve(client.store(), part)?)),
        None => Err(ScopeError(text.to_owned()).into()),
    }
}
