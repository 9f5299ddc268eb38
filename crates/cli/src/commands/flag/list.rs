//! `fondaco flag list`.

use fondaco_app::flags::{self, Environment};
use serde::Serialize;

use super::FlagShown;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco flag list")]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Listing {
    /// SHA-256 of all values.
    hash: String,
    flags: Vec<FlagShown>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let environment = Environment::read(|name| std::env::var(name).ok())?;
    let now = flags::list_under(client.store(), &environment)?;
    Ok(context.output.print(&Listing {
        hash: now.snapshot.hash().to_string(),
        flags: now.flags.iter().map(FlagShown::of).collect(),
    })?)
}

impl View for Listing {
    fn text(&self, style: Style) -> String {
        let flags = self.flags.iter();
        flags
            .map(|flag| flag.line() + &style.dim(&format!("  {}\n", flag.doc)))
            .collect()
    }
}
