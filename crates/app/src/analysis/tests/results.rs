//! What a graph comes to: lanes, degradations, failures.

use fondaco_contract::v1alpha1::analysis::{AnalysisStatus, ResearchMode, ResearchStatus};
use fondaco_domain::signal::{Direction, Rating, ReasonCode};
use serde_json::{Value, json};

use super::world::{Said, World, manager, mismatch, no_key, timed_out};

#[test]
fn two_lanes_make_one_decision() {
    let ran = World::new().run();
    let result = &ran.result;
    assert_eq!(result.status, AnalysisStatus::Completed);
    assert_eq!(result.decision, Some(Rating::Buy));
    // Both look up: capped_sum is certain, and says what went into it.
    assert_eq!(result.confidence.unwrap().get(), 1.0);
    let merged = result.signals.merged.as_ref().unwrap();
    let counted: Vec<f64> = merged.counted.iter().map(|one| one.counted.get()).collect();
    assert_eq!(counted, [0.5, 0.9]);
    assert_eq!(merged.denominator, 1.4);
    assert!(result.degradation.reason_codes.is_empty() && !result.degradation.degraded);
    let research = result.research.as_ref().unwrap();
    assert_eq!(research.research_status, ResearchStatus::Full);
    assert_eq!(research.covered_dimensions, ["bull", "bear", "manager"]);
    assert_eq!(result.evidence.len(), 13);
    assert_eq!(
        (result.budget.calls, result.budget.input_tokens),
        (12, 1_200)
    );
    let structured = result.signals.llm.structured.as_ref().unwrap();
    assert_eq!(structured.warnings, ["Earnings in a week."]);
    assert_eq!(
        (
            structured.hold_subtype.as_str(),
            structured.rating_source.as_str()
        ),
        ("N/A", "structured")
    );
}

#[test]
fn managers_ask_the_deep_model_and_others_the_quick_one() {
    let ran = World::new().run();
    let deep = ran
        .asked
        .iter()
        .filter(|(_, request)| request.model == "test/deep");
    let nodes: Vec<&str> = deep.map(|(node, _)| node.as_str()).collect();
    assert_eq!(nodes, ["AAPL/research/manager", "AAPL/portfolio/manager"]);
}

#[test]
fn a_lane_that_is_missing_is_absent_and_never_a_wish_to_hold() {
    let ran = World::new().job(|job| job["quant"] = Value::Null).run();
    let quant = &ran.result.signals.quant;
    assert!(!quant.available && quant.direction.is_none() && quant.rating.is_none());
    assert_eq!(ran.result.status, AnalysisStatus::DegradedSuccess);
    assert_eq!(
        ran.result.degradation.reason_codes,
        [ReasonCode::QuantNotConfigured]
    );
    // Alone: 0.9 times 0.7.
    assert!((ran.result.confidence.unwrap().get() - 0.63).abs() < 1e-12);

    let ran = World::new().job(|job| job["llm"] = Value::Null).run();
    assert!(!ran.result.signals.llm.available && ran.result.research.is_none());
    assert_eq!(ran.result.confidence.unwrap().get(), 0.4);
}

#[test]
fn missing_research_counts_half_and_is_said() {
    let ran = World::new()
        .node("research/bear/1", vec![Said::Error(timed_out)])
        .run();
    let research = ran.result.research.as_ref().unwrap();
    assert_eq!(research.research_status, ResearchStatus::Degraded);
    assert_eq!(research.research_mode, ResearchMode::DegradedSynthesis);
    assert_eq!(research.timed_out_nodes, ["AAPL/research/bear/1"]);
    assert_eq!(research.degraded_reason.as_deref(), Some("bear_timeout"));
    assert_eq!(research.manager_confidence.get(), 0.5);
    assert_eq!(ran.result.status, AnalysisStatus::DegradedSuccess);
    let merged = ran.result.signals.merged.as_ref().unwrap();
    assert_eq!(
        (
            merged.counted[1].factor.get(),
            merged.counted[1].counted.get()
        ),
        (0.5, 0.45)
    );
}

/// What happens to a graph, and the reason its llm lane is then absent for.
#[test]
fn a_lost_lane_has_a_reason_of_the_list() {
    let refused = |refuses| {
        let mut world = World::new();
        world.refuses = Some(refuses);
        world
    };
    let says = |node: &str, said| World::new().node(node, vec![said]);
    for (case, world, reason) in [
        (
            "a bad key",
            refused(no_key as _),
            ReasonCode::ProviderAuthFailed,
        ),
        (
            "a foreign address",
            refused(mismatch as _),
            ReasonCode::ProviderMismatch,
        ),
        (
            "no verdict",
            says("research/manager", Said::Text("well")),
            ReasonCode::LlmSignalFailed,
        ),
        (
            "no rating",
            says("portfolio/manager", Said::Text("do not BUY")),
            ReasonCode::LlmUnknownRating,
        ),
        (
            "refused",
            says("portfolio/manager", Said::Refused),
            ReasonCode::LlmSignalFailed,
        ),
    ] {
        let ran = world.run();
        let result = ran.result;
        assert_eq!(result.degradation.reason_codes, [reason], "{case}");
        assert!(!result.signals.llm.available, "{case}");
        // The quant lane alone: 0.5 times 0.8.
        assert_eq!(result.decision, Some(Rating::Overweight), "{case}");
        assert_eq!(result.confidence.unwrap().get(), 0.4, "{case}");
        assert_eq!(
            result.research.unwrap().research_status,
            ResearchStatus::Failed,
            "{case}"
        );
    }
}

#[test]
fn nobody_is_asked_once_the_lane_is_lost() {
    let ran = World::new()
        .node("analysts/news", vec![Said::Error(no_key)])
        .run();
    let nodes: Vec<&str> = ran.asked.iter().map(|(node, _)| node.as_str()).collect();
    assert_eq!(nodes.len(), 4, "{nodes:?}");
    assert_eq!(ran.reason("research/bull/1"), "no_input");
}

#[test]
fn without_any_lane_there_is_no_decision() {
    let ran = World::new()
        .job(|job| job["quant"] = Value::Null)
        .node("portfolio/manager", vec![Said::Refused])
        .run();
    assert_eq!(ran.result.status, AnalysisStatus::Failed);
    assert_eq!((ran.result.decision, ran.result.confidence), (None, None));
    assert_eq!(
        ran.result.error.as_ref().unwrap().code,
        "both_signals_unavailable"
    );
    assert_eq!(
        ran.result.degradation.reason_codes,
        [
            ReasonCode::QuantNotConfigured,
            ReasonCode::LlmSignalFailed,
            ReasonCode::BothSignalsUnavailable
        ]
    );
}

#[test]
fn where_nobody_who_looked_has_anything_to_say_there_is_no_debate() {
    let nothing = json!({
        "summary": "", "points": [], "direction": 0, "confidence": 0, "abstain": "no data"
    });
    let mut world = World::new();
    for analyst in ["market", "sentiment", "news", "fundamentals"] {
        world = world.node(
            &format!("analysts/{analyst}"),
            vec![Said::Json(nothing.clone())],
        );
    }
    let ran = world.run();
    assert_eq!(ran.asked.len(), 4);
    let diagnostics = ran.result.degradation.source_diagnostics.llm.unwrap();
    assert_eq!(diagnostics.reason_code, ReasonCode::LlmSignalFailed);
    // One abstention alone degrades nothing.
    let ran = World::new()
        .node("analysts/news", vec![Said::Json(nothing)])
        .run();
    assert_eq!(ran.result.status, AnalysisStatus::Completed);
}

#[test]
fn the_same_answers_give_the_same_bytes() {
    let bytes = || serde_json::to_string(&World::new().run().result).unwrap();
    assert_eq!(bytes(), bytes());
}

#[test]
fn two_lanes_that_disagree_meet_by_the_formula() {
    let ran = World::new()
        .node("portfolio/manager", vec![Said::Json(manager("SELL"))])
        .run();
    let merged = ran.result.signals.merged.as_ref().unwrap();
    assert_eq!(merged.direction, Direction::Short);
    // |0.5 - 0.9| / 1.4
    assert!((ran.result.confidence.unwrap().get() - 0.4 / 1.4).abs() < 1e-12);
}

#[test]
fn other_prompts_than_the_run_was_accepted_with_are_not_asked() {
    let with = |prompts: String| {
        let ran = World::new()
            .job(|job| job["llm"]["prompts"] = json!(prompts))
            .run();
        (ran.asked.len(), ran.result.degradation.reason_codes)
    };
    assert_eq!(with("0".repeat(64)), (0, vec![ReasonCode::LlmInitFailed]));
    let own = crate::analysis::prompts::hash().to_string();
    assert_eq!(with(own), (12, vec![]));
}

#[test]
fn what_is_decided_contradicts_itself_nowhere() {
    use fondaco_contract::v1alpha1::analysis::faults_of_result;
    let worlds = [
        World::new(),
        World::new().job(|job| job["quant"] = Value::Null),
        World::new().job(|job| job["llm"] = Value::Null),
        World::new().node("research/bear/1", vec![Said::Error(timed_out)]),
        World::new().node("portfolio/manager", vec![Said::Refused]),
        World::new().node("portfolio/manager", vec![Said::Json(manager("SELL"))]),
        World::new()
            .job(|job| job["quant"] = Value::Null)
            .node("portfolio/manager", vec![Said::Refused]),
    ];
    for (place, world) in worlds.into_iter().enumerate() {
        let result = world.run().result;
        assert_eq!(faults_of_result(&result), [], "{place}: {result:?}");
    }
}
