//! `fondaco schedule pause` and `resume`.

use serde::Serialize;

use super::{OneSchedule, ScheduleShown};
use crate::context::Context;
use crate::errors::Failure;
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
    let client = args.one.client(context)?;
    let now = client.runs().pause_schedule(&args.one.name)?;
    Ok(context.output.print(&Now(ScheduleShown::of(&now)))?)
}

pub(crate) fn resume(args: &ResumeArgs, context: &Context) -> Result<(), Failure> {
    let client = args.one.client(context)?;
    let now = client.runs().resume_schedule(&args.one.name)?;
    Ok(context.output.print(&Now(ScheduleShown::of(&now)))?)
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
