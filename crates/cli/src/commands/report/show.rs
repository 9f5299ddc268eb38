//! `fondaco report show`.

use fondaco_app::reports::Historical;
use serde::Serialize;

use super::WhichArgs;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs, ThesePages};
use crate::output::{Style, View};

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco report show AAPL 2025-03-04")]
pub(crate) struct Args {
    #[command(flatten)]
    which: WhichArgs,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    report: Historical,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let report = args.which.find(&client)?;
    let pages = ThesePages::of(context);
    Ok(context.output.print(&Shown {
        report: report.historical(&pages),
    })?)
}

impl View for Shown {
    fn text(&self, _style: Style) -> String {
        self.report.report.clone()
    }
}
