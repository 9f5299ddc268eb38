//! `fondaco schedule pause` and `resume`.

use fondaco_app::ports::machine::Machine;
use fondaco_domain::schedule::Ticks;
use serde::Serialize;

use super::{OneSchedule, ScheduleError, ScheduleShown, find};
use crate::context::Context;
use crate::errors::Failure;
use crate::host::Client;
use crate::output::{Style, View};

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco schedule pause nightly")]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    one: OneSchedule,
}

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco schedule resume nightly")]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    one: OneSchedule,
}

pub(crate) fn pause(args: &PauseArgs, context: &Context) -> Result<(), Failure> {
    let (client, schedule) = args.one.open(context)?;
    client
        .store()
        .pause_schedule(&schedule.name, true, schedule.next, client.asked())?;
    print(&client, &schedule.name, context)
}

pub(crate) fn resume(args: &ResumeArgs, context: &Context) -> Result<(), Failure> {
    let (client, schedule) = args.one.open(context)?;
    if schedule.paused {
        let ticks = Ticks::of(&schedule.timing.trigger).map_err(ScheduleError::Timing)?;
        let next = ticks.after(client.machine.wall());
        client
            .store()
            .pause_schedule(&schedule.name, false, next, client.asked())?;
    }
    print(&client, &schedule.name, context)
}

fn print(client: &Client, name: &str, context: &Context) -> Result<(), Failure> {
    let now = ScheduleShown::of(&find(client, name)?);
    Ok(context.output.print(&Now(now))?)
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Now(ScheduleShown);

impl View for Now {
    fn text(&self, _style: Style) -> String {
        if self.0.paused {
            format!("{} is paused\n", self.0.name)
        } else {
            format!("{} fires next at {}\n", self.0.name, self.0.when())
        }
    }
}
