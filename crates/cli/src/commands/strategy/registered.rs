//! `fondaco strategy registered`.

use fondaco_app::strategies::{Registered, registry, versions};
use fondaco_domain::ContentHash;
use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};
use crate::table::{Align, Table};

/// Which of them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco strategy registered\n  fondaco strategy registered sma-cross"
)]
pub(crate) struct Args {
    /// Every version of this strategy, the newest first.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Listing {
    strategies: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    version: u32,
    file_version: String,
    timeframe: String,
    description: String,
    hash: ContentHash,
    at: String,
    actor: String,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let found = match &args.name {
        Some(name) => versions(client.store(), name)?,
        None => registry(client.store())?,
    };
    let strategies = found.into_iter().map(Row::of).collect();
    context.output.print(&Listing { strategies })?;
    Ok(())
}

impl Row {
    fn of(found: Registered) -> Self {
        Self {
            name: found.name,
            version: found.version,
            file_version: found.content.file_version,
            timeframe: found.content.timeframe,
            description: found.content.description,
            hash: found.content.hash,
            at: found.at.to_string(),
            actor: found.actor,
        }
    }
}

impl View for Listing {
    fn text(&self, style: Style) -> String {
        if self.strategies.is_empty() {
            return "No strategies were put: fondaco strategy put FILE\n".to_owned();
        }
        let mut table = Table::new([
            ("Strategy", Align::Left),
            ("Version", Align::Right),
            ("In the file", Align::Left),
            ("Candles", Align::Left),
            ("By", Align::Left),
            ("Description", Align::Left),
        ]);
        for row in &self.strategies {
            table.row([
                row.name.clone().into(),
                row.version.to_string().into(),
                row.file_version.clone().into(),
                row.timeframe.clone().into(),
                row.actor.clone().into(),
                row.description.clone().into(),
            ]);
        }
        table.render(style)
    }
}
