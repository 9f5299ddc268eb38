//! `fondaco simulate status`.

use std::fmt::Write as _;

use fondaco_app::simulation::shown::{Shown, status_of};
use fondaco_contract::v1alpha1::simulation::{DayLine, DayStatus, Progress};
use fondaco_domain::task::TaskNo;
use serde::Serialize;

use super::simulations;
use crate::commands::run::OneRun;
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco simulate status 3f2a9c01d4e5 --limit 100")]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneRun,
    /// Model-days at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    limit: usize,
    /// Model-days after this place of the plan: `next` of the page before.
    #[arg(long, value_name = "PLACE")]
    after: Option<u32>,
}

/// A simulation as it stands.
#[derive(Debug, Serialize)]
pub(crate) struct StatusView {
    run_id: String,
    status: &'static str,
    progress: Progress,
    models: Vec<String>,
    from: Option<String>,
    to: Option<String>,
    warnings: Vec<String>,
    days: Vec<DayLine>,
    next: Option<u32>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (client, id) = args.one.open(context)?;
    let simulations = simulations(&client);
    let shown = simulations.show(id)?;
    let page = simulations.days(id, args.after.map(TaskNo), args.limit)?;
    Ok(context
        .output
        .print(&StatusView::of(&shown, page.days, page.next))?)
}

impl StatusView {
    pub(crate) fn of(shown: &Shown, days: Vec<DayLine>, next: Option<TaskNo>) -> Self {
        let date = |date: Option<&fondaco_contract::v1alpha1::simulation::SimDate>| {
            date.map(ToString::to_string)
        };
        Self {
            run_id: shown.run.id.to_string(),
            status: status_of(&shown.run, &shown.job, &shown.progress),
            progress: shown.progress,
            models: shown
                .job
                .models
                .iter()
                .map(|model| model.name.clone())
                .collect(),
            from: date(shown.job.dates.first()),
            to: date(shown.job.dates.last()),
            warnings: shown.warnings.clone(),
            days,
            next: next.map(|no| no.0),
        }
    }
}

impl View for StatusView {
    fn text(&self, style: Style) -> String {
        let it = &self.progress;
        let mut text = format!(
            "{}  {}\n{} model-days: {} completed, {} failed, {} skipped, {} running, {} pending\n",
            style.bold(&self.run_id),
            self.status,
            it.total_model_days,
            it.completed,
            it.failed,
            it.skipped,
            it.running,
            it.pending,
        );
        for warning in &self.warnings {
            let _ = writeln!(text, "! {warning}");
        }
        if self.days.is_empty() {
            return text;
        }
        let mut table = Table::new([
            ("date", Align::Left),
            ("model", Align::Left),
            ("status", Align::Left),
            ("reason", Align::Left),
        ]);
        for day in &self.days {
            let status = match day.status {
                DayStatus::Completed => Cell::good(day.status.as_str()),
                DayStatus::Failed => Cell::bad(day.status.as_str()),
                _ => Cell::dim(day.status.as_str()),
            };
            table.row([
                Cell::from(day.date.to_string().as_str()),
                Cell::from(day.model.as_str()),
                status,
                Cell::from(day.error.as_deref().unwrap_or_default()),
            ]);
        }
        text.push('\n');
        text.push_str(&table.render(style));
        if let Some(next) = self.next {
            let _ = writeln!(text, "more: --after {next}");
        }
        text
    }
}
