//! `fondaco strategy check`.

use std::fmt::Write;
use std::path::PathBuf;

use fondaco_app::strategies::{Checked, check_all};
use serde::Serialize;

use super::files;
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};

/// What to check.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fondaco strategy check strategies/sma-cross.toml strategies/rsi-reversion.toml\n\nMistakes \
                  are shown with their line and end the command with code 2."
)]
pub(crate) struct Args {
    /// Strategy files.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Report(Vec<Checked>);

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let sources = args
        .files
        .iter()
        .map(|path| files::text(path))
        .collect::<Result<Vec<_>, _>>()?;
    let checked = check_all(sources)?;
    context.output.print(&Report(checked))?;
    Ok(())
}

impl View for Report {
    fn text(&self, style: Style) -> String {
        let shown: Vec<String> = self
            .0
            .iter()
            .map(|checked| describe(checked, style))
            .collect();
        shown.join("\n")
    }
}

/// What follows from a file that is in order.
pub(super) fn describe(checked: &Checked, style: Style) -> String {
    let mut text = format!(
        "{} {} {} ({})\n",
        style.good("ok"),
        style.bold(&checked.name),
        checked.version,
        checked.path
    );
    let startup = match checked.startup_stated {
        Some(stated) => format!(
            "{} candles ({} derived, {stated} stated)",
            checked.startup_candles, checked.startup_derived
        ),
        None => format!("{} candles", checked.startup_candles),
    };
    let settles = if checked.recursive {
        ", and recursive indicators settle further with more"
    } else {
        ""
    };
    let _ = writeln!(text, "  warm-up  {startup}{settles}");
    if !checked.columns.is_empty() {
        let _ = writeln!(text, "  columns  {}", checked.columns.join(", "));
    }
    for source in &checked.informative {
        let symbol = source
            .symbol
            .as_ref()
            .map_or("the traded pair", |s| s.as_str());
        let _ = writeln!(
            text,
            "  reads    {}: {symbol} {}, {} candles ahead",
            source.name, source.timeframe, source.startup_candles
        );
    }
    let _ = writeln!(text, "  hash     {}", checked.hash.short());
    for note in &checked.notes {
        let _ = writeln!(text, "  {} {note}", style.bold("note:"));
    }
    text
}
