//! `fondaco migration status`.

use std::fmt::Write as _;

use fondaco_app::migration::triggers::{Alarm, Trigger};
use fondaco_app::migration::{Gate, Phase, Refusal, Standing};
use serde::Serialize;
use serde_json::Value;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs, migration};
use crate::output::{Style, View};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco migration status")]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,
}

/// Where the migration stands.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    phase: u8,
    title: &'static str,
    since: Option<String>,
    by: Option<String>,
    reason: Option<String>,
    forced: Vec<String>,
    folder: String,
    flags: Vec<FlagShown>,
    reads: &'static str,
    writes_legacy: bool,
    writes_contract: bool,
    answers: &'static str,
    sockets: &'static str,
    triggers: Vec<TriggerShown>,
    /// Within the window of the phase.
    differences: usize,
    equal: usize,
    only_new: usize,
    only_legacy: usize,
    /// Files that cannot be understood.
    broken: Vec<Broken>,
    left_out: usize,
    /// Why the next gate is closed; empty where it is open.
    refusals: Vec<String>,
    next: Option<u8>,
}

#[derive(Debug, Serialize)]
struct FlagShown {
    name: &'static str,
    value: Value,
    /// Whether the phase has another one.
    unsettled: bool,
}

#[derive(Debug, Serialize)]
struct TriggerShown {
    trigger: &'static str,
    fires: bool,
    count: usize,
    tasks: Vec<String>,
    meaning: &'static str,
}

#[derive(Debug, Serialize)]
struct Broken {
    task: String,
    problem: String,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let migration = migration(&client, context)?;
    let standing = migration.standing(&Gate::default())?;
    Ok(context
        .output
        .print(&Shown::of(&standing, migration.place()))?)
}

impl Shown {
    fn of(standing: &Standing, folder: String) -> Self {
        let Standing {
            phase, step, plan, ..
        } = standing;
        let unsettled = phase.unsettled(&standing.flags);
        let flags = phase.flags().map(|(flag, _)| FlagShown {
            name: flag.name(),
            value: serde_json::to_value(standing.flags.value(flag)).unwrap_or_default(),
            unsettled: unsettled.contains(&flag),
        });
        let triggers = Trigger::ALL.map(|trigger| {
            let all = standing.alarms.iter().chain(&standing.seen);
            TriggerShown::of(trigger, all.into_iter().find(|it| it.trigger == trigger))
        });
        let said = step.as_ref();
        Self {
            phase: phase.number(),
            title: phase.title(),
            since: said.map(|(_, at, _)| at.to_string()),
            by: said.map(|(_, _, actor)| actor.clone()),
            reason: said.and_then(|(step, ..)| step.reason.clone()),
            forced: said.map_or(Vec::new(), |(step, ..)| step.forced.clone()),
            folder,
            flags: flags.into(),
            reads: plan.reads.as_str(),
            writes_legacy: plan.writes_legacy,
            writes_contract: plan.writes_contract,
            answers: plan.shape.as_str(),
            sockets: plan.socket.as_str(),
            triggers: triggers.into(),
            differences: standing.differences,
            equal: standing.swept.equal,
            only_new: standing.swept.only_new,
            only_legacy: standing.swept.only_legacy,
            broken: standing
                .swept
                .broken
                .iter()
                .map(|(task, problem)| Broken {
                    task: task.clone(),
                    problem: problem.clone(),
                })
                .collect(),
            left_out: standing.swept.left_out,
            refusals: standing.refusals.iter().map(Refusal::to_string).collect(),
            next: phase.next().map(Phase::number),
        }
    }
}

impl TriggerShown {
    fn of(trigger: Trigger, alarm: Option<&Alarm>) -> Self {
        Self {
            trigger: trigger.as_str(),
            fires: alarm.is_some(),
            count: alarm.map_or(0, |alarm| alarm.count),
            tasks: alarm.map_or(Vec::new(), |alarm| alarm.tasks.clone()),
            meaning: trigger.doc(),
        }
    }
}

impl View for Shown {
    fn text(&self, style: Style) -> String {
        let mut text = format!("phase {} ({})", self.phase, self.title);
        if let (Some(since), Some(by)) = (&self.since, &self.by) {
            let _ = write!(text, ", since {since} by {by}");
        }
        text.push('\n');
        if let Some(reason) = &self.reason {
            let _ = writeln!(text, "  because: {reason}");
        }
        for forced in &self.forced {
            let _ = writeln!(text, "  in spite of: {forced}");
        }
        let _ = writeln!(
            text,
            "reads {}, answers {}, sockets {}; legacy files {}written in {}",
            self.reads,
            self.answers,
            self.sockets,
            if self.writes_legacy { "" } else { "not " },
            self.folder
        );
        for flag in &self.flags {
            let value = flag
                .value
                .as_str()
                .map_or_else(|| flag.value.to_string(), str::to_owned);
            let odd = if flag.unsettled {
                ", not as in this phase"
            } else {
                ""
            };
            let _ = writeln!(text, "  {} is {value}{odd}", flag.name);
        }
        let _ = writeln!(
            text,
            "{} tasks equal, {} in the store only, {} in the legacy files only, {} differences lately",
            self.equal, self.only_new, self.only_legacy, self.differences
        );
        for broken in &self.broken {
            let _ = writeln!(text, "  {} {}", style.bad("broken"), broken.problem);
        }
        for trigger in &self.triggers {
            let state = if trigger.fires {
                style.bad("fires")
            } else {
                style.good("quiet")
            };
            let _ = write!(text, "  {state} {}", trigger.trigger);
            if !trigger.tasks.is_empty() {
                let _ = write!(text, " {}", trigger.tasks.join(", "));
            }
            text.push('\n');
        }
        match (self.next, self.refusals.is_empty()) {
            (None, _) => text.push_str("there is no further phase\n"),
            (Some(next), true) => {
                let _ = writeln!(text, "the gate to phase {next} is open");
            }
            (Some(next), false) => {
                let _ = writeln!(text, "the gate to phase {next} is closed:");
                for refusal in &self.refusals {
                    let _ = writeln!(text, "  {refusal}");
                }
            }
        }
        text
    }
}
