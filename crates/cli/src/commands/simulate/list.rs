//! `fondaco simulate list`.

use fondaco_app::simulation::shown::status_of;
use fondaco_contract::v1alpha1::simulation::Progress;
use serde::Serialize;

use super::simulations;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco simulate list --limit 50")]
pub(crate) struct Args {
    /// Simulations at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    store: StoreArgs,
}

/// Simulations, the newest first.
#[derive(Debug, Serialize)]
struct List {
    simulations: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    run_id: String,
    status: &'static str,
    created_at: String,
    models: Vec<String>,
    book: Option<String>,
    progress: Progress,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let listed = simulations(&client).list(args.limit)?;
    let line = |shown: &fondaco_app::simulation::shown::Shown| Line {
        run_id: shown.run.id.to_string(),
        status: status_of(&shown.run, &shown.job, &shown.progress),
        created_at: shown.run.created_at.to_string(),
        models: shown
            .job
            .models
            .iter()
            .map(|model| model.name.clone())
            .collect(),
        book: shown.job.book.clone(),
        progress: shown.progress,
    };
    let list = List {
        simulations: listed.iter().map(line).collect(),
    };
    Ok(context.output.print(&list)?)
}

impl View for List {
    fn text(&self, style: Style) -> String {
        if self.simulations.is_empty() {
            return "there are no simulations: ask for one with `fondaco simulate run`\n"
                .to_owned();
        }
        let mut table = Table::new([
            ("run", Align::Left),
            ("created", Align::Left),
            ("status", Align::Left),
            ("models", Align::Left),
            ("book", Align::Left),
            ("model-days", Align::Right),
            ("done", Align::Right),
        ]);
        for line in &self.simulations {
            let it = &line.progress;
            table.row([
                Cell::from(line.run_id.as_str()),
                Cell::from(line.created_at.as_str()),
                Cell::from(line.status),
                Cell::from(line.models.join(", ").as_str()),
                Cell::from(line.book.as_deref().unwrap_or("-")),
                Cell::from(it.total_model_days.to_string().as_str()),
                Cell::from((it.completed + it.failed + it.skipped).to_string().as_str()),
            ]);
        }
        table.render(style)
    }
}
