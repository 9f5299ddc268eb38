//! The user part of a prompt: the step, the prices, what is held, what became
//! of earlier calls, then what was said.

use fondaco_contract::v1alpha1::simulation::{RoomMember, RoomOutcome, RoomReport, ScoredCall};
use minijinja::{Error, Value};
use serde_json::json;

use super::{Inputs, templates};
use crate::analysis::prompts::envelope;
use crate::simulation::prompts::number;
use crate::simulation::room::keys::{Node, split};

/// The case of a turn.
pub(super) fn render(inputs: &Inputs<'_>) -> Result<String, Error> {
    let values = [
        ("step", Value::from(step(inputs))),
        ("asked", Value::from(asked(inputs))),
        ("prices", Value::from(prices(inputs))),
        ("portfolio", Value::from(portfolio(inputs))),
        ("lessons", Value::from(lessons(&inputs.lessons))),
        (
            "hears",
            Value::from(!matches!(inputs.node, Node::Analysis(_))),
        ),
        ("reports", inputs.heard.iter().map(sealed).collect()),
    ];
    templates::render("case.md", values)
}

fn step(inputs: &Inputs<'_>) -> String {
    let step = json!({
        "date": inputs.date.to_string(),
        "team": inputs.team,
        "turn": inputs.node.to_string(),
        "cycle": inputs.node.cycle(),
        "cycles": inputs.cycles,
    });
    envelope::seal("step", &[], &step)
}

fn asked(inputs: &Inputs<'_>) -> String {
    let turn = match inputs.node.cycle() {
        Some(cycle) => format!(" This is round {cycle} of {}.", inputs.cycles),
        None => String::new(),
    };
    format!(
        "It is the open of {}. What became known later does not exist.{turn}",
        inputs.date
    )
}

/// In the order of the run. Not traded is `null`, and not 0.
fn prices(inputs: &Inputs<'_>) -> String {
    let price = |symbol| {
        let open = inputs.opens.get(symbol).copied();
        json!({ "ticker": symbol, "open": open.map(number) })
    };
    let prices: Vec<_> = inputs.symbols.iter().map(price).collect();
    envelope::seal("prices", &[], &json!(prices))
}

/// Of those who look after it: the managers.
fn portfolio(inputs: &Inputs<'_>) -> String {
    let managers = [RoomMember::RiskManager, RoomMember::PortfolioManager];
    match inputs.node.member() {
        Some(member) if managers.contains(&member) => {
            envelope::seal("portfolio", &[], inputs.portfolio)
        }
        _ => String::new(),
    }
}

fn lessons(lessons: &[&ScoredCall]) -> String {
    if lessons.is_empty() {
        return String::new();
    }
    let lesson = |call: &&ScoredCall| {
        json!({
            "date": call.date.to_string(),
            "ticker": call.ticker,
            "call": call.outlook,
            "confidence": call.confidence,
            "result": call.result,
            "change_pct": call.change_pct.map(|change| (change * 100.0).round() / 100.0),
        })
    };
    let lessons: Vec<_> = lessons.iter().map(lesson).collect();
    envelope::seal("lessons", &[], &json!(lessons))
}

/// What was said, as others hear it, without how it came about.
fn sealed(report: &RoomReport) -> String {
    let turn = split(&report.node).map(|(_, _, node)| node.to_string());
    let attributes = [
        ("turn", turn.as_deref().unwrap_or_default()),
        ("member", report.member.as_str()),
    ];
    match &report.outcome {
        RoomOutcome::Answered(answer) => {
            let mut said = json!({ "text": answer.text });
            if !answer.points.is_empty() {
                said["points"] = json!(answer.points);
            }
            if !answer.predictions.is_empty() {
                said["views"] = json!(answer.predictions);
            }
            envelope::seal("report", &attributes, &said)
        }
        RoomOutcome::Abstained(abstention) => envelope::seal(
            "report",
            &attributes,
            &json!({ "abstained": abstention.why }),
        ),
        // The reason is one of ours; the details may be a provider's words.
        RoomOutcome::Degraded(degraded) => envelope::seal(
            "missing",
            &attributes,
            &json!({ "reason": degraded.reason }),
        ),
    }
}
