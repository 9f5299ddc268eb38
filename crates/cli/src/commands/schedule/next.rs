//! `fondaco schedule next`.

use fondaco_domain::RunId;
use serde::Serialize;

use super::{OneSchedule, ScheduleShown};
use crate::commands::run::short;
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};

/// Which, and how many.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco schedule next nightly --count 10")]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneSchedule,
    /// Times to come, and times that were, at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    count: usize,
}

#[derive(Debug, Serialize)]
struct Times {
    schedule: ScheduleShown,
    /// The newest first.
    last: Vec<FiredShown>,
    /// Without and with the jitter.
    next: Vec<NextShown>,
}

#[derive(Debug, Serialize)]
struct FiredShown {
    at: String,
    run: Option<RunId>,
    passed: Option<String>,
}

#[derive(Debug, Serialize)]
struct NextShown {
    at: String,
    fires_at: String,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = args.one.client(context)?;
    let (runs, name) = (client.runs(), &args.one.name);
    let next = runs.next_ticks(name, args.count)?.into_iter();
    let next = next.map(|tick| NextShown {
        at: tick.at.to_string(),
        fires_at: tick.fires_at.to_string(),
    });
    let last = runs.last_ticks(name, args.count)?.into_iter();
    let last = last.map(|fired| FiredShown {
        at: fired.at.to_string(),
        run: fired.run,
        passed: fired.passed,
    });
    Ok(context.output.print(&Times {
        next: next.collect(),
        last: last.collect(),
        schedule: ScheduleShown::of(&runs.schedule(name)?),
    })?)
}

impl View for Times {
    fn text(&self, style: Style) -> String {
        let mut text = String::new();
        for fired in self.last.iter().rev() {
            let what = match (fired.run, &fired.passed) {
                (Some(run), _) => format!("run {}", short(run)),
                (None, Some(why)) => format!("no run: {why}"),
                (None, None) => "no run".to_owned(),
            };
            text.push_str(&style.dim(&format!("{}  {what}\n", fired.at)));
        }
        for next in &self.next {
            text.push_str(&next.fires_at);
            text.push('\n');
        }
        if self.schedule.paused {
            text.push_str("paused: `fondaco schedule resume` lets it go on\n");
        }
        text
    }
}
