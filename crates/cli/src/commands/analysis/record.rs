//! `fondaco analysis record`.

use std::path::PathBuf;

use fondaco_domain::{ErrorKind, Hint, RunId};
use fondaco_llm::recording_of;
use thiserror::Error;

use super::analyses;
use crate::commands::recording;
use crate::commands::run::OneRun;
use crate::context::Context;
use crate::errors::Failure;

/// Which, and where to.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fondaco analysis record 3f2a9c01d4e5 --to monday.jsonl\n\nA recording holds every question \
                  and answer of the run's nodes, and no key. `fondaco analyze … --replay FILE` gives the answers again."
)]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneRun,
    /// The new file.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// There is nothing to record.
#[derive(Debug, Error)]
#[error("no node of analysis {0} has been answered")]
struct Nothing(RunId);

impl Hint for Nothing {
    fn kind(&self) -> ErrorKind {
        ErrorKind::NotFound
    }

    fn hint(&self) -> Option<String> {
        Some(format!("see `fondaco analysis show {}`", self.0))
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (client, id) = args.one.open(context)?;
    let nodes = analyses(&client).nodes(id)?;
    let recording = recording_of(nodes.iter().filter_map(|node| node.report.as_ref()))?;
    if recording.is_empty() {
        return Err(Nothing(id).into());
    }
    let written = recording::write(&recording, &args.to)?;
    Ok(context.output.print(&written)?)
}
