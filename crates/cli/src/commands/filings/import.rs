//! `fondaco filings import`.

use std::fmt::Write as _;
use std::path::PathBuf;

use fondaco_app::research::{DocumentsReport, import_documents};
use serde::Serialize;

use crate::commands::data::bar::Bar;
use crate::commands::data::options::grouped;
use crate::commands::news::import::left_out;
use crate::commands::news::{documents, open};
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};

/// Options of `fondaco filings import`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Lists of records as Polygon gives them: filings (`financials`), dividends (`ex_dividend_date`) and \
                  splits (`execution_date`). Of folders, files named .json are read; .gz is unpacked.\n\nA filing is \
                  known when it was accepted, else from the end of the day it was filed on, and never at the end of \
                  its period: one that says neither is left out and told. A dividend or split is known from the end \
                  of the day it was declared on, else from the day on which it takes effect.\n\nA record that does \
                  not read is told with its number and left out: the others are stored, and the command ends with \
                  5.\n\nExamples:\n  \
                  fondaco filings import fundamentals/\n  \
                  fondaco filings import AAPL.quarterly.json.gz AAPL.dividends.json"
)]
pub(crate) struct Args {
    /// Files, and folders with everything below them.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let files = documents(&args.paths, &[".json"])?;
    let report = import_documents(&files, &open(context)?, &Bar::new(context))?;
    context.output.print(&Report(&report))?;
    Ok(report.whole()?)
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Report<'a>(&'a DocumentsReport);

impl View for Report<'_> {
    fn text(&self, style: Style) -> String {
        let it = self.0;
        let mut text = String::new();
        for (what, taken) in [
            ("filings", it.filings),
            ("dividends and splits", it.actions),
        ] {
            if taken.added + taken.known > 0 {
                let (new, known) = (grouped(taken.added), grouped(taken.known));
                let _ = writeln!(
                    text,
                    "{what}: {new} new, {known} known (place {})",
                    taken.place
                );
            }
        }
        if it.undated.count > 0 {
            let _ = writeln!(
                text,
                "{} {} that do not say when they were filed",
                style.dim("left out:"),
                grouped(it.undated.count)
            );
        }
        left_out(&mut text, &it.bad, style);
        text
    }
}
