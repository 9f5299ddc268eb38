//! `fondaco backtest compare`.

use std::path::PathBuf;

use fondaco_contract::v1alpha1::BacktestResult;
use fondaco_report::{Comparison, ComparisonRow, Unit, compare, render_comparison};
use fondaco_store::results::write_file;
use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Which results.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fondaco backtest compare sma-cross rsi-reversion --html out/compare.html"
)]
pub(crate) struct Args {
    /// Ids of results, starts of them, or their folders.
    #[arg(required = true, num_args = 2..)]
    results: Vec<String>,
    /// Write the comparison as a page, too.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Compared {
    results: Vec<String>,
    figures: Vec<Figure>,
    /// What was not the same for all.
    differences: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Figure {
    #[serde(rename = "figure")]
    name: &'static str,
    values: Vec<Option<f64>>,
    /// Places of the best values.
    best: Vec<usize>,
    #[serde(skip)]
    unit: Unit,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let kept = super::results(context);
    let find = |name: &String| kept.find(name).map(|found| found.result);
    let results: Vec<BacktestResult> = args.results.iter().map(find).collect::<Result<_, _>>()?;
    if let Some(path) = &args.html {
        write_file(path, render_comparison(&results).as_bytes())?;
    }
    context.output.print(&Compared::of(compare(&results)))?;
    Ok(())
}

impl Compared {
    fn of(comparison: Comparison) -> Self {
        let figure = |row: ComparisonRow| Figure {
            name: row.figure,
            values: row.values,
            best: row.best,
            unit: row.unit,
        };
        Self {
            results: comparison.names,
            figures: comparison.rows.into_iter().map(figure).collect(),
            differences: comparison.differences,
        }
    }
}

impl View for Compared {
    fn text(&self, style: Style) -> String {
        let names = self
            .results
            .iter()
            .map(|name| (name.as_str(), Align::Right));
        let mut table = Table::new(std::iter::once(("", Align::Left)).chain(names));
        for row in &self.figures {
            let cell = |(place, value): (usize, &Option<f64>)| {
                let text = row.unit.write(*value);
                if row.best.contains(&place) {
                    Cell::good(text)
                } else {
                    text.into()
                }
            };
            let values = row.values.iter().enumerate().map(cell);
            table.row(std::iter::once(Cell::dim(row.name)).chain(values));
        }
        let mut text = table.render(style);
        for difference in &self.differences {
            let differs = style.dim("differs:");
            text.extend([differs.as_str(), " ", difference, "\n"]);
        }
        text
    }
}
