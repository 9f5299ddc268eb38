//! `fondaco key revoke`.

use fondaco_app::keys;
use fondaco_app::ports::machine::Machine;
use serde::Serialize;

use super::KeyShown;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco key revoke desk")]
pub(crate) struct Args {
    /// Its name.
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Revoked {
    key: KeyShown,
    /// Whether nobody needs a key any more, at addresses of this machine.
    was_last: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let key = keys::revoke(client.store(), &*client.machine, client.actor(), &args.name)?;
    let others = keys::list(client.store())?;
    Ok(context.output.print(&Revoked {
        key: KeyShown::of(&key, client.machine.wall()),
        was_last: others.iter().all(|key| key.revoked.is_some()),
    })?)
}

impl View for Revoked {
    fn text(&self, _style: Style) -> String {
        let mut text = format!("{} is revoked\n", self.key.name);
        if self.was_last {
            text.push_str(
                "it was the last one: programs of this machine need no key from now on\n",
            );
        }
        text
    }
}
