//! What the documents show is what is there.

use crate::harness::{Place, repository};

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

/// Who follows the README from top to bottom sees what it shows: every command
/// of it succeeds, and every line of its outputs is printed.
#[test]
fn the_walkthrough_of_the_readme_is_true() {
    let readme = std::fs::read_to_string(repository("README.md")).unwrap();
    let place = Place::new();
    for file in [
        "samples/us-daily/stocks.csv.gz",
        "strategies/sma-cross.toml",
        "strategies/rsi-reversion.toml",
    ] {
        let copy = place.path().join(file);
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(repository(file), copy).unwrap();
    }
    let mut printed = String::new();
    for command in blocks(&readme, "sh").filter_map(|line| line.strip_prefix("fondaco ")) {
        let words: Vec<&str> = command.split(' ').collect();
        printed.push_str(&place.ok(&words));
    }
    let shown: Vec<&str> = blocks(&readme, "text").collect();
    assert!(shown.len() > 5, "the README shows no output");
    for line in shown.into_iter().filter(|line| *line != "...") {
        assert!(
            printed.lines().any(|it| it == line),
            "`{line}` is not in:\n{printed}"
        );
    }
}

/// Lines of the blocks of a kind.
fn blocks<'a>(text: &'a str, kind: &'a str) -> impl Iterator<Item = &'a str> {
    text.split("```")
        .skip(1)
        .step_by(2)
        .filter_map(move |block| block.strip_prefix(kind)?.strip_prefix('\n'))
        .flat_map(str::lines)
}
