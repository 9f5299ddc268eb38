//! The manual of strategy files says what the parser and the compiler do.

use std::collections::HashSet;
use std::path::Path;

use fondaco_domain::strategy::parse;
use fondaco_engine::expr::{FUNCTIONS, ParamValues, compile};
use fondaco_engine::indicators::registry::all;

const PAGES: [&str; 2] = ["reference/strategy-file.md", "guide/strategies.md"];

fn page(name: &str) -> String {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    std::fs::read_to_string(docs.join(name)).unwrap()
}

#[test]
fn every_function_is_in_the_manual() {
    let manual = page(PAGES[0]);
    for function in FUNCTIONS {
        let row = format!("| `{}` | {} |", function.signature, function.summary);
        assert!(manual.contains(&row), "the manual lacks the row\n{row}");
    }
}

#[test]
fn no_two_functions_have_one_name() {
    let mut known = HashSet::new();
    let functions = FUNCTIONS.iter().map(|function| function.name);
    for name in functions.chain(all().map(|indicator| indicator.name)) {
        assert!(known.insert(name), "two functions are called {name}");
    }
}

/// A block that is a whole file is compiled; another is completed and parsed.
#[test]
fn every_example_is_understood() {
    let mut whole = 0;
    for name in PAGES {
        for (index, block) in blocks(&page(name)).into_iter().enumerate() {
            let is_whole = block.contains("[strategy]") && block.contains("[risk]");
            let text = if is_whole {
                block.clone()
            } else {
                completed(&block)
            };
            let strategy = parse(&text).unwrap_or_else(|error| {
                panic!("{name}, example {index}\n{}", error.render(name, &text))
            });
            if is_whole {
                whole += 1;
                compile(&strategy, &ParamValues::defaults(&strategy)).unwrap_or_else(|error| {
                    panic!("{name}, example {index}\n{}", error.render(name, &text))
                });
            }
        }
    }
    assert!(whole > 0);
}

fn blocks(page: &str) -> Vec<String> {
    let mut parts = page.split("```toml\n");
    parts.next();
    let blocks = parts.map(|part| part.split("```").next().unwrap().to_owned());
    blocks.collect()
}

fn completed(block: &str) -> String {
    let mut text = String::new();
    if !block.contains("[strategy]") {
        text += "[strategy]\nname = \"a\"\ntimeframe = \"5m\"\ndirection = \"both\"\n";
    }
    text += block;
    if !block.contains("[risk]") {
        text += "\n[risk]\nstoploss = -0.1\n";
    }
    text
}
