//! `fondaco schedule remove`.

use serde::Serialize;

use super::OneSchedule;
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco schedule remove nightly")]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneSchedule,
}

#[derive(Debug, Serialize)]
struct Removed {
    removed: String,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = args.one.client(context)?;
    let removed = args.one.name.clone();
    client.runs().remove_schedule(&removed)?;
    Ok(context.output.print(&Removed { removed })?)
}

impl View for Removed {
    fn text(&self, _style: Style) -> String {
        format!("{} is removed; its runs stay\n", self.removed)
    }
}
