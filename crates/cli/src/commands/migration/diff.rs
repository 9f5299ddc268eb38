//! `fondaco migration diff`.

use std::fmt::Write as _;

use fondaco_app::migration::parity::Difference;
use fondaco_app::ports::machine::Machine;
use fondaco_domain::UnixMicros;
use serde::Serialize;
use serde_json::Value;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs, migration};
use crate::output::{Style, View};

/// Which.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco migration diff\n  fondaco migration diff --hours 24 --sweep"
)]
pub(crate) struct Args {
    /// Of the last hours; of all that is kept without it.
    #[arg(long, value_name = "NUMBER")]
    hours: Option<u32>,
    /// Of one task.
    #[arg(long, value_name = "TASK")]
    task: Option<String>,
    /// Compare all tasks first.
    #[arg(long)]
    sweep: bool,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Differences {
    /// The oldest first.
    differences: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    at: String,
    task: String,
    field: &'static str,
    new: Value,
    legacy: Value,
    seen: &'static str,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let migration = migration(&client, context)?;
    if args.sweep {
        migration.watch(client.actor())?;
    }
    let since = args.hours.map_or(UnixMicros(i64::MIN), |hours| {
        let micros = i64::from(hours) * 3_600_000_000;
        UnixMicros(client.machine.wall().0 - micros)
    });
    let found = migration.differences(since)?.into_iter();
    let wanted = |it: &Difference| args.task.as_ref().is_none_or(|task| *task == it.task);
    Ok(context.output.print(&Differences {
        differences: found.filter(wanted).map(Line::of).collect(),
    })?)
}

impl Line {
    fn of(it: Difference) -> Self {
        Self {
            at: it.at.to_string(),
            field: it.field.as_str(),
            seen: it.seen.as_str(),
            task: it.task,
            new: it.new,
            legacy: it.legacy,
        }
    }
}

impl View for Differences {
    fn text(&self, style: Style) -> String {
        if self.differences.is_empty() {
            return "no differences\n".to_owned();
        }
        let mut text = String::new();
        for it in &self.differences {
            let _ = writeln!(
                text,
                "{} {} {}: {} in the store, {} in the legacy files",
                style.dim(&it.at),
                it.task,
                it.field,
                it.new,
                it.legacy
            );
        }
        text
    }
}
