//! `fondaco report export`.

use std::path::PathBuf;

use clap::ValueEnum;
use fondaco_app::recommendations::{RecommendationQuery, to_csv};
use fondaco_app::reports::Pages as _;
use fondaco_domain::RunId;
use fondaco_store::results::write_file;
use serde::Serialize;

use super::WhichArgs;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs, ThesePages};
use crate::output::{Style, View, write_raw};

/// Which, in what form, and where to.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco report export AAPL 2025-03-04 --format html --out aapl.html\n  fondaco report export AAPL \
                  2025-03-04 --format pdf --out aapl.pdf\n  fondaco report export --format csv --all\n\nPDF is printed by a \
                  Chromium of this machine: the first on the path, or the one that FONDACO_CHROMIUM names."
)]
pub(crate) struct Args {
    #[command(flatten)]
    which: ExportWhich,
    /// In what form.
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    format: Form,
    /// File to write [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
}

/// One report, or all recommendations.
#[derive(Debug, clap::Args)]
struct ExportWhich {
    /// The instrument.
    #[arg(value_name = "TICKER", required_unless_present_any = ["run", "all"])]
    ticker: Option<fondaco_domain::Symbol>,
    /// The day.
    #[arg(value_name = "DATE", required_unless_present_any = ["run", "all"])]
    date: Option<jiff::civil::Date>,
    /// Of this run, whether it decided or not [default: the newest analysis
    /// that decided].
    #[arg(long, value_name = "RUN")]
    run: Option<RunId>,
    /// What all analyses decided: with `--format csv`.
    #[arg(long, conflicts_with_all = ["ticker", "run"])]
    all: bool,
}

/// In what form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Form {
    /// Markdown.
    #[default]
    Md,
    /// One page that needs nothing else.
    Html,
    /// The same page on paper.
    Pdf,
    /// The decision as one line; of `--all`, a line each.
    Csv,
}

#[derive(Debug, Serialize)]
struct Written {
    written: PathBuf,
    bytes: usize,
}

/// A combination that says nothing.
#[derive(Debug, thiserror::Error)]
#[error("all analyses together are told as CSV only")]
struct OnlyCsv;

impl fondaco_domain::Hint for OnlyCsv {
    fn kind(&self) -> fondaco_domain::ErrorKind {
        fondaco_domain::ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some("give --format csv, or name a ticker and a day".to_owned())
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let bytes = made(args, &client, context)?;
    match &args.out {
        None => write_raw(&bytes)?,
        Some(path) => {
            write_file(path, &bytes)?;
            context.output.print(&Written {
                written: path.clone(),
                bytes: bytes.len(),
            })?;
        }
    }
    Ok(())
}

fn made(args: &Args, client: &Client, context: &Context) -> Result<Vec<u8>, Failure> {
    let which = &args.which;
    if which.all && args.format != Form::Csv {
        return Err(OnlyCsv.into());
    }
    if args.format == Form::Csv && which.run.is_none() {
        let page = client.recommendations().list(&RecommendationQuery {
            date: which.date,
            ticker: which.ticker.clone(),
            ..RecommendationQuery::default()
        })?;
        return Ok(to_csv(&page.recommendations).into_bytes());
    }
    let which = WhichArgs {
        ticker: which.ticker.clone(),
        date: which.date,
        run: which.run,
    };
    let report = which.find(client)?;
    let pages = ThesePages::of(context);
    Ok(match args.format {
        Form::Md => pages.markdown(&report).into_bytes(),
        Form::Html => pages.html(&report).into_bytes(),
        Form::Pdf => pages.pdf(&report)?,
        Form::Csv => {
            let mut all = client.recommendations().newest(usize::MAX)?;
            let (run, result) = (report.run, &report.result);
            all.retain(|one| {
                one.run == run && one.ticker == result.ticker && one.date == result.date
            });
            to_csv(&all).into_bytes()
        }
    })
}

impl View for Written {
    fn text(&self, style: Style) -> String {
        let Self { written, bytes } = self;
        format!(
            "{} {} ({bytes} bytes)\n",
            style.dim("written"),
            written.display()
        )
    }
}
