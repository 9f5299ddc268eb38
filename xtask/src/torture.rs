//! The suites that try to break durable runs, together and at either size.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::Findings;

/// The environment variable that the suites read their size from.
const SIZE: &str = "FONDACO_TORTURE";

/// A name, the package that has it, and the filter of its tests.
const SUITES: &[(&str, &str, &str)] = &[
    ("model", "fondaco-store", "model::"),
    ("crash", "fondaco-store", "crash::"),
    ("power", "fondaco-store", "power::"),
    ("faults", "fondaco-store", "faults::"),
    ("simulation", "fondaco-store", "simulation::"),
    ("protocol", "fondaco-domain", "protocol::"),
    ("parsers", "fondaco-domain", "parsers::"),
    ("postgres", "fondaco-store", "postgres"),
];

/// Runs the suites named, or all of them.
pub(crate) fn run(words: &[&str]) -> Result<Findings> {
    let release_size = words.contains(&"--release-size");
    let named: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| *word != "--release-size")
        .collect();
    if let Some(unknown) = named
        .iter()
        .find(|name| !SUITES.iter().any(|(suite, ..)| suite == *name))
    {
        let known: Vec<&str> = SUITES.iter().map(|(suite, ..)| *suite).collect();
        anyhow::bail!("there is no suite `{unknown}`: {}", known.join(", "));
    }
    let mut failed = Findings::new();
    for (suite, package, filter) in SUITES {
        if !named.is_empty() && !named.contains(suite) {
            continue;
        }
        let began = Instant::now();
        let passed = suite_passes(package, filter, release_size)?;
        println!(
            "{suite}: {} in {:.0} s",
            if passed { "held" } else { "BROKE" },
            began.elapsed().as_secs_f64()
        );
        if !passed {
            failed.push(format!("suite {suite} of {package} broke"));
        }
    }
    Ok(failed)
}

/// Optimised where it is long, so that the release sizes end this week. A
/// filter that finds no test is a mistake, not a success.
fn suite_passes(package: &str, filter: &str, release_size: bool) -> Result<bool> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--package", package]);
    if release_size {
        cargo.arg("--release").env(SIZE, "release");
    }
    cargo.args(["--", filter, "--nocapture"]);
    let output = cargo
        .stderr(Stdio::inherit())
        .output()
        .context("cargo cannot be run")?;
    let said = String::from_utf8_lossy(&output.stdout);
    print!("{said}");
    let ran = said
        .lines()
        .any(|line| line.starts_with("test result: ok. ") && !line.contains(" 0 passed"));
    Ok(output.status.success() && ran)
}
