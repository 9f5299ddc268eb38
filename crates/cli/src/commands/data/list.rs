//! `fondaco data list`.

use std::path::PathBuf;

use fondaco_app::data::{Listed, list};
use fondaco_domain::Symbol;
use fondaco_market::FreqtradeDir;
use serde::Serialize;

use super::options::{SelectorArgs, StoreArgs, grouped, shown};
use crate::context::{Context, block_on};
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Options of `fondaco data list`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco data list\n  fondaco data list --venue binance --timeframe 5m\n  \
                        fondaco data list --freqtrade user_data/data/binance"
)]
pub(crate) struct Args {
    /// Only this instrument.
    symbol: Option<Symbol>,
    #[command(flatten)]
    selector: SelectorArgs,
    #[command(flatten)]
    store: StoreArgs,
    /// What a folder of freqtrade holds, in place of the store.
    #[arg(long, value_name = "DIR")]
    freqtrade: Option<PathBuf>,
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    if let Some(folder) = &args.freqtrade {
        return Ok(context.output.print(&Folder::open(folder)?)?);
    }
    let store = args.store.open(context)?;
    let selector = args.selector.with(args.symbol.as_ref());
    let datasets = block_on(list(&store, &selector))??;
    Ok(context.output.print(&Stored { datasets })?)
}

#[derive(Debug, Serialize)]
struct Stored {
    datasets: Vec<Listed>,
}

impl View for Stored {
    fn text(&self, style: Style) -> String {
        if self.datasets.is_empty() {
            return "no data sets: import some with `fondaco data import`\n".to_owned();
        }
        let mut table = Table::new([
            ("Venue", Align::Left),
            ("Symbol", Align::Left),
            ("Length", Align::Left),
            ("Kind", Align::Left),
            ("Candles", Align::Right),
            ("First", Align::Left),
            ("Last", Align::Left),
            ("Version", Align::Left),
        ]);
        for Listed { dataset, version } in &self.datasets {
            table.row([
                dataset.venue.to_string().into(),
                dataset.symbol.to_string().into(),
                dataset.timeframe.to_string().into(),
                dataset.kind.to_string().into(),
                grouped(version.rows).into(),
                version.first.to_string().into(),
                version.last.to_string().into(),
                Cell::dim(format!("{} {}", version.number, version.id.short())),
            ]);
        }
        table.render(style)
    }
}

#[derive(Debug, Serialize)]
struct Folder {
    folder: String,
    files: Vec<File>,
}

#[derive(Debug, Serialize)]
struct File {
    symbol: String,
    timeframe: String,
    kind: String,
    path: String,
}

impl Folder {
    fn open(folder: &PathBuf) -> Result<Self, Failure> {
        let dir = FreqtradeDir::open(folder)?;
        let file = |entry: &fondaco_market::FreqtradeEntry| File {
            symbol: entry.symbol.to_string(),
            timeframe: entry.timeframe.to_string(),
            kind: entry.kind.to_string(),
            path: shown(&entry.path),
        };
        Ok(Self {
            folder: dir.folder().display().to_string(),
            files: dir.list().iter().map(file).collect(),
        })
    }
}

impl View for Folder {
    fn text(&self, style: Style) -> String {
        let mut table = Table::new([
            ("Symbol", Align::Left),
            ("Length", Align::Left),
            ("Kind", Align::Left),
            ("File", Align::Left),
        ]);
        for file in &self.files {
            table.row([
                file.symbol.as_str().into(),
                file.timeframe.as_str().into(),
                file.kind.as_str().into(),
                Cell::dim(file.path.as_str()),
            ]);
        }
        table.render(style)
    }
}
