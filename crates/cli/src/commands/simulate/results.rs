//! `fondaco simulate results`.

use std::fmt::Write as _;

use fondaco_app::simulation::results::Whole;
use fondaco_contract::v1alpha1::simulation::{ModelLine, SimulationResult};
use serde::Serialize;

use super::simulations;
use crate::commands::run::OneRun;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::simulation::Shelves;
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Which.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco simulate results 3f2a9c01d4e5 --output json")]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneRun,
}

/// What came of a simulation: as JSON the published form.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct ResultView(SimulationResult);

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (client, id) = args.one.open(context)?;
    let shelves = Shelves::open(context)?;
    let whole = simulations(&client).result(id, shelves.sources())?;
    Ok(context.output.print(&ResultView::of(&whole))?)
}

impl ResultView {
    pub(crate) fn of(whole: &Whole) -> Self {
        Self(whole.result.clone())
    }
}

impl View for ResultView {
    fn text(&self, style: Style) -> String {
        let it = &self.0.progress;
        let mut text = format!(
            "{}  {}\n{} model-days: {} completed, {} failed, {} skipped; orders filled at {}\n",
            style.bold(&self.0.run),
            self.0.status,
            it.total_model_days,
            it.completed,
            it.failed,
            it.skipped,
            self.0.execution,
        );
        for warning in &self.0.warnings {
            let _ = writeln!(text, "! {warning}");
        }
        let mut table = Table::new([
            ("", Align::Left),
            ("value", Align::Right),
            ("return", Align::Right),
            ("drawdown", Align::Right),
            ("sharpe", Align::Right),
            ("trades", Align::Right),
            ("costs", Align::Right),
            ("tokens", Align::Right),
            ("paid", Align::Right),
            ("cut-off", Align::Left),
        ]);
        for line in &self.0.models {
            table.row(cells(line));
        }
        for line in &self.0.baselines {
            table.row(cells(line));
        }
        text.push('\n');
        text.push_str(&table.render(style));
        text
    }
}

fn cells(line: &ModelLine) -> [Cell; 10] {
    let none = || "-".to_owned();
    let value = line.values.last();
    let value = value.map_or_else(none, |point| format!("{:.2}", point.value));
    let is_model = line.model.is_some();
    let of_model = |text: String| if is_model { text } else { String::new() };
    [
        Cell::from(line.name.as_str()),
        Cell::from(value.as_str()),
        match line.return_pct {
            Some(pct) => Cell::signed(format!("{pct:+.2} %"), pct),
            None => Cell::from("-"),
        },
        Cell::from(
            line.max_drawdown_pct
                .map_or_else(none, |pct| format!("{pct:.2} %"))
                .as_str(),
        ),
        Cell::from(
            line.sharpe_annualised
                .map_or_else(none, |it| format!("{it:.2}"))
                .as_str(),
        ),
        Cell::from(of_model(line.trades.to_string()).as_str()),
        Cell::from(of_model(format!("{:.2}", line.costs)).as_str()),
        Cell::from(of_model(line.tokens.to_string()).as_str()),
        Cell::from(of_model(format!("${:.4}", line.cost_nano as f64 / 1e9)).as_str()),
        Cell::dim(
            line.training_cutoff
                .clone()
                .unwrap_or_default()
                .replace('_', " "),
        ),
    ]
}
