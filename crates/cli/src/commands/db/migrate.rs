//! `fondaco db migrate`.

use serde::Serialize;

use super::StoreShown;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// Options.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fondaco db migrate --store postgres://fondaco@localhost/fondaco\n\nEvery command does this \
                  by itself; here it is done and nothing else."
)]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Migrated {
    store: StoreShown,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let store = StoreShown::of(&client.store().vitals()?);
    Ok(context.output.print(&Migrated { store })?)
}

impl View for Migrated {
    fn text(&self, style: Style) -> String {
        self.store.line(style)
    }
}
