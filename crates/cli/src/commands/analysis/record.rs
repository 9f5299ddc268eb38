//! `fondaco analysis record`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use fondaco_domain::{ErrorKind, Hint, RunId};
use fondaco_llm::recording_of;
use serde::Serialize;
use thiserror::Error;

use super::analyses;
use crate::commands::run::OneRun;
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};

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

/// A recording that could not be written.
#[derive(Debug, Error)]
enum RecordError {
    /// A file where one is.
    #[error("{0} exists already")]
    Exists(String),
    /// The disk, or the folder.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: String,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// There is nothing in it.
    #[error("no node of analysis {0} has been answered")]
    Nothing(RunId),
}

impl Hint for RecordError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Exists(_) => ErrorKind::Conflict,
            Self::Write { .. } => ErrorKind::Storage,
            Self::Nothing(_) => ErrorKind::NotFound,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Exists(_) => Some("choose another name, or remove the file".to_owned()),
            Self::Write { .. } => None,
            Self::Nothing(run) => Some(format!("see `fondaco analysis show {run}`")),
        }
    }
}

/// A recording that was written.
#[derive(Debug, Serialize)]
struct Recorded {
    file: String,
    answers: usize,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (client, id) = args.one.open(context)?;
    let nodes = analyses(&client).nodes(id)?;
    let recording = recording_of(nodes.iter().filter_map(|node| node.report.as_ref()))?;
    if recording.is_empty() {
        return Err(RecordError::Nothing(id).into());
    }
    write(&args.to, &recording.to_bytes()?)?;
    Ok(context.output.print(&Recorded {
        file: args.to.display().to_string(),
        answers: recording.len(),
    })?)
}

/// A file that must be new, whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    let name = || path.display().to_string();
    let mut file = std::fs::File::create_new(path).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::AlreadyExists => RecordError::Exists(name()),
        _ => RecordError::Write {
            path: name(),
            cause,
        },
    })?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|cause| {
        // Half a recording must not look like a whole one.
        let _ = std::fs::remove_file(path);
        RecordError::Write {
            path: name(),
            cause,
        }
    })
}

impl View for Recorded {
    fn text(&self, _style: Style) -> String {
        format!("{} answers in {}\n", self.answers, self.file)
    }
}
