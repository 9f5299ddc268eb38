//! `fondaco flag unset`.

use fondaco_app::flags;
use fondaco_domain::flags::Flag;
use serde::Serialize;

use super::FlagShown;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco flag unset dashboard_compat_exports")]
pub(crate) struct Args {
    /// Its name.
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Unset {
    flag: FlagShown,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let flag = Flag::parse(&args.name)?;
    let client = Client::open(&args.store, context)?;
    let now = flags::unset(client.store(), &*client.machine, client.actor(), flag, None)?;
    Ok(context.output.print(&Unset {
        flag: FlagShown::of(&now),
    })?)
}

impl View for Unset {
    fn text(&self, _style: Style) -> String {
        self.flag.line()
    }
}
