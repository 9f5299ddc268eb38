//! Data and research against the lanes that rest on them.

use fondaco_domain::signal::{Probability, QualityState, ReasonCode, Source};

use super::super::{
    AnalysisResult, DataIssue, LaneDiagnostics, Provenance, RecoveryStep, ResearchStatus,
};
use super::Faults;

pub(super) fn check(result: &AnalysisResult, faults: &mut Faults) {
    let by_source = &result.degradation.source_diagnostics;
    let lanes = [
        (Source::Quant, by_source.quant.as_ref()),
        (Source::Llm, by_source.llm.as_ref()),
    ];
    for (source, lane) in lanes {
        if let Some(lane) = lane {
            diagnostics(source, lane, faults);
        }
    }
    summary(result, faults);
    let expected: Vec<&DataIssue> = lanes
        .into_iter()
        .filter_map(|(_, lane)| lane?.data_quality.as_ref())
        .collect();
    let issues = result.data_quality.as_ref().map(|it| &it.issues);
    let told = |issue: &DataIssue| issues.is_some_and(|issues| issues.contains(issue));
    faults.unless(
        expected.into_iter().all(told),
        "/data_quality",
        "it leaves out what is wrong with the data of a lane",
    );
}

/// Why a lane is missing goes with what is wrong with its data.
fn diagnostics(source: Source, lane: &LaneDiagnostics, faults: &mut Faults) {
    let place = format!(
        "/degradation/source_diagnostics/{}/data_quality",
        source.as_str()
    );
    let Some(issue) = &lane.data_quality else {
        return;
    };
    faults.unless(
        issue.source == source,
        format!("{place}/source"),
        "it is the issue of another lane",
    );
    faults.unless(
        reason_of(issue.state).is_none_or(|reason| reason == lane.reason_code),
        format!("{place}/state"),
        format!("`{}` is another reason", lane.reason_code.as_str()),
    );
    facts(issue, &place, faults);
}

fn reason_of(state: QualityState) -> Option<ReasonCode> {
    match state {
        QualityState::ProviderMismatch => Some(ReasonCode::ProviderMismatch),
        QualityState::NonTradingDay => Some(ReasonCode::NonTradingDay),
        QualityState::StaleData => Some(ReasonCode::StaleData),
        QualityState::PartialData => Some(ReasonCode::PartialData),
        QualityState::NoData => Some(ReasonCode::QuantNoData),
        QualityState::ResearchDegraded => None,
    }
}

fn facts(issue: &DataIssue, place: &str, faults: &mut Faults) {
    let partial = issue.state == QualityState::PartialData;
    faults.unless(
        partial != issue.missing_fields.is_empty(),
        format!("{place}/missing_fields"),
        "fields are named where candles lack some, and only there",
    );
    let stale = issue.state == QualityState::StaleData;
    faults.unless(
        !stale || issue.last_available_date.is_some(),
        format!("{place}/last_available_date"),
        "stale data have a last day",
    );
}

/// The worst of all issues, of which each lane has one at most.
fn summary(result: &AnalysisResult, faults: &mut Faults) {
    let Some(summary) = &result.data_quality else {
        return;
    };
    let place = "/data_quality/issues";
    let sources: Vec<Source> = summary.issues.iter().map(|issue| issue.source).collect();
    faults.unless(
        sources.is_sorted_by(|one, other| one < other),
        place,
        "it holds one issue of each lane at most, quant first",
    );
    // Of two alike that of the quant lane.
    let worst = summary.issues.iter().min_by_key(|issue| issue.state);
    let Some(worst) = worst else {
        faults.add(place, "there is none");
        return;
    };
    faults.unless(
        (summary.state, summary.source) == (worst.state, worst.source),
        "/data_quality/state",
        "it is not the worst of the issues",
    );
    let by_source = &result.degradation.source_diagnostics;
    for (index, issue) in summary.issues.iter().enumerate() {
        let place = format!("{place}/{index}");
        facts(issue, &place, faults);
        let (lane, diagnostics) = match issue.source {
            Source::Quant => (&result.signals.quant, &by_source.quant),
            Source::Llm => (&result.signals.llm, &by_source.llm),
        };
        let known = diagnostics.as_ref().and_then(|it| it.data_quality.as_ref());
        let degraded = issue.state == QualityState::ResearchDegraded;
        faults.unless(
            if lane.available {
                degraded
            } else {
                known == Some(issue)
            },
            place,
            "its lane says otherwise",
        );
    }
}

/// How much of the research there is, against what counted.
pub(super) fn research(result: &AnalysisResult, faults: &mut Faults) {
    let place = "/research";
    let Some(research) = &result.research else {
        faults.unless(
            !result.signals.llm.available,
            place,
            "the llm lane is available and nothing says what it rests on",
        );
        return;
    };
    let counted = result.signals.merged.iter().flat_map(|it| &it.counted);
    let factor = { counted }.find(|it| it.source == Source::Llm);
    faults.unless(
        factor.is_none_or(|it| it.factor == research.factor),
        "/research/factor",
        "it is not what the lane was counted with",
    );
    let full = research.research_status == ResearchStatus::Full;
    faults.unless(
        !full || research.factor == Probability::ONE,
        "/research/factor",
        "full research counts fully",
    );
    faults.unless(
        !full || (research.degraded_reason.is_none() && research.timed_out_nodes.is_empty()),
        "/research/degraded_reason",
        "full research lacks nothing",
    );
    let degraded = research.research_status == ResearchStatus::Degraded;
    faults.unless(
        !degraded || research.degraded_reason.is_some(),
        "/research/degraded_reason",
        "something is missing, and nothing says what",
    );
    let issues = result.data_quality.iter().flat_map(|it| &it.issues);
    let told = { issues }.any(|issue| issue.state == QualityState::ResearchDegraded);
    faults.unless(
        told == (degraded && result.signals.llm.available),
        "/data_quality",
        "degraded research of an available lane is an issue of its data, and nothing else is",
    );
    covered(research, faults);
    steps(result, &research.recovery, faults);
}

fn covered(research: &Provenance, faults: &mut Faults) {
    const KNOWN: [&str; 3] = ["bull", "bear", "manager"];
    let places: Vec<Option<usize>> = research
        .covered_dimensions
        .iter()
        .map(|name| KNOWN.iter().position(|known| known == name))
        .collect();
    let ordered = places.is_sorted_by(|one, other| one < other);
    faults.unless(
        ordered && places.iter().all(Option::is_some),
        "/research/covered_dimensions",
        "it holds bull, bear and manager, each once at most, in this order",
    );
    let manager = places.contains(&Some(2));
    faults.unless(
        manager != (research.manager_confidence == Probability::ZERO),
        "/research/manager_confidence",
        "it is 0 without a verdict of the manager, and only then",
    );
}

fn steps(result: &AnalysisResult, steps: &[RecoveryStep], faults: &mut Faults) {
    const KNOWN: [&str; 2] = ["local_recovery", "provider_probe"];
    let budget = &result.budget;
    let used = [budget.local_recovery_used, budget.provider_probe_used];
    let places: Vec<Option<usize>> = steps
        .iter()
        .map(|step| KNOWN.iter().position(|known| *known == step.attempt))
        .collect();
    faults.unless(
        places.is_sorted_by(|one, other| one < other) && places.iter().all(Option::is_some),
        "/research/recovery",
        "a local recovery and then a probe of the provider are tried, each once at most",
    );
    for (step, used) in used.into_iter().enumerate() {
        faults.unless(
            used || !places.contains(&Some(step)),
            format!("/budget/{}_used", KNOWN[step]),
            "it was tried",
        );
    }
}
