//! `fondaco migration import`.

use std::fmt::Write as _;

use fondaco_app::migration::import::Imported;
use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs, migration};
use crate::output::{Style, View};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco migration import --dry-run")]
pub(crate) struct Args {
    /// Change nothing, and say what would be.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Shown {
    dry_run: bool,
    #[serde(flatten)]
    imported: Imported,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let migration = migration(&client, context)?;
    Ok(context.output.print(&Shown {
        dry_run: args.dry_run,
        imported: migration.import(client.actor(), args.dry_run)?,
    })?)
}

impl View for Shown {
    fn text(&self, style: Style) -> String {
        let it = &self.imported;
        let would = if self.dry_run { "would be " } else { "" };
        let mut text = format!(
            "{} watched, {} accounts and {} positions {would}taken over from {}; {} were there\n",
            it.watched, it.accounts, it.positions, it.from, it.known
        );
        for refused in &it.refused {
            let _ = writeln!(
                text,
                "  {} {}: {}",
                style.bad("refused"),
                refused.what,
                refused.why
            );
        }
        let _ = writeln!(
            text,
            "{} tasks and {} recommendations are read where they lie",
            it.tasks, it.recommendations
        );
        text
    }
}
