//! `fondaco db check`.

use std::fmt::Write as _;

use fondaco_app::ports::runs::RunQuery;
use fondaco_domain::{ErrorKind, Hint};
use serde::Serialize;
use thiserror::Error;

use super::StoreShown;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco db check")]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,
}

/// What was looked at.
#[derive(Debug, Serialize)]
struct Checked {
    store: StoreShown,
    runs: usize,
    problems: Vec<String>,
}

/// Something is wrong.
#[derive(Debug, Error)]
#[error("the store of runs is damaged in {0} places")]
struct Damaged(usize);

impl Hint for Damaged {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Corrupt
    }

    fn hint(&self) -> Option<String> {
        Some("keep the file as it is, save what is there with `fondaco db export`, and start with a copy made before".into())
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let store = client.store();
    let vitals = store.vitals()?;
    let runs = store.runs(&RunQuery::default())?;
    let progress = context.progress(runs.len() as u64, "runs");
    let mut problems: Vec<String> = vitals.fault.iter().cloned().collect();
    for (index, run) in runs.iter().enumerate() {
        let found = store.check_run(run.id)?;
        problems.extend(found.iter().map(ToString::to_string));
        progress.set(index as u64 + 1);
    }
    drop(progress);
    let checked = Checked {
        store: StoreShown::of(&vitals),
        runs: runs.len(),
        problems,
    };
    context.output.print(&checked)?;
    match checked.problems.len() {
        0 => Ok(()),
        count => Err(Damaged(count).into()),
    }
}

impl View for Checked {
    fn text(&self, style: Style) -> String {
        let mut text = self.store.line(style);
        let runs = match self.runs {
            1 => "1 run".to_owned(),
            count => format!("{count} runs"),
        };
        if self.problems.is_empty() {
            return text + &format!("{runs}: rows and events agree\n");
        }
        for problem in &self.problems {
            let _ = writeln!(text, "{} {problem}", style.bad("wrong"));
        }
        text
    }
}
