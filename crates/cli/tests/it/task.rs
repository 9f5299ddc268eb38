//! The program as its own child.

use std::fs;

use serde_json::{Value, json};

use crate::harness::Place;

/// The folder of an attempt, as a worker makes it.
fn attempt(place: &Place, kind: &str, input: Option<&str>) {
    let assignment = json!({
        "id": {"run": "018bcfe5-6800-7000-8000-000000000000", "task": 0, "fence": 0},
        "attempt": 1,
        "kind": kind,
        "key": "only",
        "spec": "{}",
        "input": input,
    });
    let document = json!({"form": 1, "assignment": assignment}).to_string();
    fs::create_dir(place.path().join("attempt")).unwrap();
    fs::write(place.path().join("attempt/assignment.json"), document).unwrap();
}

fn outcome(place: &Place) -> Value {
    let text = fs::read_to_string(place.path().join("attempt/outcome.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn an_attempt_writes_its_outcome_and_nothing_else() {
    let place = Place::new();
    attempt(&place, "noop", None);
    assert_eq!(place.ok(&["task", "run", "attempt"]), "");
    assert_eq!(
        outcome(&place),
        json!({"form": 1, "outcome": "completed", "output": null})
    );
}

#[test]
fn how_a_task_ends_is_no_matter_of_the_exit_code() {
    let place = Place::new();
    attempt(&place, "sleep", Some(r#"{"naps": 2}"#));
    assert_eq!(place.ok(&["task", "run", "attempt"]), "");
    let outcome = outcome(&place);
    assert_eq!(outcome["outcome"], "failed");
    assert_eq!(outcome["class"], "permanent");
}

#[test]
fn an_order_to_stop_is_obeyed_before_it_begins() {
    let place = Place::new();
    attempt(&place, "sleep", Some(r#"{"ms": 3600000}"#));
    fs::write(place.path().join("attempt/stop"), "").unwrap();
    assert_eq!(place.ok(&["task", "run", "attempt"]), "");
    assert_eq!(outcome(&place), json!({"form": 1, "outcome": "stopped"}));
}

#[test]
fn what_cannot_be_run_ends_by_its_kind() {
    let place = Place::new();
    let (code, error) = place.refused(&["task", "run", "attempt"]);
    assert_eq!((code, &error["error"]["kind"]), (3, &json!("not_found")));
    attempt(&place, "dream", None);
    let (code, error) = place.refused(&["task", "run", "attempt"]);
    assert_eq!((code, &error["error"]["kind"]), (2, &json!("invalid")));
    fs::write(place.path().join("attempt/assignment.json"), "{").unwrap();
    let (code, error) = place.refused(&["task", "run", "attempt"]);
    assert_eq!((code, &error["error"]["kind"]), (5, &json!("corrupt")));
    assert!(!place.path().join("attempt/outcome.json").exists());
}

#[test]
fn people_are_not_told_of_it() {
    let help = Place::new().ok(&["--help"]);
    let mut nouns = help.lines().map(|line| line.split_whitespace().next());
    assert!(nouns.all(|noun| noun != Some("task")), "{help}");
}
