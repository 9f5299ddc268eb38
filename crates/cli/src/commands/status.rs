//! `fondaco status`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::workers::Worker;
use fondaco_domain::halt::HaltMode;
use fondaco_domain::{ErrorKind, Hint, UnixMicros};
use fondaco_exec::process;
use fondaco_store::runs::{Access, Address};
use serde::Serialize;
use thiserror::Error;

use super::roles::{Seen, ask};
use crate::commands::run::alive;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs, host_name};
use crate::output::{Style, View};
use crate::process::state::{self, Known, Phase};
use crate::settings::without_password;
use crate::table::{Align, Cell, Table};

/// Of which store.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco status\n  fondaco status --output json\n\nEnds with 0 where a process serves from \
                  this home and each of its roles is well, with 7 otherwise."
)]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,
}

/// How everything is.
#[derive(Debug, Serialize)]
struct Report {
    /// Whether a process serves, and each of its roles is well.
    up: bool,
    /// The processes that serve from this home.
    processes: Vec<Serving>,
    /// What the last process of `fondaco up` left, where it died without a
    /// word.
    died: Option<Known>,
    /// The store, where there is one.
    store: Option<Kept>,
}

/// A process that serves.
#[derive(Debug, Serialize)]
struct Serving {
    #[serde(flatten)]
    process: Known,
    uptime_s: u64,
    health: Vec<Seen>,
}

/// What a store holds.
#[derive(Debug, Serialize)]
struct Kept {
    /// Where it is, without a password.
    place: String,
    /// How it is reached.
    access: &'static str,
    /// Runs that have not ended, by state.
    open_runs: BTreeMap<&'static str, u64>,
    /// Workers that were heard of in the last minute, and are not known to be
    /// dead.
    workers: usize,
    /// Halts in force.
    halts: Vec<Halted>,
}

#[derive(Debug, Serialize)]
struct Halted {
    scope: String,
    mode: HaltMode,
    reason: String,
    actor: String,
    since: UnixMicros,
}

/// It is not up, or not well.
#[derive(Debug, Error)]
#[error("{}", if *.serves { "not every role is well" } else { "fondaco is not up in this home" })]
struct NotUp {
    serves: bool,
}

impl Hint for NotUp {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unavailable
    }

    fn hint(&self) -> Option<String> {
        let advice = if self.serves {
            "see `fondaco logs`"
        } else {
            "start it with `fondaco up`"
        };
        Some(advice.to_owned())
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let died = state::up(context.home())?.filter(|known| !known.lives());
    let processes: Vec<Serving> = state::living(context.home())?
        .into_iter()
        .map(Serving::of)
        .collect();
    let report = Report {
        up: !processes.is_empty() && processes.iter().all(Serving::is_well),
        died,
        store: kept(args, context)?,
        processes,
    };
    context.output.print(&report)?;
    if report.up {
        return Ok(());
    }
    let serves = !report.processes.is_empty();
    Err(NotUp { serves }.into())
}

impl Serving {
    fn of(process: Known) -> Self {
        let now: UnixMicros = jiff::Timestamp::now().into();
        let uptime = now.0.saturating_sub(process.since.0) / 1_000_000;
        let health = |(role, address): (_, Option<_>)| Some(ask(role, address?));
        Self {
            uptime_s: uptime.try_into().unwrap_or(0),
            health: process.roles().filter_map(health).collect(),
            process,
        }
    }

    fn is_well(&self) -> bool {
        self.process.phase == Phase::Ready && self.health.iter().all(|seen| seen.healthy)
    }
}

/// What the store holds. None is made by looking for it.
fn kept(args: &Args, context: &Context) -> Result<Option<Kept>, Failure> {
    let said = context.settings()?.store.value;
    let address = args.store.flag().unwrap_or(said);
    if let Address::Sqlite(path, _) = Address::parse(&address)?
        && !path.exists()
    {
        return Ok(None);
    }
    let client = Client::open_at(&address, context)?;
    let store = client.store();
    let mut open_runs: BTreeMap<&'static str, u64> = BTreeMap::new();
    for (_, state, count) in store.open_runs()? {
        *open_runs.entry(state.as_str()).or_default() += count;
    }
    let now = client.machine.wall();
    let (workers, here) = (store.workers()?, host_name());
    // One that died a moment ago is still on the list.
    let lives = |worker: &Worker| {
        alive(worker, now) && (worker.host != here || process::lives(worker.pid, &worker.pid_start))
    };
    let halts = store.halts()?;
    Ok(Some(Kept {
        place: without_password(&address),
        access: match client.opened.access() {
            Access::Owner => "by this command: nobody else has it open",
            Access::Client => "through the process that owns it",
            Access::Server => "through its server",
        },
        open_runs,
        workers: workers.iter().filter(|worker| lives(worker)).count(),
        halts: halts
            .into_iter()
            .filter(|halt| halt.mode != HaltMode::Active)
            .map(|halt| Halted {
                scope: halt.scope.to_string(),
                mode: halt.mode,
                reason: halt.reason,
                actor: halt.actor,
                since: halt.at,
            })
            .collect(),
    }))
}

impl View for Report {
    fn text(&self, style: Style) -> String {
        let mut text = String::new();
        for serving in &self.processes {
            text.push_str(&serving.text(style));
        }
        if self.processes.is_empty() {
            text.push_str(&style.bad("fondaco is not up in this home"));
            text.push('\n');
        }
        if let Some(died) = &self.died {
            let _ = writeln!(
                text,
                "process {} died without a word; `fondaco up` goes on where it was",
                died.pid
            );
        }
        match &self.store {
            Some(kept) => text.push_str(&kept.text(style)),
            None => text.push_str("there is no store of runs yet\n"),
        }
        text
    }
}

impl Serving {
    fn text(&self, style: Style) -> String {
        let Known { pid, phase, .. } = &self.process;
        let phase = match phase {
            Phase::Ready => style.good(phase.as_str()),
            _ => style.bad(phase.as_str()),
        };
        let up = uptime(self.uptime_s);
        let mut table = Table::new([
            ("Role", Align::Left),
            ("Address", Align::Left),
            ("Health", Align::Left),
        ]);
        for (role, address) in self.process.roles() {
            let name = role.as_str();
            let seen = self.health.iter().find(|seen| seen.role == name);
            table.row([
                name.into(),
                address.map_or_else(String::new, |at| at.to_string()).into(),
                match seen {
                    Some(seen) if seen.healthy => Cell::good(seen.found.clone()),
                    Some(seen) => Cell::bad(seen.found.clone()),
                    None => Cell::dim("in this process"),
                },
            ]);
        }
        let log = match &self.process.log {
            Some(path) => format!("log: {}\n", path.display()),
            None => String::new(),
        };
        format!(
            "process {pid} is {phase}, up for {up}\n{}{log}",
            table.render(style)
        )
    }
}

impl Kept {
    fn text(&self, style: Style) -> String {
        let runs: Vec<String> = self
            .open_runs
            .iter()
            .map(|(state, count)| format!("{count} {state}"))
            .collect();
        let runs = match runs.as_slice() {
            [] => "no run is open".to_owned(),
            runs => format!("open runs: {}", runs.join(", ")),
        };
        let mut text = format!(
            "store: {}, {}\n{runs}; workers: {}\n",
            self.place, self.access, self.workers
        );
        for halt in &self.halts {
            let _ = writeln!(
                text,
                "{} is {}: {} ({} by {})",
                style.bold(&halt.scope),
                style.bad(halt.mode.as_str()),
                halt.reason,
                halt.since,
                halt.actor
            );
        }
        text
    }
}

/// In words of two units at most.
fn uptime(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}
