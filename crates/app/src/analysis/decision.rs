//! From the reports of all nodes to one result.

use fondaco_contract::v1alpha1::analysis::{
    ANALYSIS_RESULT, AnalysisError, AnalysisItem, AnalysisJob, AnalysisResult, AnalysisStatus,
    BudgetState, CountedLane, DataIssue, DataQualitySummary, Degradation, Evidence,
    LaneDiagnostics, LaneDiagnosticsBySource, LaneResult, LaneSignals, MergedResult, NodeOutcome,
    NodeReport, NodeRole, Provenance, StructuredDecision,
};
use fondaco_domain::signal::{
    DataQuality, Issue, Lane, Merged, NoSignal, Rating, Source, merge, summary,
};

use super::lanes::{self, Reports};
use super::recovery::Recovered;

/// Merges the lanes. The same reports give the same result.
pub(super) fn decide(
    job: &AnalysisJob,
    item: &AnalysisItem,
    recovered: &Recovered,
) -> AnalysisResult {
    let reports = Reports(&recovered.reports);
    let research = lanes::provenance(job, reports, recovered.steps.clone());
    let quant = lanes::strategy(job, reports);
    let llm = lanes::llm(job, reports, &research);
    let quality = quality(&quant, &llm, &research);
    let merged = merge(&quant, &llm, job.merge.into());
    let (reason_codes, error) = match &merged {
        Ok(merged) => (merged.reason_codes.clone(), None),
        Err(none) => (none.reason_codes.clone(), Some(no_decision(none, reports))),
    };
    let merged = merged.ok();
    let degraded = merged.as_ref().is_none_or(Merged::is_degraded)
        || quality.is_some()
        || !reason_codes.is_empty();
    AnalysisResult {
        contract: ANALYSIS_RESULT.to_owned(),
        contract_version: "v1alpha1".to_owned(),
        ticker: item.ticker.clone(),
        date: item.date,
        status: match (&merged, degraded) {
            (None, _) => AnalysisStatus::Failed,
            (Some(_), true) => AnalysisStatus::DegradedSuccess,
            (Some(_), false) => AnalysisStatus::Completed,
        },
        decision: merged.as_ref().map(shown),
        confidence: merged.as_ref().map(|merged| merged.confidence),
        signals: LaneSignals {
            merged: merged.as_ref().map(told),
            quant: lane(&quant, None, None),
            llm: lane(&llm, lanes::rating(reports), structured(job, reports)),
        },
        degradation: Degradation {
            degraded,
            reason_codes,
            source_diagnostics: LaneDiagnosticsBySource {
                quant: diagnostics(Source::Quant, &quant),
                llm: diagnostics(Source::Llm, &llm),
            },
        },
        data_quality: quality,
        research: job.llm.as_ref().map(|_| research),
        evidence: reports.0.iter().map(evidence).collect(),
        budget: budget(job, reports, recovered),
        tentative_classification: recovered.classification.clone(),
        error,
    }
}

fn shown(merged: &Merged) -> Rating {
    Rating::shown(merged.direction, merged.confidence)
}

fn told(merged: &Merged) -> MergedResult {
    MergedResult {
        direction: merged.direction,
        rating: shown(merged),
        policy: merged.policy.into(),
        counted: merged
            .taken
            .iter()
            .map(|taken| CountedLane {
                source: taken.source,
                stated: taken.stated,
                factor: taken.factor,
                counted: taken.counted,
            })
            .collect(),
        denominator: merged.denominator,
    }
}

/// A lane with its own rating, or the one its direction shows as.
fn lane(lane: &Lane, own: Option<Rating>, structured: Option<StructuredDecision>) -> LaneResult {
    let Some(signal) = lane.signal() else {
        return LaneResult::absent();
    };
    LaneResult {
        available: true,
        direction: Some(signal.direction),
        rating: Some(own.unwrap_or_else(|| Rating::shown(signal.direction, signal.confidence))),
        confidence: Some(signal.confidence),
        structured,
    }
}

fn structured(job: &AnalysisJob, reports: Reports<'_>) -> Option<StructuredDecision> {
    let manager = reports.of(NodeRole::PortfolioManager).next()?;
    let answer = lanes::answer(manager)?;
    let rating = answer.rating?;
    let said = |field: &str| answer.document.get(field);
    let free_text = answer.document.is_null();
    let subtype = said("hold_subtype").and_then(|it| it.as_str());
    let warnings = said("warnings").and_then(|it| it.as_array());
    let mut warnings: Vec<String> = warnings
        .into_iter()
        .flatten()
        .filter_map(|it| it.as_str().map(str::to_owned))
        .collect();
    if free_text {
        warnings.push("rating_from_a_line_of_free_text".to_owned());
    }
    Some(StructuredDecision {
        rating,
        hold_subtype: match rating {
            Rating::Hold => subtype.unwrap_or("UNSPECIFIED").to_owned(),
            _ => "N/A".to_owned(),
        },
        rating_source: if free_text {
            "rating_line"
        } else {
            "structured"
        }
        .to_owned(),
        report_text: answer.text.clone(),
        warnings,
        portfolio_context_used: job.portfolio.is_some(),
        peer_context_used: job.peers.is_some(),
    })
}

fn diagnostics(source: Source, lane: &Lane) -> Option<LaneDiagnostics> {
    let failure = lane.failure()?;
    let quality = failure.data_quality.clone();
    Some(LaneDiagnostics {
        reason_code: failure.reason,
        data_quality: quality.map(|quality| issue(Issue { source, quality })),
        error: failure.error.clone(),
    })
}

fn issue(issue: Issue) -> DataIssue {
    DataIssue {
        source: issue.source,
        state: issue.quality.state,
        missing_fields: issue.quality.missing_fields,
        last_available_date: issue.quality.last_available_date,
    }
}

fn quality(quant: &Lane, llm: &Lane, research: &Provenance) -> Option<DataQualitySummary> {
    let of = |lane: &Lane| lane.failure()?.data_quality.clone();
    let of_llm: Option<DataQuality> = match llm {
        Lane::Signal(_) => lanes::research_quality(research),
        Lane::Absent(_) => of(llm),
    };
    let found = summary(of(quant).as_ref(), of_llm.as_ref())?;
    Some(DataQualitySummary {
        state: found.worst.quality.state,
        source: found.worst.source,
        issues: found.issues.into_iter().map(issue).collect(),
    })
}

fn evidence(report: &NodeReport) -> Evidence {
    let (outcome, text) = match &report.outcome {
        NodeOutcome::Answered(answer) => ("answered", answer.text.clone()),
        NodeOutcome::Abstained(abstention) => ("abstained", abstention.why.clone()),
        NodeOutcome::Degraded(degraded) => ("degraded", degraded.detail.clone()),
    };
    let answer = lanes::answer(report);
    Evidence {
        node: report.node.clone(),
        role: report.role,
        outcome: outcome.to_owned(),
        text,
        direction: answer.and_then(|answer| answer.direction),
        confidence: answer.and_then(|answer| answer.confidence),
        read: report.read.clone(),
    }
}

fn budget(job: &AnalysisJob, reports: Reports<'_>, recovered: &Recovered) -> BudgetState {
    let calls = reports.0.iter().flat_map(|report| &report.calls);
    let mut state = BudgetState {
        limit_nano: job.budget_nano,
        local_recovery_used: recovered.local_used,
        provider_probe_used: recovered.probe_used,
        ..BudgetState::default()
    };
    for call in calls {
        state.calls += 1;
        state.input_tokens += call.tokens.input;
        state.cached_tokens += call.tokens.cached;
        state.output_tokens += call.tokens.output;
        state.cost_nano += call.cost_nano;
    }
    state
}

fn no_decision(none: &NoSignal, reports: Reports<'_>) -> AnalysisError {
    let codes: Vec<&str> = none.reason_codes.iter().map(|code| code.as_str()).collect();
    AnalysisError {
        code: "both_signals_unavailable".to_owned(),
        message: format!("{none}: {}", codes.join(", ")),
        retryable: reports
            .0
            .iter()
            .filter_map(lanes::degraded)
            .any(|degraded| degraded.retryable),
    }
}
