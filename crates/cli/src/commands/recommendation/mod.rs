//! `fondaco recommendation`.

mod list;
mod show;

use clap::Subcommand;
use fondaco_app::recommendations::{Recommendation, RecommendationPage};
use fondaco_domain::signal::Direction;
use serde::Serialize;
use serde::ser::SerializeMap as _;

use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Verbs of `fondaco recommendation`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What was decided, the newest day first; or how the ratings are spread.
    #[command(visible_alias = "ls")]
    List(list::Args),
    /// What was decided about a ticker on a day.
    Show(show::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::List(args) => list::run(args, context),
        Command::Show(args) => show::run(args, context),
    }
}

/// A page of what was decided, under the name of what it is listed as.
#[derive(Debug)]
pub(crate) struct Listing {
    name: &'static str,
    page: RecommendationPage,
    none: &'static str,
}

impl Listing {
    pub(crate) fn of(name: &'static str, page: RecommendationPage, none: &'static str) -> Self {
        Self { name, page, none }
    }
}

impl Serialize for Listing {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry(self.name, &self.page.recommendations)?;
        map.serialize_entry("total", &self.page.total)?;
        map.serialize_entry("unreadable", &self.page.unreadable)?;
        map.end()
    }
}

impl View for Listing {
    fn text(&self, style: Style) -> String {
        let unreadable = match self.page.unreadable.len() {
            0 => String::new(),
            count => style.bad(&format!("the decisions of {count} runs cannot be read\n")),
        };
        if self.page.recommendations.is_empty() {
            return self.none.to_owned() + &unreadable;
        }
        let mut table = Table::new([
            ("Date", Align::Left),
            ("Ticker", Align::Left),
            ("Decision", Align::Left),
            ("Confidence", Align::Right),
            ("Quant", Align::Left),
            ("LLM", Align::Left),
            ("Model", Align::Left),
            ("Run", Align::Left),
        ]);
        for one in &self.page.recommendations {
            table.row(row(one));
        }
        let shown = self.page.recommendations.len();
        let more = match self.page.total - shown {
            0 => String::new(),
            _ => style.dim(&format!("{shown} of {}\n", self.page.total)),
        };
        table.render(style) + &more + &unreadable
    }
}

fn row(one: &Recommendation) -> [Cell; 8] {
    let lane = |lane: Option<fondaco_app::recommendations::Lane>| match lane {
        Some(lane) => format!("{} {:.2}", lane.rating.as_str(), lane.confidence.get()).into(),
        None => Cell::dim("absent"),
    };
    let degraded = if one.degraded { " (degraded)" } else { "" };
    let decision = format!("{}{degraded}", one.decision.as_str());
    [
        one.date.to_string().into(),
        one.ticker.to_string().into(),
        match one.direction {
            Direction::Long => Cell::good(decision),
            Direction::Flat => decision.into(),
            Direction::Short => Cell::bad(decision),
        },
        format!("{:.2}", one.confidence.get()).into(),
        lane(one.quant),
        lane(one.llm),
        one.model.clone().unwrap_or_else(|| "-".to_owned()).into(),
        Cell::dim(one.run.to_string()),
    ]
}
