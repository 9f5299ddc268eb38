//! `fondaco simulate report`.

use std::path::PathBuf;

use fondaco_app::simulation::results::Whole;
use fondaco_app::simulation::trading::account;
use fondaco_engine::ranking::{ModelRow, NoInterval};
use fondaco_report::simulation::{Repeated, Simulation, render};
use fondaco_store::results::write_file;
use serde::Serialize;

use super::simulations;
use crate::commands::run::OneRun;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::simulation::Shelves;
use crate::output::{Style, View, write_raw};

/// Which simulation and where to.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco simulate report 3f2a9c01d4e5 --out simulation.html")]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneRun,
    /// File to write [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Written {
    report: PathBuf,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (client, id) = args.one.open(context)?;
    let shelves = Shelves::open(context)?;
    let whole = simulations(&client).result(id, shelves.sources())?;
    let html = page(&whole);
    match &args.out {
        None => write_raw(html.as_bytes())?,
        Some(path) => {
            write_file(path, html.as_bytes())?;
            context.output.print(&Written {
                report: path.clone(),
            })?;
        }
    }
    Ok(())
}

fn page(whole: &Whole) -> String {
    let shown = &whole.shown;
    let models = whole.board.rows.iter().filter(|row| row.runs.len() > 1);
    let repeats: Vec<Repeated> = models.map(|row| repeated(row, whole.board.level)).collect();
    render(&Simulation {
        asked_at: &shown.run.created_at.to_string(),
        job: &shown.job,
        account: &account(&shown.job.account),
        result: &whole.result,
        days: &whole.days,
        repeats: &repeats,
    })
}

fn repeated(row: &ModelRow, level: f64) -> Repeated {
    let spread = &row.total_return;
    let why = match spread.no_interval {
        Some(NoInterval::NoRun) => "no run has a return",
        Some(NoInterval::OneRun) => "one run says nothing of the next",
        Some(NoInterval::EqualRuns) => "all runs are equal: one run, repeated",
        None => "not known",
    };
    let interval = spread.interval.map(|it| [it.low * 100.0, it.high * 100.0]);
    Repeated {
        model: row.name.clone(),
        runs: spread.runs,
        mean_return_pct: spread.mean.map(|mean| mean * 100.0),
        interval_pct: interval.ok_or_else(|| why.to_owned()),
        level,
    }
}

impl View for Written {
    fn text(&self, style: Style) -> String {
        format!("{} {}\n", style.dim("written"), self.report.display())
    }
}
