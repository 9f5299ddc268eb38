//! What the shape of a document does not say: fields that must agree.
//!
//! A document that reads as an [`AnalysisResult`] may still contradict itself:
//! a lane that is not available but points somewhere, a confidence that its
//! own numbers do not come to. [`faults_of_result`] says so with the place of
//! each. What a merge of this program yields has none.

mod merged;
mod quality;
mod report;

use std::fmt;

use fondaco_domain::signal::{Probability, ReasonCode, Source};
use serde::Serialize;

pub use report::faults_of_report;

use super::{
    ANALYSIS_RESULT, AnalysisResult, AnalysisStatus, Evidence, LaneDiagnostics, LaneResult,
};

/// A place in a document, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// A JSON pointer (RFC 6901); empty for the whole document.
    pub pointer: String,
    /// For people.
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self.pointer.as_str() {
            "" => "the document",
            pointer => pointer,
        };
        write!(f, "{place}: {}", self.problem)
    }
}

/// Faults in the order in which they were found.
#[derive(Debug, Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, pointer: impl Into<String>, problem: impl Into<String>) {
        self.0.push(Fault {
            pointer: pointer.into(),
            problem: problem.into(),
        });
    }

    /// One unless something holds.
    fn unless(&mut self, holds: bool, pointer: impl Into<String>, problem: impl Into<String>) {
        if !holds {
            self.add(pointer, problem);
        }
    }
}

/// Everything in a result that contradicts the rest of it, in the order of its
/// fields.
pub fn faults_of_result(result: &AnalysisResult) -> Vec<Fault> {
    let mut faults = Faults::default();
    names(result, &mut faults);
    status(result, &mut faults);
    lane(&result.signals.quant, Source::Quant, &mut faults);
    lane(&result.signals.llm, Source::Llm, &mut faults);
    merged::check(result, &mut faults);
    degradation(result, &mut faults);
    quality::check(result, &mut faults);
    quality::research(result, &mut faults);
    evidence(&result.evidence, &mut faults);
    rest(result, &mut faults);
    faults.0
}

fn names(result: &AnalysisResult, faults: &mut Faults) {
    faults.unless(
        result.contract == ANALYSIS_RESULT,
        "/contract",
        format!("`{}` is not `{ANALYSIS_RESULT}`", result.contract),
    );
    faults.unless(
        result.contract_version == "v1alpha1",
        "/contract_version",
        format!("`{}` is not `v1alpha1`", result.contract_version),
    );
}

/// A decision is there exactly where the status says so.
fn status(result: &AnalysisResult, faults: &mut Faults) {
    let decided = matches!(
        result.status,
        AnalysisStatus::Completed | AnalysisStatus::DegradedSuccess
    );
    let word = if decided { "lacks" } else { "has" };
    let parts = [
        ("/decision", result.decision.is_some()),
        ("/confidence", result.confidence.is_some()),
        ("/signals/merged", result.signals.merged.is_some()),
    ];
    for (pointer, is_there) in parts {
        let name = pointer.rsplit('/').next().unwrap_or_default();
        faults.unless(
            is_there == decided,
            pointer,
            format!("a result of this status {word} its {name}"),
        );
    }
    let degraded = result.degradation.degraded;
    faults.unless(
        result.status != AnalysisStatus::Completed || !degraded,
        "/status",
        "it is `completed` and degraded: `degraded_success` says so",
    );
    faults.unless(
        result.status != AnalysisStatus::DegradedSuccess || degraded,
        "/status",
        "it is `degraded_success` and not degraded",
    );
    let codes: &[&str] = match result.status {
        AnalysisStatus::Failed => &["both_signals_unavailable"],
        AnalysisStatus::Cancelled => &["cancelled", "halted"],
        AnalysisStatus::Completed | AnalysisStatus::DegradedSuccess => &[],
    };
    match &result.error {
        None => faults.unless(decided, "/error", "there is no decision and no error"),
        Some(_) if decided => faults.add("/error", "there is a decision and an error"),
        Some(error) => faults.unless(
            codes.contains(&error.code.as_str()),
            "/error/code",
            format!("`{}` is none of {}", error.code, codes.join(", ")),
        ),
    }
}

/// A lane says all or nothing.
fn lane(lane: &LaneResult, source: Source, faults: &mut Faults) {
    let place = format!("/signals/{}", source.as_str());
    let parts = [
        ("direction", lane.direction.is_some()),
        ("rating", lane.rating.is_some()),
        ("confidence", lane.confidence.is_some()),
    ];
    for (name, is_there) in parts {
        let problem = if lane.available {
            "the lane is available and says none"
        } else {
            "the lane is not available and says one"
        };
        faults.unless(
            is_there == lane.available,
            format!("{place}/{name}"),
            problem,
        );
    }
    if let (Some(direction), Some(rating)) = (lane.direction, lane.rating) {
        faults.unless(
            rating.meaning().0 == direction,
            format!("{place}/rating"),
            format!("{} does not point {}", rating.as_str(), i8::from(direction)),
        );
    }
    let Some(decision) = &lane.structured else {
        return;
    };
    let place = format!("{place}/structured");
    faults.unless(
        source == Source::Llm && lane.available,
        &place,
        "only an llm lane that is available has a decision behind it",
    );
    faults.unless(
        lane.rating.is_none_or(|rating| rating == decision.rating),
        format!("{place}/rating"),
        "it is not the rating of the lane",
    );
    let holds = decision.rating == fondaco_domain::signal::Rating::Hold;
    faults.unless(
        (decision.hold_subtype == "N/A") != holds,
        format!("{place}/hold_subtype"),
        "it is `N/A` for every rating but HOLD, and for none else",
    );
    faults.unless(
        ["structured", "rating_line"].contains(&decision.rating_source.as_str()),
        format!("{place}/rating_source"),
        "it is neither `structured` nor `rating_line`",
    );
}

/// Something is missing exactly where the flag says so, with the reasons of
/// the lanes that are.
fn degradation(result: &AnalysisResult, faults: &mut Faults) {
    let degradation = &result.degradation;
    let signals = &result.signals;
    let counted = signals.merged.iter().flat_map(|merged| &merged.counted);
    let missing = !degradation.reason_codes.is_empty()
        || result.data_quality.is_some()
        || !signals.quant.available
        || !signals.llm.available
        || { counted }.any(|lane| lane.factor < Probability::ONE);
    faults.unless(
        degradation.degraded == missing,
        "/degradation/degraded",
        if missing {
            "something is missing, or counts less than it said"
        } else {
            "nothing is missing"
        },
    );
    let by_source = &degradation.source_diagnostics;
    let lanes = [
        (Source::Quant, &signals.quant, &by_source.quant),
        (Source::Llm, &signals.llm, &by_source.llm),
    ];
    let cancelled = result.status == AnalysisStatus::Cancelled;
    for (source, lane, diagnostics) in lanes {
        let place = format!("/degradation/source_diagnostics/{}", source.as_str());
        match diagnostics {
            Some(_) if lane.available => faults.add(place, "the lane is available"),
            None if !lane.available && !cancelled => {
                faults.add(place, "the lane is not available and nothing says why");
            }
            _ => {}
        }
    }
    if !cancelled {
        let diagnostics = [&by_source.quant, &by_source.llm];
        let expected = reasons(&diagnostics.map(Option::as_ref));
        faults.unless(
            degradation.reason_codes == expected,
            "/degradation/reason_codes",
            format!("the lanes that are missing give {}", words(&expected)),
        );
    }
    let mut seen = degradation.reason_codes.clone();
    seen.sort_unstable();
    seen.dedup();
    faults.unless(
        seen.len() == degradation.reason_codes.len(),
        "/degradation/reason_codes",
        "a reason stands there twice",
    );
}

/// The reasons of the lanes that are missing, quant first, each once; where
/// both are, that comes last.
fn reasons(lanes: &[Option<&LaneDiagnostics>; 2]) -> Vec<ReasonCode> {
    let mut codes: Vec<ReasonCode> = Vec::new();
    for lane in lanes.iter().flatten() {
        if !codes.contains(&lane.reason_code) {
            codes.push(lane.reason_code);
        }
    }
    if lanes.iter().all(Option::is_some) {
        codes.retain(|code| *code != ReasonCode::BothSignalsUnavailable);
        codes.push(ReasonCode::BothSignalsUnavailable);
    }
    codes
}

fn words(codes: &[ReasonCode]) -> String {
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    format!("[{}]", names.join(", "))
}

fn evidence(evidence: &[Evidence], faults: &mut Faults) {
    for (index, one) in evidence.iter().enumerate() {
        let place = format!("/evidence/{index}");
        let before = &evidence[..index];
        faults.unless(
            before.iter().all(|other| other.node != one.node),
            format!("{place}/node"),
            format!("{} stands there twice", one.node),
        );
        report::key(&one.node, one.role, &place, faults);
        let known = ["answered", "abstained", "degraded"];
        faults.unless(
            known.contains(&one.outcome.as_str()),
            format!("{place}/outcome"),
            format!("`{}` is none of {}", one.outcome, known.join(", ")),
        );
        let silent = one.direction.is_none() && one.confidence.is_none();
        faults.unless(
            one.outcome == "answered" || silent,
            format!("{place}/direction"),
            "a node that did not answer leans nowhere",
        );
        report::reads(&one.read, &place, faults);
    }
}

fn rest(result: &AnalysisResult, faults: &mut Faults) {
    let budget = &result.budget;
    faults.unless(
        budget.cached_tokens <= budget.input_tokens,
        "/budget/cached_tokens",
        "more tokens were kept than were asked with",
    );
    faults.unless(budget.cost_nano >= 0, "/budget/cost_nano", "it is below 0");
    faults.unless(
        budget.limit_nano.is_none_or(|limit| limit >= 0),
        "/budget/limit_nano",
        "it is below 0",
    );
    if let Some(classification) = &result.tentative_classification {
        faults.unless(
            classification.tentative,
            "/tentative_classification/tentative",
            "it is never certain",
        );
    }
}
