//! The lanes as they were said and as they counted, and their sum.

use fondaco_contract::v1alpha1::analysis::{CountedLane, LaneResult, MergedResult};
use fondaco_domain::signal::{Direction, Probability, Source};

use super::Analysis;
use super::arithmetic::{direction, steps, sum};
use super::words::{self, sure};
use crate::html::Text;

pub(super) fn section(analysis: &Analysis<'_>) -> String {
    let signals = &analysis.result.signals;
    let merged = signals.merged.as_ref();
    let lanes = [Source::Quant, Source::Llm].map(|source| {
        let lane = match source {
            Source::Quant => &signals.quant,
            Source::Llm => &signals.llm,
        };
        let counted = merged.and_then(|merged| {
            let mut lanes = merged.counted.iter();
            lanes.find(|one| one.source == source)
        });
        row(analysis, source, lane, counted.zip(merged))
    });
    let total = merged.map_or_else(String::new, |merged| total(analysis, merged));
    let told = merged.map_or_else(
        || "<p class=\"note\">There is nothing to merge.</p>\n".to_owned(),
        |merged| {
            format!(
                "<p class=\"note key\"><i class=\"said\"></i> as said <i class=\"counts\"></i> as counted <i class=\"cap\"></i> cap of the lane</p>\n\
                 <p class=\"sum\">{}</p>\n<p class=\"note\">Policy <code>{}</code>. \
                 BUY and SELL are shown from a confidence of 0.70 on.</p>\n",
                Text(&sum(analysis.result, merged)),
                words::policy(merged.policy.policy),
            )
        },
    );
    let body = format!(
        "<div class=\"lanes\" role=\"group\" aria-label=\"Lanes and their sum\">\n\
         <div class=\"lane scale\" aria-hidden=\"true\"><span></span><div><span>−1 down</span><span>0</span><span>up +1</span></div></div>\n\
         {}{total}</div>\n{told}",
        lanes.concat()
    );
    crate::html::section("lanes", "Two lanes, one decision", &body)
}

fn row(
    analysis: &Analysis<'_>,
    source: Source,
    lane: &LaneResult,
    counted: Option<(&CountedLane, &MergedResult)>,
) -> String {
    let name = words::lane(source);
    let (Some(to), Some(said)) = (lane.direction, lane.confidence) else {
        return format!(
            "<div class=\"lane\"><div class=\"name\"><b>{name}</b><span>absent: {}</span></div>\
             <div class=\"track empty\"></div></div>\n",
            Text(&why(analysis, source))
        );
    };
    let Some((counted, merged)) = counted else {
        return String::new();
    };
    let cap = match source {
        Source::Quant => merged.policy.quant_weight_cap,
        Source::Llm => merged.policy.llm_weight_cap,
    };
    let (word, mark) = words::direction(to);
    let to = direction(&analysis.result.signals, source).unwrap_or(to);
    format!(
        "<div class=\"lane\"><div class=\"name\"><b>{name}</b> <span class=\"{tone}\">{mark} {word}</span>\
         <span>{}</span></div><div class=\"track {tone}\">{}{}{}</div></div>\n",
        Text(&steps(counted, merged)),
        bar("said", to, said.get()),
        bar("counts", to, counted.counted.get()),
        tick(to, cap.get()),
        tone = words::tone(to),
    )
}

fn total(analysis: &Analysis<'_>, merged: &MergedResult) -> String {
    let confidence = analysis.result.confidence.map_or(0.0, Probability::get);
    let (word, mark) = words::direction(merged.direction);
    let tone = words::tone(merged.direction);
    format!(
        "<div class=\"lane total\"><div class=\"name\"><b>Together</b> <span class=\"{tone}\">{mark} {word}</span>\
         <span>confidence {}, denominator {}</span></div><div class=\"track {tone}\">{}</div></div>\n",
        sure(confidence),
        sure(merged.denominator),
        bar("counts", merged.direction, confidence),
    )
}

fn why(analysis: &Analysis<'_>, source: Source) -> String {
    let by_lane = &analysis.result.degradation.source_diagnostics;
    let found = match source {
        Source::Quant => &by_lane.quant,
        Source::Llm => &by_lane.llm,
    };
    found.as_ref().map_or_else(
        || "not asked for".to_owned(),
        |found| found.reason_code.as_str().to_owned(),
    )
}

/// From the middle to a confidence, to its side.
fn bar(class: &str, to: Direction, value: f64) -> String {
    let half = value.clamp(0.0, 1.0) * 50.0;
    let (left, width) = match to {
        Direction::Long => (50.0, half),
        Direction::Short => (50.0 - half, half),
        // Neither side: a bar around the middle, as wide as it is sure.
        Direction::Flat => (50.0 - half / 2.0, half),
    };
    format!("<i class=\"{class}\" style=\"left:{left:.2}%;width:{width:.2}%\"></i>")
}

fn tick(to: Direction, cap: f64) -> String {
    let half = cap.clamp(0.0, 1.0) * 50.0;
    let left = match to {
        Direction::Long => 50.0 + half,
        Direction::Short => 50.0 - half,
        Direction::Flat => 50.0 + half / 2.0,
    };
    format!("<i class=\"cap\" style=\"left:{left:.2}%\"></i>")
}
