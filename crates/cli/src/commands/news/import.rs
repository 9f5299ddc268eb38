//! `fondaco news import`.

use std::fmt::Write as _;
use std::path::PathBuf;

use fondaco_app::research::{NewsReport, Refused, import_news};
use serde::Serialize;

use super::{documents, open};
use crate::commands::data::bar::Bar;
use crate::commands::data::options::grouped;
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};

/// Options of `fondaco news import`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A story a line, as JSON: `published_at` (with a zone, or in UTC) and `title`; perhaps `summary`, \
                  `source`, `url`, `symbols`, and `known_at` where it came later. A bare date is known from its end \
                  on. Of folders, files named .jsonl and .ndjson are read; .gz is unpacked.\n\nA story that is there \
                  already is not stored twice, and gains symbols. A line that holds no dated story is told with its \
                  number and left out: the others are stored, and the command ends with 5.\n\nExamples:\n  \
                  fondaco news import news.jsonl.gz\n  \
                  fondaco news import wire/ --output json"
)]
pub(crate) struct Args {
    /// Files, and folders with everything below them.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let files = documents(&args.paths, &[".jsonl", ".ndjson"])?;
    let report = import_news(&files, &open(context)?, &Bar::new(context))?;
    context.output.print(&Report(&report))?;
    Ok(report.whole()?)
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Report<'a>(&'a NewsReport);

impl View for Report<'_> {
    fn text(&self, style: Style) -> String {
        let it = self.0;
        let mut text = format!(
            "stories: {} new, {} known (place {})\n",
            grouped(it.taken.added),
            grouped(it.taken.known),
            it.taken.place
        );
        left_out(&mut text, &it.bad, style);
        text
    }
}

/// The first of what was left out, and how many more there are.
pub(in crate::commands) fn left_out(text: &mut String, refused: &Refused, style: Style) {
    const SHOWN: usize = 5;
    for bad in refused.first.iter().take(SHOWN) {
        let mark = style.dim("left out:");
        let _ = writeln!(text, "{mark} {}:{}: {}", bad.file, bad.no, bad.problem);
    }
    let more = refused.count.saturating_sub(SHOWN as u64);
    if more > 0 {
        let _ = writeln!(text, "{} {} more", style.dim("left out:"), grouped(more));
    }
}
