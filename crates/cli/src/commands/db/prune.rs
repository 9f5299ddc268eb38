//! `fondaco db prune`.

use std::fmt::Write as _;
use std::time::Duration;

use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::runs::RunStoreError;
use fondaco_app::retention::{Keep, prospect, step};
use fondaco_domain::{RunId, UnixMicros};
use serde::Serialize;

use crate::commands::run::duration;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// What stays.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco db prune --dry-run\n  fondaco db prune --older-than 90d --keep 100\n\nRuns \
                  that have not ended stay, halted ones among them, and so does a run that an open one takes up \
                  again. What is removed is gone: take it out with `fondaco db export` before."
)]
pub(crate) struct Args {
    /// Remove runs that ended longer ago than this, such as 12h or 90d.
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = duration)]
    older_than: Duration,
    /// The last ended runs of each kind stay, so many, however old.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    keep: usize,
    /// Remove nothing, and say what would go.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// Runs that one step removes at most.
const STEP: usize = 100;

/// What went, or would go.
#[derive(Debug, Serialize)]
struct Pruned {
    dry_run: bool,
    /// Runs that ended before this went.
    before: String,
    count: usize,
    runs: Vec<RunId>,
    /// Old enough, but an open run takes them up again.
    taken_up: Vec<RunId>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let keep = Keep {
        younger_than: args.older_than,
        last: args.keep,
    };
    let now = client.machine.wall();
    let found = prospect(client.store(), keep, now)?;
    let runs = if args.dry_run {
        found.go
    } else {
        remove(&client, keep, now, found.go.len(), context)?
    };
    let age = i64::try_from(args.older_than.as_micros()).unwrap_or(i64::MAX);
    Ok(context.output.print(&Pruned {
        dry_run: args.dry_run,
        before: UnixMicros(now.0.saturating_sub(age)).to_string(),
        count: runs.len(),
        runs,
        taken_up: found.taken_up,
    })?)
}

/// In small steps: others write in between.
fn remove(
    client: &Client,
    keep: Keep,
    now: UnixMicros,
    expected: usize,
    context: &Context,
) -> Result<Vec<RunId>, RunStoreError> {
    let progress = context.progress(expected as u64, "runs");
    let mut gone = Vec::with_capacity(expected);
    loop {
        let removed = step(client.store(), keep, now, STEP)?;
        gone.extend(removed.runs);
        progress.set(gone.len() as u64);
        if !removed.more {
            return Ok(gone);
        }
    }
}

impl View for Pruned {
    fn text(&self, style: Style) -> String {
        let what = if self.dry_run { "would go" } else { "removed" };
        let mut text = format!(
            "{} {} that ended before {}\n",
            style.dim(what),
            runs(self.count),
            self.before
        );
        if !self.taken_up.is_empty() {
            let _ = writeln!(
                text,
                "{} {}, which an open run takes up again",
                style.dim("kept"),
                runs(self.taken_up.len())
            );
        }
        text
    }
}

fn runs(count: usize) -> String {
    match count {
        1 => "1 run".to_owned(),
        count => format!("{count} runs"),
    }
}
