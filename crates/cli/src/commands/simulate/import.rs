//! `fondaco simulate import`.

use std::fmt::Write as _;

use std::path::PathBuf;

use fondaco_app::data::{CandleKind, DatasetId, Overlap, store_bars};
use fondaco_app::ports::days::Taken;
use fondaco_app::simulation::days::import::{self, Found, Note};
use fondaco_app::simulation::trigger::BOOK;
use fondaco_domain::{Bars, Symbol, Timeframe};
use fondaco_market::ParquetStore;
use fondaco_store::days::{SeedDatabase, SqliteDays};
use serde::Serialize;

use crate::commands::data::prices::ALPHA_VANTAGE;
use crate::context::{Context, runtime};
use crate::errors::Failure;
use crate::output::{Style, View};

/// What is imported.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The file is copied with the log of writes beside it and not touched. Days come into a book, where \
                  simulations of it go on from them; jobs stay to be looked at by their names. All of it is taken \
                  or nothing; what was imported before is left as it is.\n\nExample:\n  \
                  fondaco simulate import jobs.db --dry-run\n  \
                  fondaco simulate import jobs.db --prices"
)]
pub(crate) struct Args {
    /// The database of the simulator, such as `data/jobs.db`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The book that its days belong to.
    #[arg(long, value_name = "NAME", default_value = BOOK)]
    book: String,
    /// Import its prices, too, as daily candles of the venue `alpha-vantage`.
    /// Nothing is imported where they differ from those that are stored.
    #[arg(long)]
    prices: bool,
    /// Say what would be imported, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What was imported, or would be.
#[derive(Debug, Serialize)]
struct Imported {
    file: String,
    book: String,
    dry_run: bool,
    /// In the file.
    jobs: usize,
    days: usize,
    candles: usize,
    symbols: usize,
    /// What was new; nothing of a dry run.
    taken: Option<Taken>,
    /// Candles that were new, where they were asked for.
    candles_added: Option<usize>,
    /// What was not understood, or not taken.
    notes: Vec<Said>,
}

#[derive(Debug, Serialize)]
struct Said {
    #[serde(flatten)]
    note: Note,
    words: &'static str,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let scratch = context.home().join("spool");
    let database = SeedDatabase::open(&args.file, &scratch)?;
    let found = import::read(&database, &args.book)?;
    drop(database);
    let mut taken = None;
    let mut candles_added = None;
    if !args.dry_run {
        let days = SqliteDays::open(&context.home().join(SqliteDays::FILE))?;
        if args.prices {
            candles_added = Some(candles(&found, context)?);
        }
        taken = Some(import::keep(&found, &days)?);
    }
    let notes = found.notes.told().into_iter();
    Ok(context.output.print(&Imported {
        file: args.file.display().to_string(),
        book: args.book.clone(),
        dry_run: args.dry_run,
        jobs: found.jobs.len(),
        days: found.days.len(),
        candles: found.prices.values().map(Vec::len).sum(),
        symbols: found.prices.len(),
        taken,
        candles_added,
        notes: notes
            .map(|note| Said {
                words: note.dirt.words(),
                note,
            })
            .collect(),
    })?)
}

/// Brings its prices in; how many are new.
fn candles(found: &Found, context: &Context) -> Result<usize, Failure> {
    let place = context.home().join("data").display().to_string();
    let store = ParquetStore::open(&place)?;
    let runtime = runtime()?;
    let now = context.clock.now();
    let mut added = 0;
    for (symbol, bars) in &found.prices {
        let bars = Bars::from_rows(bars.iter().copied())?;
        let dataset = dataset(symbol)?;
        let stored = store_bars(&store, &dataset, bars, "price_data", Overlap::Refuse, now);
        added += runtime.block_on(stored)?.1;
    }
    Ok(added)
}

fn dataset(symbol: &Symbol) -> Result<DatasetId, Failure> {
    Ok(DatasetId {
        venue: ALPHA_VANTAGE.parse()?,
        symbol: symbol.clone(),
        timeframe: Timeframe::DAY,
        kind: CandleKind::Trades,
    })
}

impl View for Imported {
    fn text(&self, style: Style) -> String {
        let verb = if self.dry_run { "has" } else { "imported from" };
        let mut text = format!(
            "{} {}: {} jobs, {} completed days, {} daily candles of {} symbols\n",
            verb,
            style.bold(&self.file),
            self.jobs,
            self.days,
            self.candles,
            self.symbols
        );
        if let Some(taken) = &self.taken {
            let _ = writeln!(
                text,
                "new in book {}: {} jobs, {} days; known before: {} jobs, {} days",
                self.book, taken.jobs, taken.days, taken.known_jobs, taken.known_days
            );
        }
        match self.candles_added {
            Some(added) => {
                let _ = writeln!(text, "new candles: {added}");
            }
            None if self.candles > 0 => text += "its candles come with --prices\n",
            None => {}
        }
        for said in &self.notes {
            let examples = said.note.examples.join("; ");
            let _ = writeln!(text, "{} {} ({examples})", said.note.count, said.words);
        }
        text
    }
}
