//! The generated pages say what the program says.

use crate::harness::{Place, repository};

#[track_caller]
fn in_step(page: &str) {
    let written = std::fs::read_to_string(repository(&format!("docs/reference/{page}.md")));
    let rendered = Place::new().ok(&["reference", page]);
    assert!(
        written.unwrap() == rendered,
        "docs/reference/{page}.md is out of step: run `cargo xtask reference`"
    );
}

#[test]
fn cli() {
    in_step("cli");
}

#[test]
fn environment() {
    in_step("environment");
}

#[test]
fn exit_codes() {
    in_step("exit-codes");
}
