//! The `OpenAPI` document in the repository is the program's.

use std::path::PathBuf;

fn place() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../openapi/fondaco.json")
}

#[test]
fn the_committed_document_is_in_step() {
    let mut now = serde_json::to_string_pretty(&fondaco_server::openapi()).unwrap();
    now.push('\n');
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(place().parent().unwrap()).unwrap();
        std::fs::write(place(), &now).unwrap();
    }
    let kept = std::fs::read_to_string(place()).unwrap();
    assert!(
        kept == now,
        "openapi/fondaco.json is out of step: run this test with UPDATE=1"
    );
}
