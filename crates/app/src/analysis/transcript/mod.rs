//! A whole debate as a page of Markdown: who said what, asked of which model,
//! on what data, and what it cost.
//!
//! What models wrote is quoted line by line and cannot become markup of the
//! page.

mod plain;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use fondaco_contract::v1alpha1::analysis::{
    AnalysisItem, CallTokens, NodeAnswer, NodeOutcome, NodeReport, Read,
};
use fondaco_domain::signal::Direction;
use serde_json::Value;

use super::keys::{self, Node, Stage};
use crate::ports::model::NanoDollars;
use plain::{inline, quoted};

/// The transcript of one item's reports, in the order of the plan.
pub fn transcript(item: &AnalysisItem, reports: &[NodeReport]) -> String {
    let mut page = format!("# {} on {}\n\n", inline(item.ticker.as_str()), item.date);
    page.push_str(&overview(reports));
    let strategy = |report: &&NodeReport| stage(report).is_none();
    section(&mut page, "Strategy", reports.iter().filter(strategy));
    for stage in Stage::ALL {
        let of_stage = |report: &&NodeReport| self::stage(report) == Some(stage);
        section(&mut page, title(stage), reports.iter().filter(of_stage));
    }
    page
}

fn stage(report: &NodeReport) -> Option<Stage> {
    keys::split(&report.node).and_then(|(_, node)| node.stage())
}

fn title(stage: Stage) -> &'static str {
    match stage {
        Stage::Analysts => "Analysts",
        Stage::Research => "Research",
        Stage::Trading => "Trading",
        Stage::Risk => "Risk",
        Stage::Portfolio => "Decision",
    }
}

/// A line for each node: what it came to and what it took.
fn overview(reports: &[NodeReport]) -> String {
    let mut table = String::from(
        "| who | model | outcome | calls | tokens in | kept | out | cost | time |\n\
         | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut whole = Took::default();
    for report in reports {
        let took = Took::of(report);
        whole.add(&took);
        let model = report.model.as_deref().map_or("none".to_owned(), inline);
        let outcome = outcome(&report.outcome);
        let _infallible = writeln!(
            table,
            "| {} | {model} | {outcome} | {} |",
            name(report),
            took.cells(),
        );
    }
    let _infallible = writeln!(table, "| all | | | {} |", whole.cells());
    table
}

/// What a node, or all of them, took.
#[derive(Debug, Default)]
struct Took {
    calls: usize,
    tokens: CallTokens,
    cost_nano: i64,
    micros: u64,
}

impl Took {
    fn of(report: &NodeReport) -> Self {
        let mut took = Self::default();
        for call in &report.calls {
            took.add(&Self {
                calls: 1,
                tokens: call.tokens,
                cost_nano: call.cost_nano,
                micros: call.took_micros,
            });
        }
        took
    }

    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.tokens.input += other.tokens.input;
        self.tokens.cached += other.tokens.cached;
        self.tokens.output += other.tokens.output;
        self.cost_nano = self.cost_nano.saturating_add(other.cost_nano);
        self.micros = self.micros.saturating_add(other.micros);
    }

    fn cells(&self) -> String {
        format!(
            "{} | {} | {} | {} | {} | {:.1} s",
            self.calls,
            self.tokens.input,
            self.tokens.cached,
            self.tokens.output,
            NanoDollars(self.cost_nano),
            self.micros as f64 / 1e6,
        )
    }
}

/// `Bull, round 2`.
fn name(report: &NodeReport) -> String {
    let node = keys::split(&report.node).map(|(_, node)| node);
    let role = report.role.as_str().replace('_', " ");
    let mut letters = role.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let role: String = first.into_iter().chain(letters).collect();
    match node {
        Some(
            Node::Bull(round)
            | Node::Bear(round)
            | Node::Aggressive(round)
            | Node::Conservative(round)
            | Node::Neutral(round),
        ) => format!("{role}, round {round}"),
        _ => role,
    }
}

/// In a word or two.
fn outcome(outcome: &NodeOutcome) -> String {
    match outcome {
        NodeOutcome::Answered(answer) => match (answer.rating, answer.direction) {
            (Some(rating), _) => rating.as_str().to_owned(),
            (None, Some(direction)) => way(direction).to_owned(),
            (None, None) => "argued".to_owned(),
        },
        NodeOutcome::Abstained(_) => "nothing to say".to_owned(),
        NodeOutcome::Degraded(degraded) => format!("no answer: {}", inline(&degraded.reason)),
    }
}

fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => "up",
        Direction::Flat => "neither",
        Direction::Short => "down",
    }
}

/// Nothing where nobody belongs to it.
fn section<'a>(page: &mut String, title: &str, reports: impl Iterator<Item = &'a NodeReport>) {
    let mut reports = reports.peekable();
    if reports.peek().is_none() {
        return;
    }
    let _infallible = writeln!(page, "\n## {title}");
    for report in reports {
        let _infallible = writeln!(page, "\n### {}\n", name(report));
        let said = match &report.outcome {
            NodeOutcome::Answered(answer) => answered(answer),
            NodeOutcome::Abstained(abstention) => {
                format!("Nothing to say:\n\n{}", quoted(&abstention.why))
            }
            NodeOutcome::Degraded(degraded) => format!(
                "No usable answer ({}):\n\n{}",
                inline(&degraded.reason),
                quoted(&degraded.detail)
            ),
        };
        page.push_str(&said);
        page.push_str(&read(&report.read));
    }
}

fn answered(answer: &NodeAnswer) -> String {
    let mut said = String::new();
    let sure = answer
        .confidence
        .map(|sure| format!(", confidence {:.2}", sure.get()));
    let sure = sure.unwrap_or_default();
    let lean = match (answer.rating, answer.direction) {
        (Some(rating), _) => Some(format!("**{}**{sure}", rating.as_str())),
        (None, Some(direction)) => Some(format!("**{}**{sure}", way(direction))),
        (None, None) => None,
    };
    if let Some(lean) = lean {
        let _infallible = writeln!(said, "{lean}\n");
    }
    said.push_str(&quoted(&answer.text));
    list(&mut said, "Points", &answer.points);
    for (field, title) in [
        ("rebuts", "Answers to the other side"),
        ("warnings", "Warnings"),
    ] {
        let texts = answer.document[field].as_array();
        let texts = texts.into_iter().flatten().filter_map(Value::as_str);
        let texts: Vec<String> = texts.map(str::to_owned).collect();
        list(&mut said, title, &texts);
    }
    said
}

fn list(page: &mut String, title: &str, entries: &[String]) {
    if entries.is_empty() {
        return;
    }
    let _infallible = writeln!(page, "\n{title}:\n");
    for entry in entries {
        let _infallible = writeln!(page, "- {}", inline(entry));
    }
}

/// The data behind it, with the window of each.
fn read(read: &[Read]) -> String {
    let lines: Vec<String> = read
        .iter()
        .map(|read| {
            let window = match (&read.from, &read.until) {
                (Some(from), Some(until)) => format!(", {} to {}", inline(from), inline(until)),
                (None, Some(until)) => format!(", to {}", inline(until)),
                (Some(from), None) => format!(", from {}", inline(from)),
                (None, None) => String::new(),
            };
            format!(
                "{} from {}: {} rows{window}",
                inline(&read.tool),
                inline(&read.source),
                read.rows,
            )
        })
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    let mut page = String::from("\nRead:\n\n");
    for line in lines {
        let _infallible = writeln!(page, "- {line}");
    }
    page
}
