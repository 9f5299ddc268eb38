//! `fondaco simulate show`.

use std::fmt::Write as _;

use fondaco_contract::v1alpha1::simulation::{ActionState, ModelDay, SimDate};
use serde::Serialize;

use super::simulations;
use crate::commands::run::OneRun;
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Which.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fondaco simulate show 3f2a9c01d4e5 --date 2025-03-04 --model rule-based --conversation"
)]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneRun,
    /// The day, or the hour as `2025-10-01 10:00:00`.
    #[arg(long)]
    date: SimDate,
    /// The name of the model in the run.
    #[arg(long)]
    model: String,
    /// With all that was said.
    #[arg(long)]
    conversation: bool,
}

/// A day of a model: as JSON its document.
#[derive(Debug, Serialize)]
struct DayView {
    #[serde(flatten)]
    day: ModelDay,
    #[serde(skip)]
    conversation: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (client, id) = args.one.open(context)?;
    let day = simulations(&client).day(id, args.date, &args.model)?;
    Ok(context.output.print(&DayView {
        day,
        conversation: args.conversation,
    })?)
}

impl View for DayView {
    fn text(&self, style: Style) -> String {
        let day = &self.day;
        let mut text = format!(
            "{} on {}\nstart {:.2}, profit {:.2} ({:+.2} %), end {:.2} with {:.2} in cash\n",
            style.bold(&day.model),
            day.date,
            day.start.value,
            day.figures.profit,
            day.figures.return_pct,
            day.end.value,
            day.end.cash,
        );
        let mut table = Table::new([
            ("action", Align::Left),
            ("symbol", Align::Left),
            ("quantity", Align::Right),
            ("price", Align::Right),
            ("state", Align::Left),
        ]);
        for action in &day.actions {
            let (price, state) = match &action.state {
                ActionState::Filled { price, .. } => (price.to_string(), "filled".to_owned()),
                ActionState::Waiting => (String::new(), "waits for the next open".to_owned()),
                ActionState::Refused { reason } => (String::new(), format!("refused: {reason}")),
                ActionState::Booked { amount, .. } => (amount.to_string(), "booked".to_owned()),
            };
            let symbol = action.symbol.as_ref().map(ToString::to_string);
            table.row([
                Cell::from(action.kind.as_str()),
                Cell::from(symbol.unwrap_or_default().as_str()),
                Cell::from(action.quantity.to_string().as_str()),
                Cell::from(price.as_str()),
                Cell::from(state.as_str()),
            ]);
        }
        text.push('\n');
        text.push_str(&table.render(style));
        if let Some(summary) = &day.session.summary {
            let _ = writeln!(text, "\n{summary}");
        }
        if self.conversation {
            for said in &day.session.conversation {
                let who = said.tool.as_deref().unwrap_or(said.role.as_str());
                let _ = writeln!(text, "\n{}\n{}", style.bold(who), said.text);
            }
        }
        text
    }
}
