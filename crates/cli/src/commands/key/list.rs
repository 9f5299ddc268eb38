//! `fondaco key list`.

use fondaco_app::keys;
use fondaco_app::ports::machine::Machine;
use serde::Serialize;

use super::KeyShown;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco key list")]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Listing {
    keys: Vec<KeyShown>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let now = client.machine.wall();
    let keys = keys::list(client.store())?;
    let keys = keys.iter().map(|key| KeyShown::of(key, now)).collect();
    Ok(context.output.print(&Listing { keys })?)
}

impl View for Listing {
    fn text(&self, style: Style) -> String {
        if self.keys.is_empty() {
            return "no keys: programs of this machine need none, and others cannot ask\n"
                .to_owned();
        }
        let mut table = Table::new([
            ("Key", Align::Left),
            ("Id", Align::Left),
            ("Allows", Align::Left),
            ("Counts", Align::Left),
            ("Added by", Align::Left),
        ]);
        for key in &self.keys {
            let until = key.until();
            table.row([
                key.name.clone().into(),
                key.id.clone().into(),
                key.scopes.join(", ").into(),
                match key.state {
                    "usable" => Cell::from(until),
                    _ => Cell::bad(until),
                },
                key.created_by.clone().into(),
            ]);
        }
        table.render(style)
    }
}
