//! The key figures.

use fondaco_contract::v1alpha1::analysis::LaneResult;
use fondaco_domain::signal::Rating;

use super::Analysis;
use super::words::{direction, dollars, sure, tone};
use crate::format::{NOTHING, duration, number};

pub(super) fn cards(analysis: &Analysis<'_>) -> String {
    let result = analysis.result;
    let merged = result.signals.merged.as_ref();
    let decision = result.decision.map_or(NOTHING, Rating::as_str);
    let confidence = result
        .confidence
        .map_or_else(|| NOTHING.to_owned(), |one| sure(one.get()));
    let counted = merged.map_or(0, |merged| merged.counted.len());
    let lanes = match counted {
        0 => "no lane says anything",
        1 => "of one lane alone",
        _ => "of both lanes",
    };
    let budget = &result.budget;
    let limit = budget.limit_nano.map_or_else(
        || "no limit".to_owned(),
        |limit| format!("of {} at most", dollars(limit)),
    );
    let tokens = format!(
        "{} in, {} of them kept; {} out",
        number(budget.input_tokens as f64, 0),
        number(budget.cached_tokens as f64, 0),
        number(budget.output_tokens as f64, 0)
    );
    let took =
        took(analysis).map_or_else(String::new, |took| format!(", {} in all", duration(took)));
    let cards = [
        card(
            "Decision",
            decision,
            lanes,
            merged.map_or("plain", |merged| tone(merged.direction)),
        ),
        card("Confidence", &confidence, "from 0 to 1", "plain"),
        lane("Quant lane", &result.signals.quant),
        lane("LLM lane", &result.signals.llm),
        card(
            "Cost",
            &dollars(budget.cost_nano),
            &format!("{limit}{took}"),
            "plain",
        ),
        card("Calls", &number(budget.calls as f64, 0), &tokens, "plain"),
    ];
    format!(
        "<dl class=\"cards six\" aria-label=\"Key figures\">\n{}</dl>\n",
        cards.concat()
    )
}

fn lane(name: &str, lane: &LaneResult) -> String {
    let rating = lane.rating.map(Rating::as_str);
    match (lane.available, lane.direction, lane.confidence) {
        (true, Some(to), Some(confidence)) => {
            let (word, mark) = direction(to);
            card(
                name,
                rating.unwrap_or(word),
                &format!("{mark} {word}, says {}", sure(confidence.get())),
                tone(to),
            )
        }
        _ => card(name, "absent", "says nothing", "flat"),
    }
}

fn card(name: &str, value: &str, note: &str, tone: &str) -> String {
    format!(
        "<div><dt>{name}</dt><dd class=\"{tone}\">{value}</dd><dd class=\"sub\">{note}</dd></div>\n"
    )
}

/// Seconds from the first beginning of a node to the last end.
fn took(analysis: &Analysis<'_>) -> Option<f64> {
    let begun = analysis
        .nodes
        .iter()
        .filter_map(|node| node.started_at)
        .min()?;
    let ended = analysis
        .nodes
        .iter()
        .filter_map(|node| node.ended_at)
        .max()?;
    Some((ended - begun).max(0) as f64 / 1e6)
}
