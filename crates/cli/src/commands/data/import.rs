//! `fondaco data import`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use fondaco_app::data::{ImportReport, ImportRequest, Overlap, Venue, import};
use fondaco_market::LocalFiles;
use serde::Serialize;

use super::bar::Bar;
use super::options::{ReadArgs, StoreArgs, grouped, shown};
use crate::context::{Context, block_on};
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Options of `fondaco data import`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Reads CSV (also .gz), Parquet, freqtrade's feather and JSON files and its folders as they are, \
                  and Alpha Vantage's JSON. Nothing of a failed import is stored.\n\nExamples:\n  \
                  fondaco data import user_data/data/binance\n  \
                  fondaco data import prices.csv --symbol AAPL --venue broker\n  \
                  fondaco data import hours --tz America/New_York --timeframe 1h\n  \
                  fondaco data import closes.csv.gz --wide\n  \
                  fondaco data import quotes.csv --side mid"
)]
pub(crate) struct Args {
    /// Files, and folders with everything below them.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Where the candles come from [default: the file, or the folder it lies
    /// in].
    #[arg(long)]
    venue: Option<Venue>,
    /// Let new candles take the place of stored ones that differ.
    #[arg(long)]
    replace: bool,
    /// Read everything, store nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    read: ReadArgs,
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let request = ImportRequest {
        paths: args.paths.clone(),
        venue: args.venue.clone(),
        options: args.read.options(),
        overlap: if args.replace {
            Overlap::Replace
        } else {
            Overlap::Refuse
        },
        dry_run: args.dry_run,
    };
    let store = args.store.open(context)?;
    let bar = Bar::new(context);
    let work = import(&request, &LocalFiles, &store, &bar, context.clock.now());
    let report = block_on(work)??;
    Ok(context.output.print(&Report(report))?)
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Report(ImportReport);

impl View for Report {
    fn text(&self, style: Style) -> String {
        let mut table = Table::new([
            ("Data set", Align::Left),
            ("Read", Align::Right),
            ("New", Align::Right),
            ("Changed", Align::Right),
            ("Version", Align::Left),
        ]);
        for it in &self.0.imported {
            let version = it.version.as_ref().map_or_else(
                || "not stored".to_owned(),
                |version| format!("{} {}", version.number, version.id.short()),
            );
            table.row([
                it.dataset.to_string().into(),
                grouped(it.read as u64).into(),
                grouped(it.added as u64).into(),
                grouped(it.replaced as u64).into(),
                Cell::dim(version),
            ]);
        }
        let mut text = table.render(style);
        self.notes(&mut text, style);
        self.skipped(&mut text, style);
        text
    }
}

impl Report {
    /// The same note of many data sets stands once.
    fn notes(&self, text: &mut String, style: Style) {
        let mut notes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for it in &self.0.imported {
            for note in &it.notes {
                let names = notes.entry(note.describe()).or_default();
                names.push(it.dataset.symbol.to_string());
            }
        }
        for (note, names) in notes {
            let _ = writeln!(text, "{} {note} ({})", style.bold("note:"), few(&names));
        }
    }

    fn skipped(&self, text: &mut String, style: Style) {
        let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for it in &self.0.skipped {
            let paths = reasons.entry(it.reason.describe()).or_default();
            paths.push(shown(&it.path));
        }
        for (reason, paths) in reasons {
            let _ = writeln!(
                text,
                "{} {reason} ({})",
                style.dim("left out:"),
                few(&paths)
            );
        }
    }
}

/// The first two, and how many more.
fn few(names: &[String]) -> String {
    match names {
        [first, second, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second} and {} more", rest.len())
        }
        all => all.join(", "),
    }
}
