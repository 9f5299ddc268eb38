//! `fondaco account remove`.

use super::Changed;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco account remove retirement")]
pub(crate) struct Args {
    /// Its name.
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    store: StoreArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    client.portfolio().remove_account(&args.name)?;
    let account_name = args.name.trim().to_owned();
    Ok(context.output.print(&Changed {
        account_name,
        done: "is gone",
    })?)
}
