//! `fondaco analysis list`.

use fondaco_app::analysis::shown::Shown;
use fondaco_app::ports::runs::RunQuery;
use fondaco_domain::signal::{Probability, Rating};
use serde::Serialize;

use super::analyses;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco analysis list --limit 50")]
pub(crate) struct Args {
    /// Analyses at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    store: StoreArgs,
}

/// Analyses, the newest first.
#[derive(Debug, Serialize)]
struct List {
    analyses: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    run_id: String,
    state: &'static str,
    progress: u8,
    created_at: String,
    items: Vec<Decided>,
}

#[derive(Debug, Serialize)]
struct Decided {
    item: String,
    date: String,
    state: &'static str,
    decision: Option<&'static str>,
    confidence: Option<f64>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let query = RunQuery {
        limit: Some(args.limit),
        ..RunQuery::default()
    };
    let listed = analyses(&client).list(&query)?;
    let list = List {
        analyses: listed.iter().map(Line::of).collect(),
    };
    Ok(context.output.print(&list)?)
}

impl Line {
    fn of(shown: &Shown) -> Self {
        let items = shown.items.iter().map(|item| {
            let result = item.result.as_ref();
            Decided {
                item: item.key.clone(),
                date: item.item.date.to_string(),
                state: item.state.as_str(),
                decision: result.and_then(|it| it.decision).map(Rating::as_str),
                confidence: result.and_then(|it| it.confidence).map(Probability::get),
            }
        });
        Self {
            run_id: shown.run.id.to_string(),
            state: shown.run.state.as_str(),
            progress: shown.progress(),
            created_at: shown.run.created_at.to_string(),
            items: items.collect(),
        }
    }
}

impl View for List {
    fn text(&self, style: Style) -> String {
        if self.analyses.is_empty() {
            return "there are no analyses: ask for one with `fondaco analyze TICKER`\n".to_owned();
        }
        let mut table = Table::new([
            ("run", Align::Left),
            ("created", Align::Left),
            ("state", Align::Left),
            ("item", Align::Left),
            ("date", Align::Left),
            ("decision", Align::Left),
            ("confidence", Align::Right),
        ]);
        for line in &self.analyses {
            for (place, item) in line.items.iter().enumerate() {
                // What is the same for all items stands beside the first.
                let once = |text: &str| Cell::from(if place == 0 { text } else { "" });
                let confidence = item
                    .confidence
                    .map_or("-".to_owned(), |it| format!("{it:.2}"));
                table.row([
                    once(&line.run_id),
                    once(&line.created_at),
                    once(line.state),
                    Cell::from(item.item.as_str()),
                    Cell::from(item.date.as_str()),
                    Cell::from(item.decision.unwrap_or(item.state)),
                    Cell::from(confidence),
                ]);
            }
        }
        table.render(style)
    }
}
