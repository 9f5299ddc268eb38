//! `fondaco news list`.

use fondaco_app::ports::research::{Held, ResearchIndex as _, ResearchStore as _, Shelf};
use serde::Serialize;

use super::{HorizonArgs, open};
use crate::commands::data::options::grouped;
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::table::{Align, Table};

/// Options of `fondaco news list`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco news list\n  fondaco news list --at 2025-03-05 --output json"
)]
pub(crate) struct Args {
    #[command(flatten)]
    horizon: HorizonArgs,
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let store = open(context)?;
    let held = store.held(Shelf::Stories, args.horizon.horizon()?)?;
    let listed = Listed {
        symbols: held.into_iter().map(Line::from).collect(),
        place: store.place()?,
    };
    Ok(context.output.print(&listed)?)
}

#[derive(Debug, Serialize)]
struct Listed {
    symbols: Vec<Line>,
    place: u64,
}

/// What there is about one instrument.
#[derive(Debug, Serialize)]
struct Line {
    /// None for stories that name none.
    symbol: Option<String>,
    stories: u64,
    first: String,
    last: String,
}

impl From<Held> for Line {
    fn from(held: Held) -> Self {
        Self {
            symbol: held.symbol.map(Into::into),
            stories: held.count,
            first: held.first.timestamp().to_string(),
            last: held.last.timestamp().to_string(),
        }
    }
}

impl View for Listed {
    fn text(&self, style: Style) -> String {
        if self.symbols.is_empty() {
            return "no stories: import some with `fondaco news import`\n".to_owned();
        }
        let mut table = Table::new([
            ("Symbol", Align::Left),
            ("Stories", Align::Right),
            ("First", Align::Left),
            ("Last", Align::Left),
        ]);
        for line in &self.symbols {
            table.row([
                line.symbol.as_deref().unwrap_or("none").into(),
                grouped(line.stories).into(),
                line.first.as_str().into(),
                line.last.as_str().into(),
            ]);
        }
        table.render(style)
    }
}
