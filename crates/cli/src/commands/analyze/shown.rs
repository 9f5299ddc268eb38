//! What came of an analysis, on a terminal.

use std::fmt::Write as _;

use fondaco_app::analysis::keys::{self, Stage};
use fondaco_app::analysis::shown::{ItemShown, Shown};
use fondaco_app::ports::model::NanoDollars;
use fondaco_contract::v1alpha1::analysis::{
    AnalysisResult, CountedLane, Evidence, LaneResult, MergePolicyName, MergedResult, NodeRole,
};
use fondaco_domain::signal::{Direction, Probability};
use serde::Serialize;

use crate::output::{Style, View as Printed};
use crate::table::{Align, Cell, Table};

/// An analysis: its run, and the result of each item in the order of the job.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    run_id: String,
    state: &'static str,
    progress: u8,
    items: Vec<Item>,
}

#[derive(Debug, Serialize)]
struct Item {
    /// Its name in the run: the ticker, with the day where there are several.
    key: String,
    state: &'static str,
    progress: u8,
    stage: Option<&'static str>,
    /// The published result; absent where there is none yet.
    result: Option<AnalysisResult>,
    /// Why there is none, where the result does not say it.
    failure: Option<String>,
}

impl View {
    pub(crate) fn of(shown: &Shown) -> Self {
        Self {
            run_id: shown.run.id.to_string(),
            state: shown.run.state.as_str(),
            progress: shown.progress(),
            items: shown.items.iter().map(Item::of).collect(),
        }
    }
}

impl Item {
    fn of(item: &ItemShown) -> Self {
        Self {
            key: item.key.clone(),
            state: item.state.as_str(),
            progress: item.progress,
            stage: item.current.map(Stage::as_str),
            result: item.result.clone(),
            failure: item.failure.clone(),
        }
    }
}

impl Printed for View {
    fn text(&self, style: Style) -> String {
        let mut text = match &self.items[..] {
            [one] => one.closely(style),
            several => overview(several, style),
        };
        let _ = writeln!(
            text,
            "{}",
            style.dim(&format!(
                "run {} is {}; all that was said: fondaco analysis transcript {}",
                self.run_id, self.state, self.run_id
            ))
        );
        text
    }
}

fn overview(items: &[Item], style: Style) -> String {
    let mut table = Table::new([
        ("item", Align::Left),
        ("state", Align::Left),
        ("decision", Align::Left),
        ("confidence", Align::Right),
        ("quant", Align::Left),
        ("llm", Align::Left),
        ("reasons", Align::Left),
    ]);
    for item in items {
        let result = item.result.as_ref();
        let lane = |of: fn(&AnalysisResult) -> &LaneResult| {
            result.map_or("-".to_owned(), |result| lane(of(result)))
        };
        let codes = result.iter().flat_map(|it| &it.degradation.reason_codes);
        let codes: Vec<&str> = codes.map(|code| code.as_str()).collect();
        table.row([
            Cell::from(item.key.as_str()),
            Cell::from(item.state),
            decision(result),
            Cell::from(
                result
                    .and_then(|it| it.confidence)
                    .map_or("-".to_owned(), two),
            ),
            Cell::from(lane(|result| &result.signals.quant)),
            Cell::from(lane(|result| &result.signals.llm)),
            Cell::from(item.failure.clone().unwrap_or_else(|| codes.join(", "))),
        ]);
    }
    table.render(style)
}

fn decision(result: Option<&AnalysisResult>) -> Cell {
    match result.and_then(|result| result.decision) {
        Some(rating) => {
            let (direction, _) = rating.meaning();
            Cell::signed(rating.as_str(), direction.sign())
        }
        None => Cell::dim("none"),
    }
}

impl Item {
    fn closely(&self, style: Style) -> String {
        let mut text = String::new();
        let Some(result) = &self.result else {
            let why = self.failure.as_deref().unwrap_or("it has not ended");
            let _ = writeln!(text, "{} is {}: {why}", self.key, self.state);
            return text;
        };
        let _ = writeln!(text, "{}", headline(result, style));
        if let Some(merged) = &result.signals.merged {
            let _ = writeln!(text, "{}", style.dim(&formula(merged, result.confidence)));
        }
        for (name, lane, why) in [
            (
                "quant",
                &result.signals.quant,
                &result.degradation.source_diagnostics.quant,
            ),
            (
                "llm",
                &result.signals.llm,
                &result.degradation.source_diagnostics.llm,
            ),
        ] {
            let said = match why {
                Some(why) => {
                    let error = why.error.as_deref().unwrap_or_default();
                    format!("absent: {} {error}", why.reason_code.as_str())
                }
                None => self::lane(lane),
            };
            let _ = writeln!(text, "  {name:<6} {said}");
        }
        nodes(result, style, &mut text);
        let budget = &result.budget;
        let _ = writeln!(
            text,
            "{} calls, {} tokens of questions ({} of them kept by the provider), {} of answers, {}",
            budget.calls,
            tokens(budget.input_tokens),
            tokens(budget.cached_tokens),
            tokens(budget.output_tokens),
            dollars(budget.cost_nano),
        );
        text
    }
}

fn headline(result: &AnalysisResult, style: Style) -> String {
    let about = format!("{} on {}", result.ticker, result.date);
    match (result.decision, result.confidence) {
        (Some(rating), Some(confidence)) => {
            let word = style.bold(rating.as_str());
            let degraded = if result.degradation.degraded {
                ", with something missing"
            } else {
                ""
            };
            format!(
                "{about}: {word} with confidence {}{degraded}",
                two(confidence)
            )
        }
        _ => format!("{about}: {}", style.bad("no decision")),
    }
}

/// `capped_sum: |0.50 + 0.90| / 1.40 = 1.00`.
fn formula(merged: &MergedResult, confidence: Option<Probability>) -> String {
    let counted: Vec<String> = merged.counted.iter().map(counted).collect();
    let name = match merged.policy.policy {
        MergePolicyName::CappedSum => "capped_sum",
        MergePolicyName::LogOdds => "log_odds",
    };
    let confidence = confidence.map_or(String::new(), two);
    if let [alone] = merged.counted[..] {
        return format!(
            "  {} alone: {} times its penalty{} = {confidence}",
            alone.source.as_str(),
            two(alone.stated),
            missing(alone),
        );
    }
    format!(
        "  {name} of {}, over {:.2} = {confidence}",
        counted.join(" and "),
        merged.denominator
    )
}

fn counted(lane: &CountedLane) -> String {
    let counted = two(lane.counted);
    let source = lane.source.as_str();
    if lane.counted == lane.stated {
        return format!("{source} {counted}");
    }
    let factor = missing(*lane);
    format!("{source} {counted} (it said {}{factor})", two(lane.stated))
}

fn missing(lane: CountedLane) -> String {
    if lane.factor < Probability::ONE {
        format!(" times {} for what is missing", two(lane.factor))
    } else {
        String::new()
    }
}

/// `up 0.60 (OVERWEIGHT)`, or that there is none.
fn lane(lane: &LaneResult) -> String {
    let (Some(direction), Some(confidence), Some(rating)) =
        (lane.direction, lane.confidence, lane.rating)
    else {
        return "absent".to_owned();
    };
    format!(
        "{} {} ({})",
        arrow(direction),
        two(confidence),
        rating.as_str()
    )
}

fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => "up",
        Direction::Flat => "flat",
        Direction::Short => "down",
    }
}

fn nodes(result: &AnalysisResult, style: Style, text: &mut String) {
    if result.evidence.is_empty() {
        return;
    }
    let mut table = Table::new([
        ("node", Align::Left),
        ("says", Align::Left),
        ("in short", Align::Left),
    ]);
    for evidence in &result.evidence {
        table.row([
            Cell::from(name(evidence)),
            says(evidence),
            Cell::from(short(&evidence.text)),
        ]);
    }
    let _ = write!(text, "\n{}\n", table.render(style));
}

fn name(evidence: &Evidence) -> String {
    let known = keys::split(&evidence.node);
    known.map_or_else(|| evidence.node.clone(), |(_, node)| node.to_string())
}

fn says(evidence: &Evidence) -> Cell {
    let argues = !matches!(
        evidence.role,
        NodeRole::Bull
            | NodeRole::Bear
            | NodeRole::Aggressive
            | NodeRole::Conservative
            | NodeRole::Neutral
    );
    match (evidence.outcome.as_str(), evidence.direction) {
        ("answered", Some(direction)) => {
            let sure = evidence
                .confidence
                .map_or(String::new(), |it| format!(" {}", two(it)));
            Cell::signed(format!("{}{sure}", arrow(direction)), direction.sign())
        }
        ("answered", None) if !argues => Cell::dim("argues"),
        ("abstained", _) => Cell::dim("nothing to say"),
        ("degraded", _) => Cell::bad("no answer"),
        (other, _) => Cell::from(other),
    }
}

/// Its first sentence, or as much as a line has room for.
fn short(text: &str) -> String {
    const ROOM: usize = 76;
    let line = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let sentence = line.find(". ").map_or(line, |end| &line[..=end]);
    if sentence.chars().count() <= ROOM {
        return sentence.to_owned();
    }
    let cut: String = sentence.chars().take(ROOM - 1).collect();
    format!("{}…", cut.trim_end())
}

fn two(number: Probability) -> String {
    format!("{:.2}", number.get())
}

/// `950`, `12.3k`.
pub(super) fn tokens(count: u64) -> String {
    if count < 1_000 {
        count.to_string()
    } else {
        format!("{:.1}k", count as f64 / 1_000.0)
    }
}

pub(super) fn dollars(nano: i64) -> String {
    NanoDollars(nano).to_string()
}
