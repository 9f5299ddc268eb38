//! What the documents show is what is there.

use crate::harness::repository;

#[test]
fn the_strategy_of_the_readme_is_the_file() {
    let readme = std::fs::read_to_string(repository("README.md")).unwrap();
    let strategy = std::fs::read_to_string(repository("strategies/sma-cross.toml")).unwrap();
    let shown = readme
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    assert_eq!(shown, Some(strategy.as_str()));
}
