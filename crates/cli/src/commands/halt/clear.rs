//! `fondaco halt clear`.

use std::fmt::Write as _;

use fondaco_app::halts;
use fondaco_app::ports::runs::RunQuery;
use fondaco_domain::run::RunState;
use serde::Serialize;

use super::scope;
use super::set::HaltShown;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// What, and why.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fondaco halt clear --scope global --reason \"prices are right again\" --yes"
)]
pub(crate) struct Args {
    /// What it covers, as it was set.
    #[arg(long, value_name = "SCOPE")]
    scope: String,
    /// Why it is safe again.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The second confirmation: without it nothing is cleared.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Cleared {
    halt: HaltShown,
    /// Runs that wait to be resumed.
    halted_runs: usize,
    /// The file of that name is still there.
    halt_file: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let scope = scope(&client, &args.scope)?;
    let reason = args.reason.clone();
    let halt = halts::clear(
        client.store(),
        &*client.machine,
        client.actor(),
        scope.clone(),
        reason,
        args.yes,
    )?;
    let query = RunQuery {
        states: vec![RunState::Halting, RunState::Halted],
        ..RunQuery::default()
    };
    let halted = client.store().runs(&query)?;
    let below = halted.iter().filter(|run| run.scopes().contains(&scope));
    Ok(context.output.print(&Cleared {
        halt: HaltShown::of(&halt),
        halted_runs: below.count(),
        halt_file: crate::host::halt_file(context).exists(),
    })?)
}

impl View for Cleared {
    fn text(&self, style: Style) -> String {
        let mut text = self.halt.line(style);
        match self.halted_runs {
            0 => {}
            1 => text.push_str("1 halted run waits for `fondaco run resume`\n"),
            count => {
                let _ = writeln!(text, "{count} halted runs wait for `fondaco run resume`");
            }
        }
        if self.halt_file {
            text.push_str(
                "the file HALT is still there and will halt everything again: remove it\n",
            );
        }
        text
    }
}
