//! `fondaco run`.

mod cancel;
mod events;
mod failure;
mod list;
mod project;
mod replay;
mod resume;
mod retry;
mod show;
mod shown;
mod submit;
mod tell;
mod watch;

use clap::{Args, Subcommand};
use fondaco_app::ports::runs::RunStoreError;
use fondaco_domain::RunId;
use fondaco_domain::run::{Run, RunState};
use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs, ids};

pub(crate) use show::alive;
pub(crate) use shown::{RunShown, short};
pub(crate) use submit::{OverrideArgs, duration, read_spec};

/// Verbs of `fondaco run`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Accept a run of a spec; workers do it.
    Submit(submit::Args),
    /// The runs, the newest first.
    #[command(visible_alias = "ls")]
    List(list::Args),
    /// One run: its tasks, and why those wait that do.
    Show(show::Args),
    /// Follow a run to its end.
    Watch(watch::Args),
    /// What happened to a run.
    Events(events::Args),
    /// End a run.
    Cancel(cancel::Args),
    /// Let a halted run go on.
    Resume(resume::Args),
    /// Do again what an ended run left undone.
    Retry(retry::Args),
    /// Do a run again from the beginning, or from a step.
    Replay(replay::Args),
    /// Tell runs in files again.
    Project(project::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Submit(args) => submit::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Show(args) => show::run(args, context),
        Command::Watch(args) => watch::run(args, context),
        Command::Events(args) => events::run(args, context),
        Command::Cancel(args) => cancel::run(args, context),
        Command::Resume(args) => resume::run(args, context),
        Command::Retry(args) => retry::run(args, context),
        Command::Replay(args) => replay::run(args, context),
        Command::Project(args) => project::run(args, context),
    }
}

/// A run that is there.
#[derive(Debug, Clone, Args)]
pub(crate) struct OneRun {
    /// Its id, or the beginning or the end of it.
    #[arg(value_name = "RUN")]
    run: String,
    #[command(flatten)]
    store: StoreArgs,
}

impl OneRun {
    pub(crate) fn open(&self, context: &Context) -> Result<(Client, RunId), Failure> {
        let client = Client::open(&self.store, context)?;
        let id = ids::resolve(client.store(), &self.run)?;
        Ok((client, id))
    }
}

/// A run that ended without what was wanted.
#[derive(Debug, Error)]
#[error("run {run} {}{}", ended(*.state), because(.reason.as_ref()))]
pub(crate) struct Unsuccessful {
    run: RunId,
    state: RunState,
    reason: Option<String>,
}

fn ended(state: RunState) -> &'static str {
    match state {
        RunState::Failed => "failed",
        RunState::Cancelled => "was cancelled",
        RunState::Partial => "is partial",
        RunState::Halted => "is halted",
        _ => "has not completed",
    }
}

fn because(reason: Option<&String>) -> String {
    reason.map_or(String::new(), |reason| format!(": {reason}"))
}

impl Hint for Unsuccessful {
    fn kind(&self) -> ErrorKind {
        match self.state {
            RunState::Cancelled => ErrorKind::Cancelled,
            _ => ErrorKind::Unsuccessful,
        }
    }

    fn hint(&self) -> Option<String> {
        let run = self.run;
        Some(match self.state {
            RunState::Halted => {
                format!("clear the halt, then `fondaco run resume {run}`")
            }
            _ => format!(
                "see why with `fondaco run show {run}`; `fondaco run retry {run}` does what is left"
            ),
        })
    }
}

/// The exit code says how a run ended.
pub(crate) fn outcome(run: &Run) -> Result<(), Unsuccessful> {
    if run.state == RunState::Completed {
        return Ok(());
    }
    Err(Unsuccessful {
        run: run.id,
        state: run.state,
        reason: run.reason.clone(),
    })
}

/// The run as the store has it.
fn stands(client: &Client, id: RunId) -> Result<RunShown, RunStoreError> {
    Ok(RunShown::of(&client.store().run(id)?))
}
