//! `fondaco halt status`.

use std::fmt::Write as _;

use fondaco_app::halts::{self, Latch};
use fondaco_app::ports::machine::Machine;
use fondaco_domain::halt::HaltMode;
use serde::Serialize;

use super::set::HaltShown;
use crate::commands::run::alive;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fondaco halt status\n  fondaco halt status --all")]
pub(crate) struct Args {
    /// Also those that were cleared.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// The latches.
#[derive(Debug, Serialize)]
struct Status {
    /// The counter.
    epoch: u64,
    /// The text of the file HALT, where it is there.
    halt_file: Option<String>,
    halts: Vec<LatchShown>,
}

#[derive(Debug, Serialize)]
struct LatchShown {
    #[serde(flatten)]
    halt: HaltShown,
    acknowledged: Vec<WorkerShown>,
    missing: Vec<WorkerShown>,
}

#[derive(Debug, Serialize)]
struct WorkerShown {
    worker: String,
    host: Option<String>,
    pid: Option<u32>,
    /// When it acknowledged, or was last heard of.
    at: String,
    /// Whether it has been heard of in the last minute.
    silent: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    use fondaco_app::runner::EmergencyStop;
    let client = Client::open(&args.store, context)?;
    let status = halts::status(client.store())?;
    let now = client.machine.wall();
    let halts = status
        .latches
        .iter()
        .filter(|latch| args.all || latch.halt.mode != HaltMode::Active)
        .map(|latch| LatchShown::of(latch, now))
        .collect();
    Ok(context.output.print(&Status {
        epoch: status.epoch.0,
        halt_file: crate::host::HaltFile::of(context.home()).seen(),
        halts,
    })?)
}

impl LatchShown {
    fn of(latch: &Latch, now: fondaco_domain::UnixMicros) -> Self {
        let acknowledged = latch.acknowledged.iter().map(|word| WorkerShown {
            worker: word.worker.to_string(),
            host: word.host.clone(),
            pid: word.pid,
            at: word.at.to_string(),
            silent: false,
        });
        let missing = latch.missing.iter().map(|worker| WorkerShown {
            worker: worker.id.to_string(),
            host: Some(worker.host.clone()),
            pid: Some(worker.pid),
            at: worker.seen.to_string(),
            silent: !alive(worker, now),
        });
        Self {
            halt: HaltShown::of(&latch.halt),
            acknowledged: acknowledged.collect(),
            missing: missing.collect(),
        }
    }
}

impl View for Status {
    fn text(&self, style: Style) -> String {
        let mut text = String::new();
        if let Some(reason) = &self.halt_file {
            let _ = writeln!(text, "{}: {reason}", style.bad("the file HALT is there"));
        }
        if self.halts.is_empty() {
            text.push_str("nothing is halted\n");
        }
        for latch in &self.halts {
            text.push_str(&latch.halt.line(style));
            for worker in &latch.acknowledged {
                let _ = writeln!(
                    text,
                    "  {} {} at {}",
                    style.good("obeyed "),
                    worker.name(),
                    worker.at
                );
            }
            for worker in &latch.missing {
                let silent = if worker.silent { ", silent" } else { "" };
                let _ = writeln!(
                    text,
                    "  {} {}, last heard of {}{silent}",
                    style.bad("not yet"),
                    worker.name(),
                    worker.at
                );
            }
        }
        text
    }
}

impl WorkerShown {
    fn name(&self) -> String {
        match (&self.host, self.pid) {
            (Some(host), Some(pid)) => format!("worker {}, process {pid} on {host}", self.worker),
            _ => format!("worker {}, which has left", self.worker),
        }
    }
}
