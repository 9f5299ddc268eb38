//! `fondaco bench runs`.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use fondaco_domain::{ErrorKind, Hint};
use serde::Serialize;
use thiserror::Error;

use super::measure::{Latency, Memory, raw_sync};
use super::work::{self, Accepted, Restarted, Starts, Tasks, Transitions, Workflows};
use crate::commands::db::StoreShown;
use crate::commands::run::duration;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};
use crate::table::{Align, Table};

/// How much of what.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco bench runs\n  fondaco bench runs --clients 64 --batch 1 --time 10s --part \
                  transitions\n\nWithout --store it uses a new store in the folder `bench` of the home, and removes it."
)]
pub(crate) struct Args {
    /// Clients that claim and complete at the same time.
    #[arg(long, value_name = "NUMBER", default_value = "64")]
    pub(super) clients: NonZeroUsize,
    /// Tasks that a client claims at a time.
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    pub(super) batch: NonZeroUsize,
    /// How long the clients go on.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub(super) time: Duration,
    /// Tasks that a worker does.
    #[arg(long, value_name = "NUMBER", default_value = "10000")]
    pub(super) tasks: NonZeroUsize,
    /// Tasks of the large plan.
    #[arg(long, value_name = "NUMBER", default_value = "100000")]
    pub(super) large: NonZeroUsize,
    /// Runs that are submitted one by one.
    #[arg(long, value_name = "NUMBER", default_value = "200")]
    pub(super) starts: NonZeroUsize,
    /// Only these parts.
    #[arg(long = "part", value_enum, value_delimiter = ',')]
    parts: Vec<Part>,
    #[command(flatten)]
    store: StoreArgs,
}

/// A part of the measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Claims and completions by many clients.
    Transitions,
    /// Tasks that do nothing, by a worker.
    Tasks,
    /// From a submission to the start of its task.
    Starts,
    /// Workflows of three steps, by many clients and a worker.
    Workflows,
    /// A large plan, and opening the store with all of it open.
    Large,
}

/// The folder for it.
#[derive(Debug, Error)]
#[error("cannot use {}", .path.display())]
pub(super) struct FolderError {
    pub(super) path: PathBuf,
    #[source]
    pub(super) source: std::io::Error,
}

impl Hint for FolderError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Storage
    }
}

#[derive(Debug, Serialize)]
struct Figures {
    store: StoreShown,
    raw_fdatasync: Latency,
    transitions: Option<Transitions>,
    tasks: Option<Tasks>,
    starts: Option<Starts>,
    workflows: Option<Workflows>,
    accepted: Option<Accepted>,
    restarted: Option<Restarted>,
    /// Of a worker that waits, before all that.
    idle: Memory,
    /// After all that.
    memory: Memory,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let folder = context.home().join("bench");
    let failed = |source| FolderError {
        path: folder.clone(),
        source,
    };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let store = if args.store.named(context)?.is_some() {
        args.store.clone()
    } else {
        let file = folder.join(format!("runs-{}.db", std::process::id()));
        StoreArgs::of(format!("sqlite:{}", file.display()))
    };
    let raw_fdatasync = raw_sync(&folder, 200).map_err(failed)?;
    let figures = measure(args, &store, context, raw_fdatasync);
    // A store of somebody else is not touched: it lies elsewhere.
    std::fs::remove_dir_all(&folder).map_err(failed)?;
    Ok(context.output.print(&figures?)?)
}

fn measure(
    args: &Args,
    store: &StoreArgs,
    context: &Context,
    raw_fdatasync: Latency,
) -> Result<Figures, Failure> {
    let wanted = |part| args.parts.is_empty() || args.parts.contains(&part);
    let client = Client::open(store, context)?;
    let shown = StoreShown::of(&client.store().vitals()?);
    let idle = work::idle(&client, context, args)?;
    let transitions = wanted(Part::Transitions)
        .then(|| work::transitions(&client, args))
        .transpose()?;
    let tasks = wanted(Part::Tasks)
        .then(|| work::tasks(&client, context, args))
        .transpose()?;
    let starts = wanted(Part::Starts)
        .then(|| work::starts(&client, context, args))
        .transpose()?;
    let workflows = wanted(Part::Workflows)
        .then(|| work::workflows(&client, context, args))
        .transpose()?;
    let accepted = wanted(Part::Large)
        .then(|| work::accept(&client, args))
        .transpose()?;
    drop(client);
    let restarted = wanted(Part::Large)
        .then(|| work::restart(store, context))
        .transpose()?;
    Ok(Figures {
        store: shown,
        idle,
        memory: Memory::now(),
        raw_fdatasync,
        transitions,
        tasks,
        starts,
        workflows,
        accepted,
        restarted,
    })
}

impl View for Figures {
    fn text(&self, style: Style) -> String {
        let mut table = Table::new([
            ("", Align::Left),
            ("Per second", Align::Right),
            ("p50 ms", Align::Right),
            ("p99 ms", Align::Right),
            ("Most ms", Align::Right),
        ]);
        let mut row = |name: String, rate: Option<f64>, latency: Option<&Latency>| {
            let ms = |value: Option<f64>| value.map_or(String::new(), |ms| format!("{ms:.2}"));
            table.row([
                name.into(),
                rate.map_or(String::new(), |rate| format!("{rate:.0}"))
                    .into(),
                ms(latency.map(|all| all.p50_ms)).into(),
                ms(latency.map(|all| all.p99_ms)).into(),
                ms(latency.map(|all| all.max_ms)).into(),
            ]);
        };
        row(
            "raw fdatasync of 4 KiB".into(),
            None,
            Some(&self.raw_fdatasync),
        );
        if let Some(all) = &self.transitions {
            row(
                format!("transitions, {} clients", all.clients),
                Some(all.per_second),
                Some(&all.exchange),
            );
        }
        if let Some(tasks) = &self.tasks {
            row(
                "no-op tasks by a worker".into(),
                Some(tasks.per_second),
                None,
            );
        }
        if let Some(starts) = &self.starts {
            row("from submit to start".into(), None, Some(&starts.latency));
        }
        if let Some(all) = &self.workflows {
            row(
                format!("workflows of three steps, {} clients", all.clients),
                Some(all.per_second),
                Some(&all.latency),
            );
        }
        let mut text = self.store.line(style) + &table.render(style);
        if let Some(accepted) = &self.accepted {
            let _ = writeln!(
                text,
                "{} tasks accepted in {:.2} s",
                accepted.count, accepted.seconds
            );
        }
        if let Some(restarted) = &self.restarted {
            let _ = writeln!(
                text,
                "opened again, with {} of them open, in {:.3} s",
                restarted.open, restarted.seconds
            );
        }
        if let (Some(idle), Some(peak)) = (self.idle.resident_mib, self.memory.peak_mib) {
            let _ = writeln!(text, "{idle:.0} MiB resident when idle, {peak:.0} at most");
        }
        text
    }
}
