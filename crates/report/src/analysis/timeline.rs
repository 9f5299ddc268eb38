//! When each node worked, and what it took.

use std::fmt::Write as _;

use fondaco_contract::v1alpha1::analysis::CallTokens;

use super::words::{dollars, outcome};
use super::{Analysis, Node};
use crate::format::{NOTHING, number};
use crate::html::{Text, joined};

pub(super) fn section(analysis: &Analysis<'_>) -> String {
    if analysis.nodes.is_empty() {
        return String::new();
    }
    let begun = analysis
        .nodes
        .iter()
        .filter_map(|node| node.started_at)
        .min();
    let ended = analysis.nodes.iter().filter_map(|node| node.ended_at).max();
    let span = begun.zip(ended).filter(|(begun, ended)| ended > begun);
    let rows = joined(analysis.nodes.iter().map(|node| row(node, span)));
    let body = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Nodes\"><table class=\"timeline\">\n\
         <thead><tr><th scope=\"col\">Node</th><th scope=\"col\" class=\"text\">Model</th><th scope=\"col\" class=\"text\">Outcome</th>\
         <th scope=\"col\" class=\"text when\">When</th><th scope=\"col\">Took</th><th scope=\"col\">Calls</th><th scope=\"col\">Tokens in</th>\
         <th scope=\"col\">kept</th><th scope=\"col\">out</th><th scope=\"col\">Cost</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n<tfoot>{}</tfoot></table></div>\n\
         <p class=\"note\">Times are of the last attempt at each task. “Kept” are tokens that the provider had in its cache.</p>\n",
        foot(analysis, span)
    );
    crate::html::section("timeline", "Nodes, in the order of the graph", &body)
}

fn row(node: &Node<'_>, span: Option<(i64, i64)>) -> String {
    let report = node.report;
    let model = report.and_then(|report| report.model.as_deref());
    let mut said = report.map_or_else(|| node.state.to_owned(), outcome);
    if node.attempts > 1 {
        let _ = write!(said, ", attempt {}", node.attempts);
    }
    let calls = report.map_or(0, |report| report.calls.len());
    let (tokens, cost) = took(node);
    let seconds = node
        .started_at
        .zip(node.ended_at)
        .map(|(from, until)| (until - from) as f64 / 1e6);
    format!(
        "<tr><th scope=\"row\">{}</th><td class=\"text\">{}</td><td class=\"text\">{}</td><td class=\"text when\">{}</td>\
         <td>{}</td><td>{calls}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        Text(node.name),
        Text(model.unwrap_or(NOTHING)),
        Text(&said),
        bar(node, span),
        seconds.map_or_else(|| NOTHING.to_owned(), seconds_told),
        number(tokens.input as f64, 0),
        number(tokens.cached as f64, 0),
        number(tokens.output as f64, 0),
        dollars(cost),
    )
}

fn foot(analysis: &Analysis<'_>, span: Option<(i64, i64)>) -> String {
    let budget = &analysis.result.budget;
    let seconds = span.map(|(begun, ended)| (ended - begun) as f64 / 1e6);
    format!(
        "<tr><th scope=\"row\">Together</th><td></td><td></td><td class=\"when\"></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        seconds.map_or_else(|| NOTHING.to_owned(), seconds_told),
        number(budget.calls as f64, 0),
        number(budget.input_tokens as f64, 0),
        number(budget.cached_tokens as f64, 0),
        number(budget.output_tokens as f64, 0),
        dollars(budget.cost_nano),
    )
}

/// Tokens and cost of all calls of a node.
pub(super) fn took(node: &Node<'_>) -> (CallTokens, i64) {
    let calls = node.report.iter().flat_map(|report| &report.calls);
    calls.fold((CallTokens::default(), 0), |(sum, cost), call| {
        let tokens = CallTokens {
            input: sum.input + call.tokens.input,
            cached: sum.cached + call.tokens.cached,
            output: sum.output + call.tokens.output,
        };
        (tokens, cost + call.cost_nano)
    })
}

fn bar(node: &Node<'_>, span: Option<(i64, i64)>) -> String {
    let (Some((begun, ended)), Some(from), Some(until)) = (span, node.started_at, node.ended_at)
    else {
        return String::new();
    };
    let whole = (ended - begun) as f64;
    let left = (from - begun) as f64 / whole * 100.0;
    let width = ((until - from) as f64 / whole * 100.0).max(0.6);
    let answered = node.report.is_some_and(|report| {
        matches!(
            report.outcome,
            fondaco_contract::v1alpha1::analysis::NodeOutcome::Answered(_)
        )
    });
    let class = if answered { "" } else { " class=\"not\"" };
    format!(
        "<span class=\"span\"><i{class} style=\"left:{left:.2}%;width:{width:.2}%\"></i></span>"
    )
}

/// `0.052 s`, `1.2 s`, `75 s`.
fn seconds_told(seconds: f64) -> String {
    let decimals = match seconds {
        ..1.0 => 3,
        1.0..10.0 => 1,
        _ => 0,
    };
    format!("{}\u{a0}s", number(seconds, decimals))
}
