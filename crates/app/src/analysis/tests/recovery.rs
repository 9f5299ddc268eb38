//! What is tried once more, and how often.

use fondaco_contract::v1alpha1::analysis::{AnalysisStatus, ClassificationKind, ResearchStatus};

use super::world::{Ran, Said, World, document, rate_limited, timed_out};
use crate::analysis::keys::Node;

fn attempts(ran: &Ran) -> Vec<(&str, bool)> {
    let steps = &ran.result.research.as_ref().unwrap().recovery;
    steps
        .iter()
        .map(|step| (step.attempt.as_str(), step.succeeded))
        .collect()
}

#[test]
fn a_decision_that_comes_late_counts() {
    let late = vec![
        Said::Error(timed_out),
        Said::Json(document(Node::PortfolioManager)),
    ];
    let ran = World::new().node("portfolio/manager", late).run();
    assert_eq!(attempts(&ran), [("local_recovery", true)]);
    assert_eq!(ran.result.status, AnalysisStatus::Completed);
    assert_eq!(
        ran.result.research.as_ref().unwrap().research_status,
        ResearchStatus::Full
    );
    let classified = ran.result.tentative_classification.as_ref().unwrap();
    assert_eq!(
        (classified.kind, classified.tentative),
        (ClassificationKind::NoIssue, true)
    );
    assert!(ran.result.budget.local_recovery_used && !ran.result.budget.provider_probe_used);
    // Recorded under another name than the first try.
    let seats: Vec<&str> = ran.asked.iter().map(|(seat, _)| seat.as_str()).collect();
    assert_eq!(seats.last(), Some(&"recovery/AAPL/portfolio/manager"));
}

#[test]
fn what_had_nothing_to_go_on_is_asked_with_what_it_waited_for() {
    let late = vec![
        Said::Error(rate_limited),
        Said::Json(document(Node::ResearchManager)),
    ];
    let ran = World::new().node("research/manager", late).run();
    assert_eq!(ran.result.status, AnalysisStatus::Completed);
    let again: Vec<&str> = ran
        .asked
        .iter()
        .filter_map(|(seat, _)| seat.strip_prefix("recovery/AAPL/"))
        .collect();
    assert_eq!(
        again,
        [
            "research/manager",
            "trading/trader",
            "risk/aggressive/1",
            "risk/conservative/1",
            "risk/neutral/1",
            "portfolio/manager"
        ]
    );
}

#[test]
fn there_is_one_recovery_and_one_probe() {
    let never = || vec![Said::Error(rate_limited)];
    let ran = World::new().node("portfolio/manager", never()).run();
    assert_eq!(
        attempts(&ran),
        [("local_recovery", false), ("provider_probe", true)]
    );
    let kind = |ran: &Ran| ran.result.tentative_classification.as_ref().unwrap().kind;
    assert_eq!(kind(&ran), ClassificationKind::InteractionEffect);
    assert_eq!(ran.asked("portfolio/manager").len(), 2);
    assert_eq!(ran.asked("analysts/market").len(), 2);

    let ran = World::new()
        .node("portfolio/manager", never())
        .node("analysts/market", never())
        .run();
    assert_eq!(
        attempts(&ran),
        [("local_recovery", false), ("provider_probe", false)]
    );
    assert_eq!(kind(&ran), ClassificationKind::ProviderBoundary);
    assert!(!ran.result.signals.llm.available);
}

#[test]
fn what_would_come_again_is_not_tried_again() {
    let ran = World::new()
        .node("portfolio/manager", vec![Said::Refused])
        .run();
    assert_eq!(attempts(&ran), []);
    assert_eq!(ran.asked("portfolio/manager").len(), 1);
}

#[test]
fn a_lane_that_decided_is_left_alone() {
    let ran = World::new()
        .node("research/bear/1", vec![Said::Error(timed_out)])
        .run();
    assert_eq!(attempts(&ran), []);
    assert_eq!(ran.asked("research/bear/1").len(), 1);
}
