//! What a node answered, against who it is.

use super::super::{NodeOutcome, NodeReport, NodeRole, Read};
use super::{Fault, Faults};

/// Everything in a report that contradicts the rest of it.
pub fn faults_of_report(report: &NodeReport) -> Vec<Fault> {
    let mut faults = Faults::default();
    key(&report.node, report.role, "", &mut faults);
    match &report.outcome {
        NodeOutcome::Answered(answer) => {
            faults.unless(
                answer.direction.is_some() == answer.confidence.is_some(),
                "/confidence",
                "a direction and a confidence go together",
            );
            faults.unless(
                answer.rating.is_none() || report.role == NodeRole::PortfolioManager,
                "/rating",
                "only the portfolio manager gives one",
            );
            faults.unless(!answer.text.is_empty(), "/text", "it is empty");
        }
        NodeOutcome::Abstained(abstention) => {
            faults.unless(!abstention.why.is_empty(), "/why", "it is empty");
        }
        NodeOutcome::Degraded(degraded) => {
            faults.unless(!degraded.reason.is_empty(), "/reason", "it is empty");
            faults.unless(
                degraded.data_quality.is_none() || degraded.lane.is_some(),
                "/data_quality",
                "it is there where the lane is lost, and only there",
            );
        }
    }
    let quant = report.role == NodeRole::Quant;
    faults.unless(
        !quant || (report.model.is_none() && report.calls.is_empty()),
        "/model",
        "the strategy asks no model",
    );
    reads(&report.read, "", &mut faults);
    for (index, call) in report.calls.iter().enumerate() {
        let place = format!("/calls/{index}");
        faults.unless(
            call.ordinal as usize == index,
            format!("{place}/ordinal"),
            format!("it is the call {index} of its node"),
        );
        faults.unless(
            call.completion.is_some() != call.error.is_some(),
            format!("{place}/error"),
            "a call has an answer or an error",
        );
        faults.unless(
            call.tokens.cached <= call.tokens.input,
            format!("{place}/tokens/cached"),
            "more tokens were kept than were asked with",
        );
    }
    faults.0
}

/// The end of a task's key says who speaks.
pub(super) fn key(node: &str, role: NodeRole, place: &str, faults: &mut Faults) {
    let name = role.as_str();
    let (end, rounds) = match role {
        NodeRole::Quant => ("quant".to_owned(), false),
        NodeRole::Market | NodeRole::Sentiment | NodeRole::News | NodeRole::Fundamentals => {
            (format!("analysts/{name}"), false)
        }
        NodeRole::Bull | NodeRole::Bear => (format!("research/{name}"), true),
        NodeRole::ResearchManager => ("research/manager".to_owned(), false),
        NodeRole::Trader => ("trading/trader".to_owned(), false),
        NodeRole::Aggressive | NodeRole::Conservative | NodeRole::Neutral => {
            (format!("risk/{name}"), true)
        }
        NodeRole::PortfolioManager => ("portfolio/manager".to_owned(), false),
    };
    let spoken = if rounds {
        without_round(node)
    } else {
        Some(node)
    };
    let item = spoken
        .and_then(|node| node.strip_suffix(&end)?.strip_suffix('/'))
        .filter(|item| !item.is_empty());
    let round = if rounds { "/1" } else { "" };
    faults.unless(
        item.is_some(),
        format!("{place}/node"),
        format!("the task of a {name} ends with `/{end}{round}`"),
    );
}

fn without_round(node: &str) -> Option<&str> {
    let (before, round) = node.rsplit_once('/')?;
    let round: u32 = round.parse().ok()?;
    (round > 0).then_some(before)
}

pub(super) fn reads(reads: &[Read], place: &str, faults: &mut Faults) {
    for (index, read) in reads.iter().enumerate() {
        let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        faults.unless(
            read.hash.len() == 64 && read.hash.chars().all(is_hex),
            format!("{place}/read/{index}/hash"),
            "it is no SHA-256: 64 digits of 0-9 and a-f",
        );
    }
}
