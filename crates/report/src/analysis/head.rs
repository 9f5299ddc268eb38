//! The head of the page, and what the reader must know before any figure.

use std::fmt::Write as _;

use fondaco_contract::v1alpha1::analysis::{
    ClassificationKind, LaneDiagnostics, NodeOutcome, ResearchStatus,
};
use fondaco_domain::signal::ReasonCode;

use super::Analysis;
use super::arithmetic::saturated;
use super::words::{direction, quality, rating_tone, reason, status, sure, tone};
use crate::html::Text;

pub(super) fn header(analysis: &Analysis<'_>) -> String {
    let (result, job) = (analysis.result, analysis.job);
    let models = job.llm.as_ref().map(|llm| {
        if llm.quick == llm.deep {
            format!("<span>Model <code>{}</code></span>", Text(&llm.deep))
        } else {
            format!(
                "<span>Models <code>{}</code>, managers <code>{}</code></span>",
                Text(&llm.quick),
                Text(&llm.deep)
            )
        }
    });
    crate::figures::head(
        &format!(
            "<h1>{} <span class=\"version\">on {}</span></h1>\n<p class=\"verdict\">{}</p>\n\
             <p class=\"facts\"><span>{}</span>{}<span>Run <code>{}</code></span><span>asked for at {} UTC</span></p>\n",
            Text(result.ticker.as_str()),
            result.date,
            verdict(analysis),
            status(result.status),
            models.unwrap_or_default(),
            Text(analysis.run),
            Text(&minute(analysis.asked_at)),
        ),
        "Analysis",
    )
}

fn verdict(analysis: &Analysis<'_>) -> String {
    let result = analysis.result;
    let (Some(rating), Some(merged), Some(confidence)) =
        (result.decision, &result.signals.merged, result.confidence)
    else {
        return "<span class=\"badge none\">No decision</span> <span>Nothing is recommended. \
                This is not a recommendation to hold.</span>"
            .to_owned();
    };
    let (word, mark) = direction(merged.direction);
    format!(
        "<span class=\"badge {}\">{}</span> <span class=\"{}\">{mark} {word}</span> <span>with a confidence of {}</span>",
        rating_tone(rating),
        rating.as_str(),
        tone(merged.direction),
        sure(confidence.get())
    )
}

/// Everything that makes the decision less than it seems. Nothing where
/// nothing does.
pub(super) fn warnings(analysis: &Analysis<'_>) -> String {
    let items: String = told(analysis)
        .iter()
        .fold(String::new(), |mut items, (name, text)| {
            let _ = writeln!(
                items,
                "<li><strong>{}:</strong> {}</li>",
                Text(name),
                Text(text)
            );
            items
        });
    if items.is_empty() {
        return String::new();
    }
    format!(
        "<aside class=\"warnings\" aria-labelledby=\"warnings-h\">\n<h2 id=\"warnings-h\">Before you rely on it</h2>\n<ul>\n{items}</ul>\n</aside>\n"
    )
}

/// The same as plain text: a name, and a sentence.
pub(super) fn told(analysis: &Analysis<'_>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    ended(analysis, &mut all);
    lanes(analysis, &mut all);
    data(analysis, &mut all);
    research(analysis, &mut all);
    models(analysis, &mut all);
    all
}

type Told = Vec<(String, String)>;

fn ended(analysis: &Analysis<'_>, all: &mut Told) {
    let result = analysis.result;
    if let Some(error) = &result.error {
        let again = if error.retryable {
            " Asking again may help."
        } else {
            ""
        };
        all.push((
            error.code.clone(),
            format!("{}.{again}", error.message.trim_end_matches('.')),
        ));
    }
    if let Some(found) = &result.tentative_classification
        && found.kind != ClassificationKind::NoIssue
    {
        let kind = match found.kind {
            ClassificationKind::NoIssue => "no issue",
            ClassificationKind::LocalRuntime => "this program, or what it was told",
            ClassificationKind::ProviderBoundary => "the provider",
            ClassificationKind::InteractionEffect => "both together",
        };
        all.push((
            "Possible cause".to_owned(),
            format!("{kind} (not certain). {}", found.basis.join("; ")),
        ));
    }
}

fn lanes(analysis: &Analysis<'_>, all: &mut Told) {
    let degradation = &analysis.result.degradation;
    let by_lane = &degradation.source_diagnostics;
    for (lane, found) in [
        ("Quant lane missing", &by_lane.quant),
        ("LLM lane missing", &by_lane.llm),
    ] {
        if let Some(found) = found {
            let more = found.error.as_ref().map(|error| format!(" ({error})"));
            all.push((
                lane.to_owned(),
                format!(
                    "{}: {}{}. It counts as absent, not as a wish to hold.",
                    found.reason_code.as_str(),
                    reason(found.reason_code),
                    more.unwrap_or_default()
                ),
            ));
        }
    }
    let error = analysis.result.error.as_ref();
    let told = |code: ReasonCode| {
        let is = |found: &Option<LaneDiagnostics>| {
            found
                .as_ref()
                .is_some_and(|found| found.reason_code == code)
        };
        is(&by_lane.quant) || is(&by_lane.llm) || error.is_some_and(|it| it.code == code.as_str())
    };
    let codes = degradation.reason_codes.iter().copied();
    for code in codes.filter(|code| !told(*code)) {
        all.push((code.as_str().to_owned(), format!("{}.", reason(code))));
    }
    if let Some(saturated) = saturated(analysis.result) {
        all.push(("Agreement".to_owned(), saturated));
    }
}

fn data(analysis: &Analysis<'_>, all: &mut Told) {
    let issues = analysis
        .result
        .data_quality
        .iter()
        .flat_map(|found| &found.issues);
    for issue in issues {
        let mut text = quality(issue.state).to_owned();
        if !issue.missing_fields.is_empty() {
            let _ = write!(text, ": {}", issue.missing_fields.join(", "));
        }
        if let Some(last) = issue.last_available_date {
            let _ = write!(text, "; the last day there is: {last}");
        }
        all.push((
            format!("Data of the {} lane", issue.source.as_str()),
            format!("{text}."),
        ));
    }
}

fn research(analysis: &Analysis<'_>, all: &mut Told) {
    let Some(research) = &analysis.result.research else {
        return;
    };
    if research.research_status != ResearchStatus::Full {
        let because = research
            .degraded_reason
            .as_deref()
            .unwrap_or("a node gave no answer");
        all.push((
            "Research is not whole".to_owned(),
            format!(
                "{because}. The confidence of the llm lane counts × {}.",
                sure(research.factor.get())
            ),
        ));
    }
    for step in &research.recovery {
        let came = if step.succeeded {
            "helped"
        } else {
            "did not help"
        };
        all.push((step.attempt.clone(), format!("{came}. {}", step.detail)));
    }
    let nodes = analysis
        .nodes
        .iter()
        .filter_map(|node| Some((node.name, node.report?)));
    for (name, report) in nodes {
        if let NodeOutcome::Degraded(degraded) = &report.outcome {
            let detail = degraded.detail.trim_end_matches('.');
            all.push((
                name.to_owned(),
                format!("gave no usable answer: {}. {detail}.", degraded.reason),
            ));
        }
    }
    for node in analysis.nodes.iter().filter(|node| node.report.is_none()) {
        all.push((
            node.name.to_owned(),
            format!("said nothing: its task is {}.", node.state),
        ));
    }
}

fn models(analysis: &Analysis<'_>, all: &mut Told) {
    let structured = analysis.result.signals.llm.structured.iter();
    for warning in structured.flat_map(|decision| &decision.warnings) {
        all.push(("Portfolio manager".to_owned(), warning.clone()));
    }
    let Some(llm) = &analysis.job.llm else {
        return;
    };
    if [&llm.quick, &llm.deep]
        .iter()
        .any(|model| model.contains("rule-based"))
    {
        all.push((
            "Rule-based".to_owned(),
            "no language model was asked: fixed rules wrote these texts from indicators and counts of news."
                .to_owned(),
        ));
    }
    if let Some(hash) = &analysis.job.replay {
        let short: String = hash.chars().take(12).collect();
        all.push((
            "Given again".to_owned(),
            format!("answers of models are those of the recording {short}."),
        ));
    }
}

/// `2025-03-05 06:30` of an instant in RFC 3339 and UTC.
fn minute(at: &str) -> String {
    at.chars().take(16).collect::<String>().replace('T', " ")
}
