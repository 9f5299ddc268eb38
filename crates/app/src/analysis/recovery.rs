//! What is tried once more where the lane of the models was lost: at most one
//! recovery, then at most one probe of the provider.
//!
//! The recovery asks again those nodes that gave no answer, and those that had
//! nothing to go on for that; the probe asks the market analyst a short
//! question, to tell an overloaded provider from a question that is too much.
//! Stages and progress of the run do not move back: it is all part of the
//! decision's task.

use std::time::Duration;

use fondaco_contract::v1alpha1::analysis::{
    AnalysisJob, Classification, ClassificationKind, Degraded, NodeReport, RecoveryStep,
};

use super::keys::{Node, split};
use super::lanes::{Reports, answer, degraded, is_lost};

/// Both together take no longer than the nodes they ask, and this.
const LOCAL: Duration = Duration::from_mins(3);
const PROBE: Duration = Duration::from_secs(90);

/// The reports of one item, after what was tried.
#[derive(Debug, Clone, Default)]
pub(super) struct Recovered {
    pub(super) reports: Vec<NodeReport>,
    pub(super) steps: Vec<RecoveryStep>,
    pub(super) classification: Option<Classification>,
    pub(super) local_used: bool,
    pub(super) probe_used: bool,
}

/// How a node is asked again.
pub(super) struct Again<'a> {
    pub(super) node: Node,
    /// What its answers are recorded under.
    pub(super) seat: String,
    pub(super) earlier: &'a [NodeReport],
    pub(super) time: Duration,
    pub(super) compact: bool,
}

/// Asks a node again; nothing where nobody wants it any more.
pub(super) type Ask<'a> = &'a dyn Fn(&Again<'_>) -> Option<NodeReport>;

/// Tries what may help. Nothing where it was stopped.
pub(super) fn recover(
    job: &AnalysisJob,
    reports: Vec<NodeReport>,
    elapsed: &dyn Fn() -> Duration,
    ask: Ask<'_>,
) -> Option<Recovered> {
    let mut recovered = Recovered {
        reports,
        ..Recovered::default()
    };
    let may_help = |reports: &[NodeReport]| {
        let mut all = reports.iter().filter_map(degraded);
        all.any(|degraded| degraded.retryable)
    };
    if job.llm.is_none() || !is_lost(Reports(&recovered.reports)) {
        return Some(recovered);
    }
    if may_help(&recovered.reports) {
        recovered.local(elapsed, ask)?;
    }
    recovered.classify();
    let probe = matches!(
        recovered.classification.as_ref().map(|it| it.kind),
        Some(ClassificationKind::ProviderBoundary | ClassificationKind::InteractionEffect)
    );
    if probe && is_lost(Reports(&recovered.reports)) {
        recovered.probe(ask)?;
    }
    Some(recovered)
}

impl Recovered {
    fn local(&mut self, elapsed: &dyn Fn() -> Duration, ask: Ask<'_>) -> Option<()> {
        self.local_used = true;
        let until = elapsed() + LOCAL;
        let mut asked = 0;
        for place in 0..self.reports.len() {
            let report = &self.reports[place];
            let again = degraded(report).is_some_and(|it| it.retryable || it.reason == "no_input");
            let Some((_, node)) =
                split(&report.node).filter(|(_, node)| again && *node != Node::Quant)
            else {
                continue;
            };
            let time = until.saturating_sub(elapsed());
            if time.is_zero() {
                break;
            }
            let next = ask(&Again {
                node,
                seat: format!("recovery/{}", report.node),
                earlier: &self.reports[..place],
                time,
                compact: false,
            })?;
            self.reports[place] = NodeReport {
                node: self.reports[place].node.clone(),
                ..next
            };
            asked += 1;
        }
        let succeeded = !is_lost(Reports(&self.reports));
        self.steps.push(RecoveryStep {
            attempt: "local_recovery".to_owned(),
            succeeded,
            detail: format!("{asked} nodes were asked again"),
        });
        Some(())
    }

    fn probe(&mut self, ask: Ask<'_>) -> Option<()> {
        let market = self.reports.iter().find_map(|report| {
            let (prefix, node) = split(&report.node)?;
            matches!(node, Node::Analyst(_)).then(|| (prefix.to_owned(), node))
        });
        let (prefix, node) = market?;
        self.probe_used = true;
        let report = ask(&Again {
            node,
            seat: format!("probe/{prefix}/{node}"),
            earlier: &[],
            time: PROBE,
            compact: true,
        })?;
        let answers = answer(&report).is_some();
        self.steps.push(RecoveryStep {
            attempt: "provider_probe".to_owned(),
            succeeded: answers,
            detail: match degraded(&report) {
                Some(degraded) => degraded.detail.clone(),
                None => "the provider answers a short question".to_owned(),
            },
        });
        let (kind, basis) = if answers {
            (
                ClassificationKind::InteractionEffect,
                "a short question was answered",
            )
        } else {
            (
                ClassificationKind::ProviderBoundary,
                "a short question was not answered either",
            )
        };
        let classification = self.classification.get_or_insert(Classification {
            kind,
            tentative: true,
            basis: Vec::new(),
        });
        classification.kind = kind;
        classification.basis.push(basis.to_owned());
        Some(())
    }

    fn classify(&mut self) {
        if !is_lost(Reports(&self.reports)) {
            self.classification = Some(Classification {
                kind: ClassificationKind::NoIssue,
                tentative: true,
                basis: vec!["asking again helped".to_owned()],
            });
            return;
        }
        let missing: Vec<(&NodeReport, &Degraded)> = self
            .reports
            .iter()
            .filter_map(|report| Some((report, degraded(report)?)))
            .filter(|(_, degraded)| degraded.reason != "no_input")
            .collect();
        let kind = missing
            .iter()
            .map(|(_, it)| kind_of(&it.reason))
            .max_by_key(|kind| weight(*kind));
        self.classification = kind.map(|kind| Classification {
            kind,
            tentative: true,
            basis: missing
                .iter()
                .map(|(report, degraded)| format!("{}: {}", report.node, degraded.reason))
                .collect(),
        });
    }
}

fn kind_of(reason: &str) -> ClassificationKind {
    match reason {
        "rate_limited" | "provider" => ClassificationKind::ProviderBoundary,
        "timeout" | "length" | "malformed" | "tool_turns" => ClassificationKind::InteractionEffect,
        _ => ClassificationKind::LocalRuntime,
    }
}

/// What the provider says of itself weighs most.
fn weight(kind: ClassificationKind) -> u8 {
    match kind {
        ClassificationKind::NoIssue => 0,
        ClassificationKind::InteractionEffect => 1,
        ClassificationKind::LocalRuntime => 2,
        ClassificationKind::ProviderBoundary => 3,
    }
}
