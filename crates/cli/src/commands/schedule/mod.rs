//! `fondaco schedule`.

mod add;
mod list;
mod next;
mod pause;
mod remove;

use clap::{Args, Subcommand};
use fondaco_app::ports::schedules::Schedule;
use fondaco_domain::schedule::{CatchUp, Overlap, Ticks, Trigger};
use fondaco_domain::{ErrorKind, Hint};
use serde::Serialize;
use thiserror::Error;

use crate::context::Context;
use crate::errors::{Failure, in_words};
use crate::host::{Client, StoreArgs};

/// Verbs of `fondaco schedule`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Submit a spec again and again; workers do it.
    Add(Box<add::Args>),
    /// The schedules, and when each fires next.
    #[command(visible_alias = "ls")]
    List(list::Args),
    /// The next times of a schedule, and what came of the last ones.
    Next(next::Args),
    /// Let a schedule rest.
    Pause(pause::PauseArgs),
    /// Let a schedule go on: what passed meanwhile is gone.
    Resume(pause::ResumeArgs),
    /// Remove a schedule; its runs stay.
    #[command(visible_alias = "rm")]
    Remove(remove::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Add(args) => add::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Next(args) => next::run(args, context),
        Command::Pause(args) => pause::pause(args, context),
        Command::Resume(args) => pause::resume(args, context),
        Command::Remove(args) => remove::run(args, context),
    }
}

/// A schedule that is there.
#[derive(Debug, Clone, Args)]
struct OneSchedule {
    /// Its name.
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    store: StoreArgs,
}

impl OneSchedule {
    fn client(&self, context: &Context) -> Result<Client, Failure> {
        Client::open(&self.store, context)
    }
}

/// Neither a cron expression nor an interval.
#[derive(Debug, Error)]
#[error("a schedule needs --cron or --every")]
pub(crate) struct NoTimes;

impl Hint for NoTimes {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some("write --cron \"0 6 * * *\" --zone Europe/Berlin, or --every 5m".into())
    }
}

/// A schedule for people and programs.
#[derive(Debug, Serialize)]
struct ScheduleShown {
    name: String,
    trigger: Trigger,
    /// The trigger in one line.
    times: String,
    overlap: Overlap,
    catch_up: CatchUp,
    jitter_ms: u32,
    kind: &'static str,
    queue: String,
    paused: bool,
    next: Option<String>,
    /// Why it can never fire as it is.
    fault: Option<String>,
    since: String,
}

impl ScheduleShown {
    fn of(schedule: &Schedule) -> Self {
        Self {
            name: schedule.name.clone(),
            trigger: schedule.timing.trigger.clone(),
            times: times(&schedule.timing.trigger),
            overlap: schedule.timing.overlap,
            catch_up: schedule.timing.catch_up,
            jitter_ms: schedule.timing.jitter_ms,
            kind: schedule.new.kind.as_str(),
            queue: schedule.new.queue.clone(),
            paused: schedule.paused,
            next: schedule.next.map(|at| at.to_string()),
            fault: Ticks::of(&schedule.timing.trigger)
                .err()
                .map(|error| in_words(&error)),
            since: schedule.since.to_string(),
        }
    }

    /// `paused`, or when it fires, or why never.
    fn when(&self) -> String {
        if let Some(fault) = &self.fault {
            return format!("never: {fault}");
        }
        match (&self.next, self.paused) {
            (_, true) => "paused".to_owned(),
            (Some(next), false) => next.clone(),
            (None, false) => "never again".to_owned(),
        }
    }
}

fn times(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Cron { expression, zone } => format!("{expression} {zone}"),
        Trigger::Interval { every, .. } => format!("every {}", span(*every)),
    }
}

/// `90s`, `5m`, `1500ms`.
fn span(micros: i64) -> String {
    let units = [
        (86_400_000_000, "d"),
        (3_600_000_000, "h"),
        (60_000_000, "m"),
        (1_000_000, "s"),
    ];
    units
        .iter()
        .find(|(unit, _)| micros % unit == 0)
        .map_or_else(
            || format!("{}ms", micros / 1_000),
            |(unit, name)| format!("{}{name}", micros / unit),
        )
}
