//! What was read: the windows of data behind the figures.

use fondaco_contract::v1alpha1::analysis::{NodeReport, Read};

use super::Analysis;
use crate::format::{NOTHING, number};
use crate::html::{Text, joined};

pub(super) fn section(analysis: &Analysis<'_>) -> String {
    let rows = joined(all(analysis).map(|(node, read)| row(node, read)));
    let table = if rows.is_empty() {
        "<p class=\"note\">No node read any data.</p>\n".to_owned()
    } else {
        format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Data that was read\"><table>\n\
             <thead><tr><th scope=\"col\">Node</th><th scope=\"col\" class=\"text\">Read</th><th scope=\"col\" class=\"text\">Of</th>\
             <th scope=\"col\" class=\"text\">From</th><th scope=\"col\" class=\"text\">Until</th><th scope=\"col\">Rows</th><th scope=\"col\" class=\"text\">Hash</th></tr></thead>\n\
             <tbody>\n{rows}</tbody></table></div>\n"
        )
    };
    let body = format!("{table}{}", pinned(analysis));
    crate::html::section("data-section", "What was read", &body)
}

/// Every reading of every node; of those that are gone, what the result kept.
pub(super) fn all<'a>(
    analysis: &Analysis<'a>,
) -> Box<dyn Iterator<Item = (&'a str, &'a Read)> + 'a> {
    let nodes = analysis.nodes;
    if nodes.iter().any(|node| node.report.is_some()) {
        let of = |report: &'a NodeReport, name: &'a str| {
            report.read.iter().map(move |read| (name, read))
        };
        Box::new(
            nodes
                .iter()
                .filter_map(move |node| Some(of(node.report?, node.name)))
                .flatten(),
        )
    } else {
        let evidence = analysis.result.evidence.iter();
        Box::new(evidence.flat_map(|one| one.read.iter().map(|read| (one.node.as_str(), read))))
    }
}

fn row(node: &str, read: &Read) -> String {
    let at = |at: &Option<String>| at.clone().unwrap_or_else(|| NOTHING.to_owned());
    format!(
        "<tr><th scope=\"row\">{}</th><td class=\"text\">{}</td><td class=\"text\">{}</td><td class=\"text\">{}</td><td class=\"text\">{}</td><td>{}</td><td class=\"text\"><code>{}</code></td></tr>\n",
        Text(node),
        Text(&read.tool),
        Text(&read.source),
        Text(&at(&read.from)),
        Text(&at(&read.until)),
        number(read.rows as f64, 0),
        Text(&short(&read.hash)),
    )
}

/// What the run could read at most.
fn pinned(analysis: &Analysis<'_>) -> String {
    let told = limits(analysis);
    let items = joined(
        told.iter()
            .map(|limit| format!("<li>{}</li>\n", Text(limit))),
    );
    format!("<ul class=\"prose note\">\n{items}</ul>\n")
}

/// The same as plain sentences.
pub(super) fn limits(analysis: &Analysis<'_>) -> Vec<String> {
    let mut told = vec![format!(
        "Nothing that became known after the end of {} (24:00 UTC), or after the run began, could be read.",
        analysis.result.date
    )];
    if let Some(data) = &analysis.job.data {
        for candles in &data.candles {
            told.push(format!(
                "Candles: {} {} {}, version {}.",
                candles.venue,
                candles.symbol,
                candles.timeframe,
                short(&candles.version)
            ));
        }
        told.push(format!(
            "Lanes look at candles of {}. News, filings and corporate actions: as imported up to place {}.",
            data.timeframe, data.research
        ));
    }
    told
}

fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}
