//! Forms of simulations: golden files still read, and are written as they were
//! read; what is wrong is said.

use fondaco_contract::v1alpha1::simulation::{
    ActionState, Execution, ModelDay, SimulationJob, SimulationRequest, SimulationResult,
    faults_of_simulation, model_day_schema, room_report_schema, simulation_job_schema,
    simulation_request_schema, simulation_result_schema,
};
use rust_decimal::Decimal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const JOB: &str = include_str!("../../golden/simulation-job.v1alpha1.json");
const REQUEST: &str = include_str!("../../golden/simulation-request.v1alpha1.json");
const DAY: &str = include_str!("../../golden/model-day.v1alpha1.json");
const RESULT: &str = include_str!("../../golden/simulation-result.v1alpha1.json");

/// Reads a golden document; whatever it says is still there when it is written.
#[track_caller]
fn kept<T: Serialize + DeserializeOwned>(text: &str) -> T {
    let read: T = serde_json::from_str(text).unwrap();
    let written = serde_json::to_value(&read).unwrap();
    let golden: Value = serde_json::from_str(text).unwrap();
    contains(&written, &golden, "");
    read
}

#[track_caller]
fn contains(written: &Value, golden: &Value, at: &str) {
    match (written, golden) {
        (Value::Object(written), Value::Object(golden)) => {
            for (name, value) in golden {
                contains(&written[name], value, &format!("{at}/{name}"));
            }
        }
        (Value::Array(written), Value::Array(golden)) => {
            assert_eq!(written.len(), golden.len(), "{at}");
            for (index, (one, other)) in written.iter().zip(golden).enumerate() {
                contains(one, other, &format!("{at}/{index}"));
            }
        }
        _ => assert_eq!(written, golden, "{at}"),
    }
}

#[test]
fn golden_documents_still_read() {
    let request: SimulationRequest = kept(REQUEST);
    assert_eq!(request.execution, Execution::Vwap);
    assert_eq!(request.models[0].repeats, Some(3));
    let job: SimulationJob = kept(JOB);
    assert_eq!(job.models[0].bases[0].waiting.len(), 1);
    let day: ModelDay = kept(DAY);
    let ActionState::Filled { value_after, .. } = &day.actions[0].state else {
        panic!("{:?}", day.actions[0]);
    };
    assert_eq!(*value_after, day.end.value);
    let held: Decimal = day
        .end
        .holdings
        .iter()
        .map(|held| held.quantity * held.price.unwrap())
        .sum();
    assert_eq!(day.end.cash + held, day.end.value);
    let result: SimulationResult = kept(RESULT);
    assert_eq!(faults_of_simulation(&result), []);
}

#[test]
fn new_runs_fill_at_the_next_open() {
    let request: SimulationRequest = serde_json::from_str("{}").unwrap();
    assert_eq!(request.execution, Execution::NextOpen);
    assert_eq!(request.account.initial_cash, Decimal::from(10_000));
}

/// A golden document with something else at a place.
fn with(text: &str, pointer: &str, value: Value) -> Value {
    let mut document: Value = serde_json::from_str(text).unwrap();
    *document.pointer_mut(pointer).unwrap() = value;
    document
}

#[test]
fn what_is_not_in_the_form_is_said() {
    for (place, value, part) in [
        ("/dates/0", "2025-13-01".into(), "2025-13-01"),
        ("/dates/0", "2025-10-01T10:00:00".into(), "neither a day"),
        ("/execution", "yesterday".into(), "yesterday"),
        ("/style/style", "solo".into(), "solo"),
        ("/account/initial_cash", "ten".into(), "ten"),
        ("/account/market", "moon".into(), "moon"),
        ("/completeness", "some".into(), "some"),
    ] {
        let error = serde_json::from_value::<SimulationJob>(with(JOB, place, value)).unwrap_err();
        assert!(error.to_string().contains(part), "{place}: {error}");
    }
    let unknown = with(JOB, "/account", serde_json::json!({"initial_cahs": "1"}));
    let error = serde_json::from_value::<SimulationJob>(unknown).unwrap_err();
    assert!(error.to_string().contains("initial_cahs"), "{error}");
}

#[test]
fn a_result_that_contradicts_itself_is_told() {
    for (place, value, pointer) in [
        ("/contract", Value::from("other"), "/contract"),
        ("/progress/skipped", 2.into(), "/progress"),
        ("/days/3/status", "pending".into(), "/progress/pending"),
        ("/days/3/error", Value::Null, "/days/3/error"),
        ("/days/0/error", "odd".into(), "/days/0/error"),
    ] {
        let result = serde_json::from_value(with(RESULT, place, value)).unwrap();
        let faults = faults_of_simulation(&result);
        let places: Vec<&str> = faults.iter().map(|it| it.pointer.as_str()).collect();
        assert!(places.contains(&pointer), "{place}: {places:?}");
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
        (
            "simulation-request.v1alpha1.json",
            simulation_request_schema(),
        ),
        ("simulation-job.v1alpha1.json", simulation_job_schema()),
        ("model-day.v1alpha1.json", model_day_schema()),
        (
            "simulation-result.v1alpha1.json",
            simulation_result_schema(),
        ),
        ("room-report.v1alpha1.json", room_report_schema()),
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
