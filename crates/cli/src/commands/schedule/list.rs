//! `fondaco schedule list`.

use serde::Serialize;

use super::ScheduleShown;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco schedule list")]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Listing {
    schedules: Vec<ScheduleShown>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let schedules = client.store().schedules()?;
    let schedules = schedules.iter().map(ScheduleShown::of).collect();
    Ok(context.output.print(&Listing { schedules })?)
}

impl View for Listing {
    fn text(&self, style: Style) -> String {
        if self.schedules.is_empty() {
            return "no schedules: add one with `fondaco schedule add`\n".to_owned();
        }
        let mut table = Table::new([
            ("Schedule", Align::Left),
            ("Times", Align::Left),
            ("Kind", Align::Left),
            ("Queue", Align::Left),
            ("Next", Align::Left),
        ]);
        for one in &self.schedules {
            table.row([
                one.name.clone().into(),
                one.times.clone().into(),
                one.kind.into(),
                one.queue.clone().into(),
                if one.fault.is_some() {
                    Cell::bad(one.when())
                } else if one.paused {
                    Cell::dim(one.when())
                } else {
                    one.when().into()
                },
            ]);
        }
        table.render(style)
    }
}
