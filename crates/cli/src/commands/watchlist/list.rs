//! `fondaco watchlist list`.

use serde::Serialize;

use super::WatchedShown;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};
use crate::table::{Align, Table};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco watchlist list")]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Listing {
    watchlist: Vec<WatchedShown>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let watchlist = client.portfolio().watchlist()?;
    Ok(context.output.print(&Listing {
        watchlist: watchlist.into_iter().map(WatchedShown::of).collect(),
    })?)
}

impl View for Listing {
    fn text(&self, style: Style) -> String {
        if self.watchlist.is_empty() {
            return "nothing is watched: add an instrument with `fondaco watchlist add TICKER`\n"
                .to_owned();
        }
        let mut table = Table::new([
            ("Ticker", Align::Left),
            ("Name", Align::Left),
            ("Added by", Align::Left),
        ]);
        for one in &self.watchlist {
            table.row([
                one.ticker.clone().into(),
                one.name.clone().into(),
                one.added_by.clone().into(),
            ]);
        }
        table.render(style)
    }
}
