//! `fondaco account add`.

use super::Changed;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco account add retirement")]
pub(crate) struct Args {
    /// Its name.
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    store: StoreArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let account_name = client.portfolio().add_account(&args.name)?.account_name;
    Ok(context.output.print(&Changed {
        account_name,
        done: "is there",
    })?)
}
