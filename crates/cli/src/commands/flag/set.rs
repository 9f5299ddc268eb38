//! `fondaco flag set`.

use fondaco_app::flags;
use fondaco_domain::flags::Flag;
use serde::Serialize;

use super::FlagShown;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// Which, and to what.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco flag set dashboard_compat_exports false")]
pub(crate) struct Args {
    /// Its name.
    #[arg(value_name = "NAME")]
    name: String,
    /// A value of its type.
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    value: String,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Set {
    flag: FlagShown,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let flag = Flag::parse(&args.name)?;
    let value = flag.read(&args.value)?;
    let client = Client::open(&args.store, context)?;
    let now = flags::set(
        client.store(),
        &*client.machine,
        client.actor(),
        (flag, &value),
        None,
    )?;
    Ok(context.output.print(&Set {
        flag: FlagShown::of(&now),
    })?)
}

impl View for Set {
    fn text(&self, _style: Style) -> String {
        self.flag.line()
    }
}
