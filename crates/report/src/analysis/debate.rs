//! Who said what.

use std::fmt::Write as _;

use fondaco_contract::v1alpha1::analysis::{NodeAnswer, NodeOutcome, NodeReport, NodeRole};

use super::grounding::{self, Given};
use super::words::{direction, role, sure, tone};
use super::{Analysis, Node};
use crate::html::{Text, joined};

/// Parts of the graph, in the order in which a reader wants them: the
/// conclusion first.
const PARTS: [(&str, &str, &[NodeRole]); 6] = [
    (
        "decision",
        "The decision of the models",
        &[NodeRole::PortfolioManager],
    ),
    ("strategy", "The strategy", &[NodeRole::Quant]),
    (
        "analysts",
        "Analysts",
        &[
            NodeRole::Market,
            NodeRole::Sentiment,
            NodeRole::News,
            NodeRole::Fundamentals,
        ],
    ),
    ("debate", "Debate", &[NodeRole::Bull, NodeRole::Bear]),
    (
        "verdict",
        "Verdict and plan",
        &[NodeRole::ResearchManager, NodeRole::Trader],
    ),
    (
        "risk",
        "Risk",
        &[
            NodeRole::Aggressive,
            NodeRole::Conservative,
            NodeRole::Neutral,
        ],
    ),
];

pub(super) fn section(analysis: &Analysis<'_>) -> String {
    let parts = PARTS.map(|(id, heading, roles)| {
        let voices: String = analysis
            .nodes
            .iter()
            .filter_map(|node| Some((node, node.report?)))
            .filter(|(_, report)| roles.contains(&report.role))
            .map(|(node, report)| voice(node, report))
            .collect();
        if voices.is_empty() {
            return String::new();
        }
        let class = match id {
            "risk" => "voices three",
            "analysts" | "debate" | "verdict" => "voices two",
            _ => "voices",
        };
        crate::html::section(
            id,
            heading,
            &format!("<div class=\"{class}\">\n{voices}</div>\n"),
        )
    });
    let said = parts.concat();
    if said.is_empty() {
        return from_evidence(analysis);
    }
    said
}

/// Where the outputs of nodes are gone, what the result kept of them.
fn from_evidence(analysis: &Analysis<'_>) -> String {
    let voices = analysis
        .result
        .evidence
        .iter()
        .fold(String::new(), |mut all, one| {
            let _ = write!(
                all,
                "<article class=\"voice\"><h3>{} <span>{}</span></h3>\n{}</article>\n",
                role(one.role),
                Text(&one.outcome),
                paragraphs(&one.text, &Given::default()),
            );
            all
        });
    if voices.is_empty() {
        return String::new();
    }
    crate::html::section(
        "said",
        "Who said what",
        &format!("<div class=\"voices two\">\n{voices}</div>\n"),
    )
}

fn voice(node: &Node<'_>, report: &NodeReport) -> String {
    let round = round(node.name).map(|round| format!("round {round}"));
    let name = role(report.role);
    match &report.outcome {
        NodeOutcome::Answered(answer) => {
            let leaning = leaning(answer);
            let about: Vec<String> = [round, leaning].into_iter().flatten().collect();
            format!(
                "<article class=\"voice {}\"><h3>{name} <span>{}</span></h3>\n{}</article>\n",
                side(report.role, answer),
                about.join(" · "),
                said(report, answer),
            )
        }
        NodeOutcome::Abstained(abstention) => format!(
            "<article class=\"voice silent\"><h3>{name} <span>{}abstains</span></h3>\n<p>{}</p></article>\n",
            round.map(|round| format!("{round} · ")).unwrap_or_default(),
            Text(&abstention.why),
        ),
        NodeOutcome::Degraded(degraded) => format!(
            "<article class=\"voice degraded\"><h3>{name} <span>{}no usable answer: {}</span></h3>\n<p>{}</p></article>\n",
            round.map(|round| format!("{round} · ")).unwrap_or_default(),
            Text(&degraded.reason),
            Text(&degraded.detail),
        ),
    }
}

fn said(report: &NodeReport, answer: &NodeAnswer) -> String {
    let given = Given::of(report);
    let mut html = paragraphs(&answer.text, &given);
    if !answer.points.is_empty() {
        let items = joined(answer.points.iter().map(|point| {
            let point = marked(point, &given);
            format!("<li>{point}</li>\n")
        }));
        let _ = write!(html, "<ul>\n{items}</ul>\n");
    }
    let _ = writeln!(
        html,
        "<p class=\"note\">{}</p>",
        Text(&grounds(report, answer))
    );
    html
}

/// What its figures rest on.
pub(super) fn grounds(report: &NodeReport, answer: &NodeAnswer) -> String {
    let given = Given::of(report);
    if !given.is_known() {
        return format!("Read: {}.", sources(report));
    }
    let texts =
        std::iter::once(answer.text.as_str()).chain(answer.points.iter().map(String::as_str));
    let figures = grounding::figures(texts, &given);
    let (all, unread) = (figures.all, &figures.unread);
    let found = if all == 0 {
        "No figures.".to_owned()
    } else if unread.is_empty() {
        format!("Figures: {all}, all among what it was given.")
    } else {
        let listed = unread.join(", ");
        let count = unread.len();
        format!("Not among what it was given: {listed} ({count} of {all} figures).")
    };
    format!("{found} Read: {}.", sources(report))
}

fn sources(report: &NodeReport) -> String {
    if report.read.is_empty() {
        return "what others said".to_owned();
    }
    let read: Vec<String> = report
        .read
        .iter()
        .map(|read| {
            let day = |at: &Option<String>| {
                at.as_deref()
                    .unwrap_or("?")
                    .chars()
                    .take(10)
                    .collect::<String>()
            };
            format!(
                "{} from {} to {}",
                read.tool,
                day(&read.from),
                day(&read.until)
            )
        })
        .collect();
    read.join("; ")
}

/// Where it leans, in words.
pub(super) fn leaning(answer: &NodeAnswer) -> Option<String> {
    let rating = answer.rating.map(|rating| rating.as_str().to_owned());
    let leans = answer.direction.map(|to| {
        let (word, mark) = direction(to);
        format!("{mark} {word}")
    });
    let confidence = answer.confidence.map(|confidence| sure(confidence.get()));
    let parts: Vec<String> = [rating, leans, confidence].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The side it is on: those of a debate have one whatever they say.
fn side(role: NodeRole, answer: &NodeAnswer) -> &'static str {
    match role {
        NodeRole::Bull => "gain",
        NodeRole::Bear => "loss",
        _ => answer.direction.map_or("", tone),
    }
}

/// The round at the end of a name such as `research/bull/2`.
pub(super) fn round(name: &str) -> Option<u32> {
    name.rsplit('/').next()?.parse().ok()
}

/// Texts of models in paragraphs, figures that were not read marked.
fn paragraphs(text: &str, given: &Given) -> String {
    let blocks = text
        .split("\n\n")
        .map(str::trim)
        .filter(|block| !block.is_empty());
    blocks.fold(String::new(), |mut html, block| {
        let _ = writeln!(html, "<p>{}</p>", marked(block, given));
        html
    })
}

fn marked(text: &str, given: &Given) -> String {
    let pieces = grounding::pieces(text, given);
    pieces.into_iter().fold(String::new(), |mut html, piece| {
        let _ = if piece.unread {
            write!(
                html,
                "<mark title=\"Not among what it was given\">{}</mark>",
                Text(piece.text)
            )
        } else {
            write!(html, "{}", Text(piece.text))
        };
        html
    })
}
