//! `fondaco halt set`.

use std::path::PathBuf;

use clap::ValueEnum;
use fondaco_app::halts;
use fondaco_domain::halt::{Halt, HaltMode};
use fondaco_domain::{ErrorKind, Hint};
use serde::Serialize;
use thiserror::Error;

use super::scope;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// What, how much, and why.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco halt set --scope global --mode halted --reason \"prices look wrong\"\n  \
                  fondaco halt set --scope strategy:sma-cross --mode drain --reason maintenance\n\nA file named HALT \
                  in the home does the same as a global halt when nothing else answers; its text is the reason."
)]
pub(crate) struct Args {
    /// What it covers: global, tenant:NAME, kind:KIND, strategy:NAME,
    /// spec:HASH or run:ID.
    #[arg(long, value_name = "SCOPE")]
    scope: String,
    /// What it forbids.
    #[arg(long, value_enum, default_value = "halted")]
    mode: ModeWord,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    store: StoreArgs,
}

/// A mode that forbids something.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModeWord {
    /// Orders that add exposure; tasks still start.
    Reducing,
    /// Starts; what runs may finish.
    Drain,
    /// Starts, and what runs is stopped; what it finishes still is kept.
    Halted,
    /// The same, and nothing that it finishes is kept.
    Killed,
}

/// A latch for people and programs.
#[derive(Debug, Serialize)]
pub(super) struct HaltShown {
    pub(super) scope: String,
    pub(super) mode: HaltMode,
    pub(super) epoch: u64,
    pub(super) reason: String,
    pub(super) actor: String,
    pub(super) since: String,
}

impl HaltShown {
    pub(super) fn of(halt: &Halt) -> Self {
        Self {
            scope: halt.scope.to_string(),
            mode: halt.mode,
            epoch: halt.epoch.0,
            reason: halt.reason.clone(),
            actor: halt.actor.clone(),
            since: halt.at.to_string(),
        }
    }

    /// `global is halted: …`, with the epoch and since when.
    pub(super) fn line(&self, style: Style) -> String {
        let mode = match self.mode {
            HaltMode::Active => style.good(self.mode.as_str()),
            _ => style.bad(self.mode.as_str()),
        };
        format!("{} is {mode}: {}\n", style.bold(&self.scope), self.reason)
            + &style.dim(&format!(
                "  epoch {}, {} by {}\n",
                self.epoch, self.since, self.actor
            ))
    }
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Set {
    halt: HaltShown,
    /// Runs that it stops now.
    runs_told: usize,
}

/// The store did not take it.
#[derive(Debug, Error)]
#[error("nothing is halted: {why}")]
struct NotSet {
    why: String,
    kind: ErrorKind,
    file: PathBuf,
}

impl Hint for NotSet {
    fn kind(&self) -> ErrorKind {
        self.kind
    }

    fn hint(&self) -> Option<String> {
        Some(format!(
            "write the reason into a file {}: every worker with that home stops",
            self.file.display()
        ))
    }
}

/// Who cannot reach the store is told what still helps.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    set(args, context).map_err(|failure| match failure.kind() {
        kind @ (ErrorKind::Unavailable | ErrorKind::Storage | ErrorKind::Corrupt) => NotSet {
            why: failure.in_words(),
            kind,
            file: crate::host::halt_file(context),
        }
        .into(),
        _ => failure,
    })
}

fn set(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let mode = match args.mode {
        ModeWord::Reducing => HaltMode::Reducing,
        ModeWord::Drain => HaltMode::Drain,
        ModeWord::Halted => HaltMode::Halted,
        ModeWord::Killed => HaltMode::Killed,
    };
    let order = (scope(&client, &args.scope)?, mode, args.reason.clone());
    let latched = halts::set(client.store(), &*client.machine, client.actor(), order)?;
    Ok(context.output.print(&Set {
        halt: HaltShown::of(&latched.halt),
        runs_told: latched.told,
    })?)
}

impl View for Set {
    fn text(&self, style: Style) -> String {
        let runs = match self.runs_told {
            0 => "no run was under way below it\n".to_owned(),
            1 => "1 run was told\n".to_owned(),
            count => format!("{count} runs were told\n"),
        };
        self.halt.line(style) + &runs + "see who has obeyed with `fondaco halt status`\n"
    }
}
