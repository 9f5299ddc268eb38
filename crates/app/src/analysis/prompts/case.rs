//! The user part of a prompt: the item, then what is held, then reports.

use fondaco_contract::v1alpha1::analysis::{NodeOutcome, NodeReport, NodeRole, PortfolioContext};
use minijinja::{Error, Value};
use serde_json::json;

use super::{Inputs, envelope, templates};

const ANALYSTS: [NodeRole; 4] = [
    NodeRole::Market,
    NodeRole::Sentiment,
    NodeRole::News,
    NodeRole::Fundamentals,
];

/// The case of a role.
pub(super) fn render(role: NodeRole, inputs: &Inputs<'_>) -> Result<String, Error> {
    let (says, portfolio) = match role {
        NodeRole::Trader
        | NodeRole::Aggressive
        | NodeRole::Conservative
        | NodeRole::Neutral
        | NodeRole::PortfolioManager => holdings(inputs),
        _ => (String::new(), String::new()),
    };
    let peers = match (role, inputs.peers) {
        (NodeRole::PortfolioManager, Some(peers)) => envelope::seal("peers", &[], &json!(peers)),
        _ => String::new(),
    };
    let values = [
        ("item", Value::from(item(inputs))),
        ("asked", Value::from(asked(role, inputs))),
        ("portfolio_says", Value::from(says)),
        ("portfolio", Value::from(portfolio)),
        ("peers", Value::from(peers)),
        ("hears", Value::from(!ANALYSTS.contains(&role))),
        ("reports", reports(role, inputs).into_iter().collect()),
    ];
    templates::render("case.md", values)
}

fn item(inputs: &Inputs<'_>) -> String {
    let item = json!({
        "ticker": inputs.item.ticker.to_string(),
        "date": inputs.item.date.to_string(),
        "round": inputs.round,
    });
    envelope::seal("item", &[], &item)
}

fn asked(role: NodeRole, inputs: &Inputs<'_>) -> String {
    let (ticker, date) = (&inputs.item.ticker, inputs.item.date);
    let turn = match role {
        NodeRole::Bull | NodeRole::Bear => {
            format!(" This is round {} of the debate.", inputs.round)
        }
        NodeRole::Aggressive | NodeRole::Conservative | NodeRole::Neutral => {
            format!(" This is round {} of the committee.", inputs.round)
        }
        _ => String::new(),
    };
    format!(
        "Analyse {ticker} as of the end of {date} (24:00 UTC). \
         What became known later does not exist.{turn}"
    )
}

/// What is held, in words and as data. Not known is not the same as empty.
fn holdings(inputs: &Inputs<'_>) -> (String, String) {
    let Some(portfolio) = inputs.portfolio else {
        let says = "The portfolio is not known. That is not the same as an empty one: assume \
                    neither that the instrument is held nor that it is not.";
        let sealed = envelope::seal("portfolio", &[], &json!({ "known": false }));
        return (says.to_owned(), sealed);
    };
    let ticker = &inputs.item.ticker;
    let held = |portfolio: &PortfolioContext| {
        let of_it = portfolio.held.iter().filter(|held| held.ticker == *ticker);
        of_it.cloned().collect::<Vec<_>>()
    };
    let held = held(portfolio);
    let says = match (portfolio.positions, held.len()) {
        (0, _) => "The portfolio is known, and it is empty.".to_owned(),
        (count, 0) => format!("The portfolio is known: {count} positions, none in {ticker}."),
        (count, _) => format!("The portfolio is known: {count} positions, {ticker} among them."),
    };
    let document = json!({
        "known": true,
        "positions": portfolio.positions,
        "held": held,
        "largest": portfolio.largest,
        "worst": portfolio.worst,
    });
    (says, envelope::seal("portfolio", &[], &document))
}

/// Who a role hears.
fn heard(role: NodeRole) -> Vec<NodeRole> {
    let debate = [NodeRole::Bull, NodeRole::Bear];
    let committee = [
        NodeRole::Aggressive,
        NodeRole::Conservative,
        NodeRole::Neutral,
    ];
    let mut roles = ANALYSTS.to_vec();
    match role {
        NodeRole::Bull | NodeRole::Bear | NodeRole::ResearchManager => roles.extend(debate),
        NodeRole::Trader => roles.push(NodeRole::ResearchManager),
        NodeRole::Aggressive
        | NodeRole::Conservative
        | NodeRole::Neutral
        | NodeRole::PortfolioManager => {
            roles.extend([NodeRole::ResearchManager, NodeRole::Trader]);
            roles.extend(committee);
        }
        _ => roles.clear(),
    }
    roles
}

/// Whether somebody had a turn before a role has its own.
fn before(other: NodeRole, role: NodeRole, round: u32) -> bool {
    // NodeRole is in the order of the graph, and so are turns within a round.
    other < role || round > 1
}

fn reports(role: NodeRole, inputs: &Inputs<'_>) -> Vec<String> {
    let heard = heard(role);
    let of = |report: &&NodeReport| heard.contains(&report.role);
    let mut reports: Vec<String> = inputs.earlier.iter().filter(of).map(sealed).collect();
    let silent = heard.iter().filter(|other| {
        let spoke = inputs.earlier.iter().any(|report| report.role == **other);
        !spoke && before(**other, role, inputs.round)
    });
    reports.extend(silent.map(|other| {
        let why = json!({ "reason": "there is no such report" });
        envelope::seal("missing", &[("role", other.as_str())], &why)
    }));
    reports
}

/// A report as its reader gets it: the document as it was given, without how
/// it came about.
fn sealed(report: &NodeReport) -> String {
    let attributes = [
        ("node", report.node.as_str()),
        ("role", report.role.as_str()),
    ];
    match &report.outcome {
        NodeOutcome::Answered(answer) if answer.document.is_object() => {
            envelope::seal("report", &attributes, &answer.document)
        }
        NodeOutcome::Answered(answer) => envelope::seal(
            "report",
            &attributes,
            &json!({
                "text": answer.text,
                "points": answer.points,
                "direction": answer.direction,
                "confidence": answer.confidence,
            }),
        ),
        NodeOutcome::Abstained(abstention) => envelope::seal(
            "report",
            &attributes,
            &json!({ "abstained": abstention.why }),
        ),
        // The reason is one of ours; the details may be a provider's words.
        NodeOutcome::Degraded(degraded) => envelope::seal(
            "missing",
            &attributes,
            &json!({ "reason": degraded.reason }),
        ),
    }
}
