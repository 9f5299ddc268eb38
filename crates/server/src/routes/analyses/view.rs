//! From what is known of analyses to what is sent.

use fondaco_app::analysis::keys::{self, Node};
use fondaco_app::analysis::shown::{ItemShown, NodeShown, Shown};
use fondaco_contract::http::{
    AnalysisItemView, AnalysisNodeView, AnalysisStageView, AnalysisView, SaidView,
};
use fondaco_contract::v1alpha1::analysis::{AnalysisError, NodeOutcome, NodeReport};

/// An analysis.
pub(super) fn of(shown: Shown) -> AnalysisView {
    let llm = shown.job.llm.as_ref();
    AnalysisView {
        run_id: shown.run.id.to_string(),
        state: shown.run.state.as_str().to_owned(),
        progress: shown.progress(),
        quick: llm.map(|llm| llm.quick.clone()),
        deep: llm.map(|llm| llm.deep.clone()),
        spent: shown.spent(),
        spec: shown.run.new.spec.to_string(),
        created_at: shown.run.created_at.to_string(),
        started_at: shown.run.started_at.map(|at| at.to_string()),
        finished_at: shown.run.finished_at.map(|at| at.to_string()),
        waits: shown.waits.map(|why| why.to_string()),
        reason: shown.run.reason,
        items: shown.items.into_iter().map(item).collect(),
    }
}

fn item(item: ItemShown) -> AnalysisItemView {
    let stages = item.stages.iter().map(|stage| AnalysisStageView {
        name: stage.stage.as_str().to_owned(),
        state: stage.state.as_str().to_owned(),
        completed_at: stage.completed_at.map(|at| at.to_string()),
    });
    let unsaid = item.failure.map(|message| AnalysisError {
        code: "analysis_failed".to_owned(),
        message,
        retryable: false,
    });
    let result = item.result;
    AnalysisItemView {
        ticker: item.item.ticker.to_string(),
        date: item.item.date.to_string(),
        key: item.key,
        state: item.state.as_str().to_owned(),
        progress: item.progress,
        current_stage: item.current.map(|stage| stage.as_str().to_owned()),
        stages: stages.collect(),
        decision: result.as_ref().and_then(|result| result.decision),
        confidence: result.as_ref().and_then(|result| result.confidence),
        degraded: result.as_ref().map(|result| result.degradation.degraded),
        error: result.and_then(|result| result.error).or(unsaid),
        ended_at: item.ended_at.map(|at| at.to_string()),
        spent: item.spent,
    }
}

/// A node.
pub(super) fn node(shown: &NodeShown) -> AnalysisNodeView {
    let (task, report) = (&shown.task, shown.report.as_ref());
    let node = keys::split(&task.plan.key).map(|(_, node)| node);
    AnalysisNodeView {
        key: task.plan.key.clone(),
        role: node.and_then(Node::role),
        stage: node
            .and_then(Node::stage)
            .map(|stage| stage.as_str().to_owned()),
        state: task.state.as_str().to_owned(),
        attempt: task.attempt,
        ended_at: shown.ended_at.map(|at| at.to_string()),
        model: report.and_then(|report| report.model.clone()),
        outcome: report.map(|report| outcome(&report.outcome).to_owned()),
        spent: report
            .map(fondaco_app::analysis::shown::spent_by)
            .unwrap_or_default(),
        // The decision says why in its result.
        detail: task.detail.clone().filter(|_| node != Some(Node::Decision)),
    }
}

/// What a node said.
pub(super) fn said(report: NodeReport) -> SaidView {
    let outcome = outcome(&report.outcome).to_owned();
    let (text, points, direction, confidence) = match report.outcome {
        NodeOutcome::Answered(answer) => {
            let leans = (answer.direction, answer.confidence);
            (answer.text, answer.points, leans.0, leans.1)
        }
        NodeOutcome::Abstained(abstention) => (abstention.why, Vec::new(), None, None),
        NodeOutcome::Degraded(degraded) => {
            let text = format!("{}: {}", degraded.reason, degraded.detail);
            (text, Vec::new(), None, None)
        }
    };
    SaidView {
        key: report.node,
        role: report.role,
        model: report.model,
        outcome,
        text,
        points,
        direction,
        confidence,
        read: report.read,
    }
}

fn outcome(outcome: &NodeOutcome) -> &'static str {
    match outcome {
        NodeOutcome::Answered(_) => "answered",
        NodeOutcome::Abstained(_) => "abstained",
        NodeOutcome::Degraded(_) => "degraded",
    }
}
