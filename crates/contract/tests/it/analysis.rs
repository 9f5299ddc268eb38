//! The contracts of analyses: what was written must be read for ever.

use fondaco_contract::v1alpha1::analysis::{
    AnalysisJob, AnalysisResult, AnalysisStatus, ConfidenceRule, MergePolicyName, NodeReport,
    analysis_job_schema, analysis_result_schema, faults_of_report, faults_of_result,
    node_report_schema,
};
use fondaco_domain::signal::{ReasonCode, Source};
use serde_json::Value;

/// Hand-written documents, one for each way an analysis can end and for each
/// thing that can be missing. Never regenerate them.
pub(super) const RESULTS: [(&str, &str); 12] = [
    (
        "complete",
        include_str!("../../golden/analysis-result.v1alpha1.complete.json"),
    ),
    (
        "log-odds",
        include_str!("../../golden/analysis-result.v1alpha1.log-odds.json"),
    ),
    (
        "disagreement",
        include_str!("../../golden/analysis-result.v1alpha1.disagreement.json"),
    ),
    (
        "quant-only",
        include_str!("../../golden/analysis-result.v1alpha1.quant-only.json"),
    ),
    (
        "llm-only",
        include_str!("../../golden/analysis-result.v1alpha1.llm-only.json"),
    ),
    (
        "stale-data",
        include_str!("../../golden/analysis-result.v1alpha1.stale-data.json"),
    ),
    (
        "non-trading-day",
        include_str!("../../golden/analysis-result.v1alpha1.non-trading-day.json"),
    ),
    (
        "partial-data",
        include_str!("../../golden/analysis-result.v1alpha1.partial-data.json"),
    ),
    (
        "research-degraded",
        include_str!("../../golden/analysis-result.v1alpha1.research-degraded.json"),
    ),
    (
        "provider-mismatch",
        include_str!("../../golden/analysis-result.v1alpha1.provider-mismatch.json"),
    ),
    (
        "failed",
        include_str!("../../golden/analysis-result.v1alpha1.failed.json"),
    ),
    (
        "cancelled",
        include_str!("../../golden/analysis-result.v1alpha1.cancelled.json"),
    ),
];

/// Every field at least once.
const JOB: &str = include_str!("../../golden/analysis-job.v1alpha1.json");

/// A report of each outcome, and one of a lane that is lost.
const NODES: &str = include_str!("../../golden/analysis-node.v1alpha1.json");

fn golden(name: &str) -> AnalysisResult {
    let found = RESULTS.iter().find(|(known, _)| *known == name);
    serde_json::from_str(found.unwrap().1).unwrap()
}

#[test]
fn the_golden_documents_still_read_and_write_byte_for_byte() {
    for (name, text) in RESULTS {
        let result: AnalysisResult = serde_json::from_str(text).unwrap();
        let written = serde_json::to_string_pretty(&result).unwrap() + "\n";
        assert_eq!(written, text, "{name}");
    }
    let job: AnalysisJob = serde_json::from_str(JOB).unwrap();
    assert_eq!(serde_json::to_string_pretty(&job).unwrap() + "\n", JOB);
    let nodes: Vec<NodeReport> = serde_json::from_str(NODES).unwrap();
    assert_eq!(serde_json::to_string_pretty(&nodes).unwrap() + "\n", NODES);
}

#[test]
fn the_golden_documents_contradict_themselves_nowhere() {
    for (name, text) in RESULTS {
        let result = serde_json::from_str(text).unwrap();
        assert_eq!(faults_of_result(&result), [], "{name}");
    }
    let nodes: Vec<NodeReport> = serde_json::from_str(NODES).unwrap();
    for node in nodes {
        assert_eq!(faults_of_report(&node), [], "{}", node.node);
    }
}

/// What a consumer goes by.
#[test]
fn the_golden_documents_say_what_they_are_named_for() {
    let complete = golden("complete");
    assert_eq!(complete.status, AnalysisStatus::Completed);
    assert!(!complete.degradation.degraded);
    for (name, missing, reason) in [
        ("quant-only", Source::Llm, ReasonCode::LlmInitFailed),
        ("llm-only", Source::Quant, ReasonCode::QuantNotConfigured),
        ("stale-data", Source::Quant, ReasonCode::StaleData),
        ("non-trading-day", Source::Quant, ReasonCode::NonTradingDay),
        ("partial-data", Source::Quant, ReasonCode::PartialData),
        (
            "provider-mismatch",
            Source::Llm,
            ReasonCode::ProviderMismatch,
        ),
    ] {
        let result = golden(name);
        assert_eq!(result.status, AnalysisStatus::DegradedSuccess, "{name}");
        assert_eq!(result.degradation.reason_codes, [reason], "{name}");
        let lane = match missing {
            Source::Quant => &result.signals.quant,
            Source::Llm => &result.signals.llm,
        };
        assert!(!lane.available && lane.rating.is_none(), "{name}");
    }
    let halved = golden("research-degraded").signals.merged.unwrap();
    assert_eq!(halved.counted[1].counted.get(), 0.45);
    for name in ["failed", "cancelled"] {
        let result = golden(name);
        assert!(
            result.decision.is_none() && result.error.is_some(),
            "{name}"
        );
    }
}

#[test]
fn all_but_the_items_of_a_job_may_be_left_out() {
    let least = r#"{"kind": "analysis", "version": 1, "items": []}"#;
    let job: AnalysisJob = serde_json::from_str(least).unwrap();
    assert!(job.quant.is_none() && job.llm.is_none() && job.data.is_none());
    assert_eq!(job.research_degraded_factor.get(), 0.5);
    assert_eq!(job.merge.policy, MergePolicyName::CappedSum);
    let caps = [job.merge.quant_weight_cap, job.merge.llm_weight_cap];
    assert_eq!(
        caps.map(fondaco_domain::signal::Probability::get),
        [0.8, 0.9]
    );
    for needed in ["kind", "version", "items"] {
        let mut document: Value = serde_json::from_str(least).unwrap();
        document.as_object_mut().unwrap().remove(needed);
        let error = serde_json::from_value::<AnalysisJob>(document).unwrap_err();
        let missing = format!("missing field `{needed}`");
        assert!(error.to_string().contains(&missing), "{error}");
    }
    let quant = r#"{"strategy": {"text": ""}}"#;
    let quant: fondaco_contract::v1alpha1::analysis::QuantJob =
        serde_json::from_str(quant).unwrap();
    assert_eq!(quant.confidence, ConfidenceRule::Record);
}

/// A document with something else at a place, or more there.
fn with(text: &str, place: &str, value: Value) -> Value {
    let mut document: Value = serde_json::from_str(text).unwrap();
    if let Some(old) = document.pointer_mut(place) {
        *old = value;
    } else {
        let (parent, key) = place.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[key] = value;
    }
    document
}

#[test]
fn whatever_has_no_place_is_refused_at_every_depth() {
    for place in [
        "",
        "/items/0",
        "/quant",
        "/quant/strategy",
        "/llm",
        "/merge",
        "/data",
        "/data/candles/0",
        "/portfolio",
        "/portfolio/held/0",
        "/peers",
        "/peers/bullish/0",
    ] {
        let document = with(JOB, &format!("{place}/secret"), "s".into());
        let error = serde_json::from_value::<AnalysisJob>(document).unwrap_err();
        assert!(error.to_string().contains("secret"), "{place}: {error}");
    }
    let failed = RESULTS[10].1;
    for place in [
        "",
        "/signals",
        "/signals/quant",
        "/degradation",
        "/degradation/source_diagnostics",
        "/degradation/source_diagnostics/quant",
        "/degradation/source_diagnostics/quant/data_quality",
        "/data_quality",
        "/research",
        "/research/recovery/0",
        "/budget",
        "/tentative_classification",
        "/error",
    ] {
        let document = with(failed, &format!("{place}/secret"), "s".into());
        let error = serde_json::from_value::<AnalysisResult>(document).unwrap_err();
        assert!(error.to_string().contains("secret"), "{place}: {error}");
    }
}

#[test]
fn values_that_cannot_be_are_refused() {
    for (place, value, part) in [
        ("/version", 2.into(), "version 2 is not known"),
        ("/kind", "backtest".into(), "backtest"),
        ("/items/0/date", "2025-02-30".into(), "date"),
        ("/items/0/ticker", "a b".into(), "a b"),
        ("/quant/confidence/rule", "mood".into(), "mood"),
        ("/llm/analysts/0", "astrology".into(), "astrology"),
        ("/merge/policy", "loudest".into(), "loudest"),
        ("/merge/llm_weight_cap", 1.5.into(), "1.5"),
        ("/research_degraded_factor", Value::from(-1), "-1"),
        ("/data/timeframe", "often".into(), "often"),
    ] {
        let error = serde_json::from_value::<AnalysisJob>(with(JOB, place, value)).unwrap_err();
        assert!(error.to_string().contains(part), "{place}: {error}");
    }
    let complete = RESULTS[0].1;
    for (place, value, part) in [
        ("/status", "done".into(), "done"),
        ("/decision", "STRONG_BUY".into(), "STRONG_BUY"),
        ("/confidence", 1.01.into(), "1.01"),
        ("/signals/quant/direction", Value::from(2), "2"),
        ("/research/research_status", "some".into(), "some"),
        ("/evidence/0/role", "oracle".into(), "oracle"),
    ] {
        let document = with(complete, place, value);
        let error = serde_json::from_value::<AnalysisResult>(document).unwrap_err();
        assert!(error.to_string().contains(part), "{place}: {error}");
    }
}

/// The published schemas are those of the types; `UPDATE=1` writes them.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test writes the published schemas when asked to"
)]
fn the_published_schemas_are_current() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas");
    for (name, schema) in [
        ("analysis-job.v1alpha1.json", analysis_job_schema()),
        ("analysis-result.v1alpha1.json", analysis_result_schema()),
        ("analysis-node.v1alpha1.json", node_report_schema()),
    ] {
        let path = format!("{folder}/{name}");
        let schema = schema.unwrap();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &schema).unwrap();
        }
        let published = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            published == schema,
            "schemas/{name} is not that of the types: run this test with UPDATE=1"
        );
    }
}
