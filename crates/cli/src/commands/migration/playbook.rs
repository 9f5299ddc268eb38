//! `fondaco migration playbook`.

use fondaco_app::migration::{self as app, Gate};
use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs, migration};
use crate::output::{Style, View};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco migration playbook")]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Playbook {
    playbook: String,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let migration = migration(&client, context)?;
    let standing = migration.standing(&Gate::default())?;
    Ok(context.output.print(&Playbook {
        playbook: app::playbook(&standing),
    })?)
}

impl View for Playbook {
    fn text(&self, _style: Style) -> String {
        self.playbook.clone()
    }
}
