//! `fondaco simulate record`.

use std::path::PathBuf;

use fondaco_app::simulation::record::Recorder;
use fondaco_app::tools::Toolbox;
use fondaco_domain::{ErrorKind, Hint, RunId};
use fondaco_llm::Recording;
use thiserror::Error;

use super::simulations;
use crate::commands::recording;
use crate::commands::run::OneRun;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::models;
use crate::host::simulation::Shelves;

/// Which, and where to.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fondaco simulate record 3f2a9c01d4e5 --out spring.jsonl\n\nA recording holds every question \
                  and answer of the run's days, and no key. `fondaco simulate run … --replay FILE` does the same days again \
                  where models, settings and candles are the same; where a question differs, the day fails as \
                  `not_recorded` and orders nothing."
)]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneRun,
    /// The new file [default: simulation-RUN.jsonl].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// There is nothing to record.
#[derive(Debug, Error)]
#[error("no day of simulation {0} has an answer")]
struct Nothing(RunId);

impl Hint for Nothing {
    fn kind(&self) -> ErrorKind {
        ErrorKind::NotFound
    }

    fn hint(&self) -> Option<String> {
        Some(format!("see `fondaco simulate status {}`", self.0))
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (client, id) = args.one.open(context)?;
    let shelves = Shelves::open(context)?;
    let desk = models::models(context, client.opened.store.clone(), client.machine.clone())?;
    let recorder = Recorder {
        simulations: simulations(&client),
        models: &desk,
        tools: &Toolbox::standard(shelves.candles.clone(), shelves.research.clone()),
    };
    let recording = Recording::default();
    recorder.each(id, &mut |one| {
        recording.add(&one.node, one.ordinal, &one.request, &one.completion)
    })?;
    if recording.is_empty() {
        return Err(Nothing(id).into());
    }
    let usual = || PathBuf::from(format!("simulation-{id}.jsonl"));
    let path = args.out.clone().unwrap_or_else(usual);
    let written = recording::write(&recording, &path)?;
    Ok(context.output.print(&written)?)
}
