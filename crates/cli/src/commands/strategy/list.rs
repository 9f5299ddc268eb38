//! `fondaco strategy list`.

use std::path::{Path, PathBuf};

use fondaco_app::strategies::{StrategyFile, require_distinct};
use fondaco_domain::strategy::Direction;
use fondaco_domain::{ContentHash, Timeframe};
use serde::Serialize;

use super::files;
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::table::{Align, Table};

/// Where to look.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco strategy list strategies")]
pub(crate) struct Args {
    /// Folder that holds strategy files.
    #[arg(value_name = "DIR", default_value = "strategies")]
    dir: PathBuf,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Listing(Vec<Row>);

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    version: String,
    timeframe: Timeframe,
    direction: Direction,
    description: String,
    path: String,
    hash: ContentHash,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let listing = listing(&args.dir)?;
    context.output.print(&listing)?;
    Ok(())
}

fn listing(folder: &Path) -> Result<Listing, Failure> {
    let read: Vec<StrategyFile> = files::in_folder(folder)?
        .iter()
        .map(|path| files::read(path))
        .collect::<Result<_, _>>()?;
    require_distinct(&read)?;
    let rows = read.into_iter().map(|file| Row {
        hash: file.strategy.hash(),
        name: file.strategy.name,
        version: file.strategy.version,
        timeframe: file.strategy.timeframe,
        direction: file.strategy.direction,
        description: file.strategy.description,
        path: file.path,
    });
    Ok(Listing(rows.collect()))
}

impl View for Listing {
    fn text(&self, style: Style) -> String {
        if self.0.is_empty() {
            return "No strategy files here.\n".to_owned();
        }
        let mut table = Table::new([
            ("Strategy", Align::Left),
            ("Version", Align::Left),
            ("Candles", Align::Left),
            ("Sides", Align::Left),
            ("Description", Align::Left),
        ]);
        for row in &self.0 {
            table.row([
                row.name.clone().into(),
                row.version.clone().into(),
                row.timeframe.to_string().into(),
                sides(row.direction).into(),
                row.description.clone().into(),
            ]);
        }
        table.render(style)
    }
}

/// The sides as a file writes them.
pub(super) fn sides(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => "long",
        Direction::Short => "short",
        Direction::Both => "both",
    }
}
