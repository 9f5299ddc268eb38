//! Documents held against their contracts.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Place, repository};

fn golden(name: &str) -> PathBuf {
    repository("crates/contract/golden").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(golden(name)).unwrap()
}

/// A file in the place, as the command line names it.
fn file(place: &Place, name: &str, text: &str) -> String {
    std::fs::write(place.path().join(name), text).unwrap();
    name.to_owned()
}

/// A golden document with something else at a place.
fn changed(name: &str, pointer: &str, value: Value) -> String {
    let mut document: Value = serde_json::from_str(&text(name)).unwrap();
    *document.pointer_mut(pointer).unwrap() = value;
    document.to_string()
}

/// Every golden document says what it is and is in order.
#[test]
fn every_published_form_is_known_by_its_content() {
    let place = Place::new();
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(repository("crates/contract/golden")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // These hold what is no strategy, no market and no configuration.
        if name.starts_with("backtest-job") || name == "analysis-job.v1alpha1.json" {
            continue;
        }
        let report = place.json(&["contract", "check", path.to_str().unwrap()]);
        let contract = report[0]["contract"].as_str().unwrap().to_owned();
        let (family, version) = contract.split_once(' ').unwrap();
        assert!(
            name.starts_with(family) && name.contains(version),
            "{name}: {contract}"
        );
        assert_eq!(report[0]["valid"], json!(true), "{report}");
        seen.push(family.to_owned());
    }
    seen.sort();
    seen.dedup();
    assert_eq!(
        seen,
        [
            "analysis-node",
            "analysis-result",
            "backtest-result",
            "gateway",
            "model-day",
            "room-report",
            "simulation-job",
            "simulation-request",
            "simulation-result"
        ]
    );
}

#[test]
fn faults_are_named_by_their_places() {
    let place = Place::new();
    let complete = "analysis-result.v1alpha1.complete.json";
    let good = file(&place, "good.json", &text(complete));
    let bad = file(
        &place,
        "bad.json",
        &changed(complete, "/confidence", json!(0.5)),
    );
    let ran = place.run(&["contract", "check", &good, &bad]);
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    insta::assert_snapshot!(ran.stdout, @r"
    ok good.json (analysis-result v1alpha1)
    bad bad.json (analysis-result v1alpha1)
      /confidence: the lanes give 1
      /signals/merged/rating: its direction and confidence show as OVERWEIGHT
    ");
    insta::assert_snapshot!(ran.stderr, @"error: 1 of 2 documents are not in order");
}

#[test]
fn what_does_not_read_is_named_by_its_place_too() {
    let place = Place::new();
    let stale = "analysis-result.v1alpha1.stale-data.json";
    for (text, code, contract, pointer, part) in [
        (
            changed(stale, "/signals/llm/direction", json!(2)),
            5,
            json!("analysis-result v1alpha1"),
            "/signals/llm/direction",
            "2 is no direction",
        ),
        (
            changed(stale, "/contract", json!("analysis-result/v9")),
            2,
            Value::Null,
            "/contract",
            "no contract of this program",
        ),
        (
            changed("analysis-node.v1alpha1.json", "/1/node", json!("x")),
            5,
            json!("analysis-node v1alpha1"),
            "/1/node",
            "analysts/news",
        ),
        (
            r#"{"kind": "analysis", "version": 1, "items": []}"#.to_owned(),
            5,
            json!("analysis-job v1alpha1"),
            "/items",
            "no items",
        ),
        (
            changed(
                "analysis-job.v1alpha1.json",
                "/llm/debate_rounds",
                json!(11),
            ),
            5,
            json!("analysis-job v1alpha1"),
            "/llm/debate_rounds",
            "1 to 10",
        ),
        (
            changed("backtest-job.v1alpha1.json", "/seed", json!(-1)),
            5,
            json!("backtest-job v1alpha1"),
            "/seed",
            "-1",
        ),
        (
            r#"[{"type": "ping"}, {"type": "shout"}]"#.to_owned(),
            5,
            json!("gateway v1"),
            "/1/type",
            "shout",
        ),
        ("[]".to_owned(), 2, Value::Null, "", "empty"),
        ("{}".to_owned(), 2, Value::Null, "", "says what it is"),
        ("{".to_owned(), 5, Value::Null, "", "EOF"),
    ] {
        let file = file(&place, "it.json", &text);
        let ran = place.run(&["contract", "check", &file, "--output", "json"]);
        assert_eq!(ran.code, code, "{pointer}: {}", ran.stderr);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(report[0]["contract"], contract, "{report}");
        let faults = report[0]["faults"].as_array().unwrap();
        let said = |fault: &&Value| {
            fault["pointer"] == pointer && fault["problem"].as_str().unwrap().contains(part)
        };
        assert!(faults.iter().find(said).is_some(), "{pointer}: {report}");
    }
}

#[test]
fn a_file_that_is_not_there_ends_with_three() {
    let place = Place::new();
    let (code, error) = place.refused(&["contract", "check", "nothing.json"]);
    assert_eq!(code, 3);
    assert_eq!(error["error"]["message"], "cannot read nothing.json");
}

/// Jobs are held against the rules of what they hold, such as a strategy's.
#[test]
fn a_job_that_could_not_run_is_not_in_order() {
    let place = Place::new();
    let strategy = std::fs::read_to_string(repository("strategies/bollinger-20-2.toml")).unwrap();
    let job = |text: &str| {
        json!({
            "kind": "analysis", "version": 1,
            "items": [{"ticker": "AAPL", "date": "2025-03-04"}],
            "quant": {"strategy": {"text": text}},
        })
        .to_string()
    };
    let good = file(&place, "good.json", &job(&strategy));
    place.ok(&["contract", "check", &good]);
    let bad = file(
        &place,
        "bad.json",
        &job(&strategy.replace("close <", "closed <")),
    );
    let ran = place.run(&["contract", "check", &bad]);
    assert_eq!(ran.code, 5);
    assert!(ran.stdout.contains("/quant: "), "{}", ran.stdout);
    assert!(ran.stdout.contains("`closed`"), "{}", ran.stdout);
}
