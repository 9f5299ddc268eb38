//! The way from the legacy files and back, by command.

use std::fs;

use serde_json::{Value, json};

use crate::harness::Place;

fn flags(status: &Value) -> Vec<Value> {
    let flags = status["flags"].as_array().unwrap().iter();
    flags.map(|flag| flag["value"].clone()).collect()
}

#[test]
fn steps_set_flags_and_are_on_the_trail() {
    let place = Place::new();
    let status = place.json(&["migration", "status"]);
    assert_eq!(
        (&status["phase"], &status["reads"], &status["refusals"]),
        (&json!(0), &json!("legacy"), &json!([]))
    );
    assert_eq!(
        flags(&status),
        [
            json!(false),
            json!("off"),
            json!(false),
            json!(false),
            json!(false)
        ]
    );
    assert_eq!(place.json(&["migration", "advance"])["phase"], 1);
    assert_eq!(place.json(&["migration", "advance"])["phase"], 2);
    let status = place.json(&["migration", "status"]);
    assert_eq!(status["reads"], "new_first");
    assert_eq!(
        flags(&status),
        [
            json!(true),
            json!("off"),
            json!(true),
            json!(false),
            json!(false)
        ]
    );
    // Steps are single, and a number is a phase.
    for words in [&["--to", "5"][..], &["--to", "6"], &["--force"]] {
        let ran = place.run(&[&["migration", "advance"], words].concat());
        assert_eq!(ran.code, 2, "{words:?}: {}", ran.stderr);
    }
    let words = ["migration", "rollback", "--reason", "a drill"];
    assert_eq!(place.json(&words)["phase"], 1);
    let trail = place.json(&["trail", "list", "--kind", "migration"]);
    let said = trail.to_string();
    assert!(said.contains("a drill"), "{said}");
    let playbook = place.ok(&["migration", "playbook"]);
    assert!(
        playbook.contains("TA_APP_SERVICE_ENABLED=true"),
        "{playbook}"
    );
}

#[test]
fn a_broken_file_closes_the_gate_and_is_named() {
    let place = Place::new();
    let folder = place.path().join("home/legacy/data/task_status");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("AAPL_20250304_153000_1a2b3c.json"), "{\"sta").unwrap();
    let status = place.json(&["migration", "status"]);
    assert_eq!(status["broken"][0]["task"], "AAPL_20250304_153000_1a2b3c");
    let (code, said) = place.refused(&["migration", "advance"]);
    assert_eq!(code, 4);
    let said = said.to_string();
    assert!(
        said.contains("status_disappeared: AAPL_20250304_153000_1a2b3c"),
        "{said}"
    );
    let forced = ["migration", "advance", "--force", "--reason", "it is known"];
    assert_eq!(place.json(&forced)["phase"], 1);
    let forced = place.json(&["migration", "status"])["forced"].clone();
    assert_eq!(forced.as_array().unwrap().len(), 1);
}
