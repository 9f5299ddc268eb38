//! `fondaco data show`.

use fondaco_app::data::{Shown, show};
use fondaco_domain::Symbol;
use serde::Serialize;

use super::options::{SelectorArgs, StoreArgs, grouped};
use crate::context::{Context, block_on};
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Options of `fondaco data show`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A version is named by the hash of its rows: the same rows have the same name wherever they \
                  are stored.\n\nExamples:\n  fondaco data show BTC/USDT\n  \
                  fondaco data show AAPL --venue nasdaq --timeframe 1d"
)]
pub(crate) struct Args {
    /// The instrument.
    symbol: Symbol,
    #[command(flatten)]
    selector: SelectorArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let store = args.store.open(context)?;
    let selector = args.selector.with(Some(&args.symbol));
    let datasets = block_on(show(&store, &selector))??;
    Ok(context.output.print(&Histories { datasets })?)
}

#[derive(Debug, Serialize)]
struct Histories {
    datasets: Vec<Shown>,
}

impl View for Histories {
    fn text(&self, style: Style) -> String {
        let one = |shown: &Shown| {
            let mut table = Table::new([
                ("Version", Align::Right),
                ("Id", Align::Left),
                ("Candles", Align::Right),
                ("First", Align::Left),
                ("Last", Align::Left),
                ("Made", Align::Left),
                ("From", Align::Left),
            ]);
            for version in shown.versions.iter().rev() {
                table.row([
                    version.number.to_string().into(),
                    version.id.short().into(),
                    grouped(version.rows).into(),
                    version.first.to_string().into(),
                    version.last.to_string().into(),
                    Cell::dim(version.created_at.to_string()),
                    Cell::dim(version.source.as_str()),
                ]);
            }
            let title = style.bold(&shown.dataset.to_string());
            format!("{title}\n{}", table.render(style))
        };
        let all: Vec<String> = self.datasets.iter().map(one).collect();
        all.join("\n")
    }
}
