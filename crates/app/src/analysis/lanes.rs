//! What the reports of nodes say of the two lanes.

use super::quant;
use fondaco_contract::v1alpha1::analysis::{
    AnalysisJob, Degraded, NodeAnswer, NodeOutcome, NodeReport, NodeRole, Provenance, RecoveryStep,
    ResearchMode, ResearchStatus,
};
use fondaco_domain::signal::{
    DataQuality, Lane, LaneFailure, LaneSignal, Probability, QualityState, Rating, ReasonCode,
    Research,
};

/// The reports of one item, in the order of the graph.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reports<'a>(pub(super) &'a [NodeReport]);

impl<'a> Reports<'a> {
    pub(super) fn of(self, role: NodeRole) -> impl Iterator<Item = &'a NodeReport> {
        self.0.iter().filter(move |report| report.role == role)
    }

    /// Whether somebody of that role answered.
    fn answered(self, role: NodeRole) -> bool {
        self.of(role).any(|report| answer(report).is_some())
    }

    fn llm(self) -> impl Iterator<Item = &'a NodeReport> {
        let reports = self.0.iter();
        reports.filter(|report| report.role != NodeRole::Quant)
    }
}

pub(super) fn answer(report: &NodeReport) -> Option<&NodeAnswer> {
    match &report.outcome {
        NodeOutcome::Answered(answer) => Some(answer),
        NodeOutcome::Abstained(_) | NodeOutcome::Degraded(_) => None,
    }
}

pub(super) fn degraded(report: &NodeReport) -> Option<&Degraded> {
    match &report.outcome {
        NodeOutcome::Degraded(degraded) => Some(degraded),
        NodeOutcome::Answered(_) | NodeOutcome::Abstained(_) => None,
    }
}

/// The strategy's lane.
pub(super) fn strategy(job: &AnalysisJob, reports: Reports<'_>) -> Lane {
    if job.quant.is_none() {
        return Lane::absent(ReasonCode::QuantNotConfigured);
    }
    match reports.of(NodeRole::Quant).next() {
        Some(report) => quant::lane(report),
        None => failed(ReasonCode::QuantSignalFailed, "its task gave no report"),
    }
}

/// The models' lane: the rating of the portfolio manager, which counts less
/// where some of the research is missing.
pub(super) fn llm(job: &AnalysisJob, reports: Reports<'_>, research: &Provenance) -> Lane {
    if job.llm.is_none() {
        return failed(ReasonCode::LlmInitFailed, "no model was asked for");
    }
    let Some(rating) = rating(reports) else {
        return match reports
            .llm()
            .filter_map(degraded)
            .find(|it| it.lane.is_some())
        {
            Some(degraded) => lost(degraded, ReasonCode::LlmSignalFailed),
            None => failed(ReasonCode::LlmSignalFailed, "there is no decision"),
        };
    };
    let (direction, confidence) = rating.meaning();
    Lane::Signal(LaneSignal {
        direction,
        confidence,
        research: match research.research_status {
            ResearchStatus::Full => Research::Full,
            ResearchStatus::Degraded | ResearchStatus::Failed => Research::Degraded {
                factor: research.factor,
            },
        },
    })
}

/// What the portfolio manager decided.
pub(super) fn rating(reports: Reports<'_>) -> Option<Rating> {
    let manager = reports.of(NodeRole::PortfolioManager).next()?;
    answer(manager)?.rating
}

/// Whether the lane of the models is lost.
pub(super) fn is_lost(reports: Reports<'_>) -> bool {
    rating(reports).is_none()
}

/// What is wrong with the data of the lane that decided all the same.
pub(super) fn research_quality(research: &Provenance) -> Option<DataQuality> {
    (research.research_status == ResearchStatus::Degraded).then_some(DataQuality {
        state: QualityState::ResearchDegraded,
        missing_fields: Vec::new(),
        last_available_date: None,
    })
}

/// How much of the research there is.
pub(super) fn provenance(
    job: &AnalysisJob,
    reports: Reports<'_>,
    recovery: Vec<RecoveryStep>,
) -> Provenance {
    let missing: Vec<(&NodeReport, &Degraded)> = reports
        .llm()
        .filter_map(|report| Some((report, degraded(report)?)))
        .collect();
    let covered = |role| reports.answered(role);
    let decided = covered(NodeRole::ResearchManager) && !is_lost(reports);
    let research_status = match (decided, missing.is_empty()) {
        (false, _) => ResearchStatus::Failed,
        (true, false) => ResearchStatus::Degraded,
        (true, true) => ResearchStatus::Full,
    };
    let whole = covered(NodeRole::Bull) && covered(NodeRole::Bear);
    Provenance {
        research_status,
        research_mode: if whole {
            ResearchMode::Debate
        } else {
            ResearchMode::DegradedSynthesis
        },
        timed_out_nodes: missing
            .iter()
            .filter(|(_, degraded)| degraded.reason == "timeout")
            .map(|(report, _)| report.node.clone())
            .collect(),
        degraded_reason: missing
            .first()
            .map(|(report, degraded)| format!("{}_{}", report.role.as_str(), degraded.reason)),
        covered_dimensions: [
            ("bull", NodeRole::Bull),
            ("bear", NodeRole::Bear),
            ("manager", NodeRole::ResearchManager),
        ]
        .into_iter()
        .filter(|(_, role)| covered(*role))
        .map(|(name, _)| name.to_owned())
        .collect(),
        manager_confidence: manager_confidence(reports, &missing),
        factor: match research_status {
            ResearchStatus::Full => Probability::ONE,
            ResearchStatus::Degraded => job.research_degraded_factor,
            ResearchStatus::Failed => Probability::ZERO,
        },
        recovery,
    }
}

/// 0 without a verdict, 0.5 where the verdict had not all of the research.
fn manager_confidence(reports: Reports<'_>, missing: &[(&NodeReport, &Degraded)]) -> Probability {
    let before = |role: NodeRole| role < NodeRole::ResearchManager;
    if !reports.answered(NodeRole::ResearchManager) {
        Probability::ZERO
    } else if missing.iter().any(|(report, _)| before(report.role)) {
        Probability::try_from(0.5).unwrap_or(Probability::ZERO)
    } else {
        Probability::ONE
    }
}

fn failed(reason: ReasonCode, error: &str) -> Lane {
    Lane::Absent(LaneFailure {
        reason,
        data_quality: None,
        error: Some(error.to_owned()),
    })
}

fn lost(degraded: &Degraded, otherwise: ReasonCode) -> Lane {
    let reason = degraded.lane.unwrap_or(otherwise);
    Lane::Absent(LaneFailure {
        reason,
        data_quality: provider_quality(reason),
        error: Some(degraded.detail.clone()),
    })
}

fn provider_quality(reason: ReasonCode) -> Option<DataQuality> {
    (reason == ReasonCode::ProviderMismatch).then_some(DataQuality {
        state: QualityState::ProviderMismatch,
        missing_fields: Vec::new(),
        last_available_date: None,
    })
}
