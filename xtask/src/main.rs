//! Checks of the workspace itself, run by `make test` and by hand as
//! `cargo xtask <task>`.
//!
//! Nothing here ships. [`layers`] says which crate may use which; [`deps`]
//! holds the dependency graph against it, [`supply`] the licences and bans of
//! `deny.toml`, [`source`] the habits a lint cannot see, [`links`] the links of
//! the documents, [`reference`] the generated pages.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a checker talks to the terminal"
)]

mod deps;
mod layers;
mod links;
mod metadata;
mod reference;
mod source;
mod supply;
mod torture;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

const USAGE: &str = "usage: cargo xtask <task>

  check              everything below but `reference`; fails on any finding
  deps               dependencies point one way, pure crates stay pure
  supply             licences and bans of deny.toml, for every dependency
  source             no allowed lints, no placeholders; names files over 500 lines
  links              relative links of the documents lead somewhere
  reference          writes docs/reference from the program
  reference --check  fails when docs/reference is out of step
  torture [SUITE]…   the suites that try to break durable runs, at the size of
                     `make test`; with --release-size at the size of a release";

/// What a check found wrong, one line each.
type Findings = Vec<String>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(findings) if findings.is_empty() => ExitCode::SUCCESS,
        Ok(findings) => {
            for finding in &findings {
                eprintln!("error: {finding}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(words: &[&str]) -> Result<Findings> {
    let root = workspace_root()?;
    match words {
        ["check"] => check(&root),
        ["deps"] => Ok(deps::check(&metadata::load(&root)?)),
        ["supply"] => supply::check(&root, &metadata::load(&root)?),
        ["source"] => source::check(&root),
        ["links"] => links::check(&root),
        ["reference"] => reference::write(&root),
        ["torture", suites @ ..] => torture::run(suites),
        ["reference", "--check"] => reference::check(&root),
        _ => anyhow::bail!("{USAGE}"),
    }
}

fn check(root: &Path) -> Result<Findings> {
    let metadata = metadata::load(root)?;
    let parts = [
        ("deps", deps::check(&metadata)),
        ("supply", supply::check(root, &metadata)?),
        ("source", source::check(root)?),
        ("links", links::check(root)?),
    ];
    let mut all = Findings::new();
    for (name, findings) in parts {
        match findings.len() {
            0 => println!("xtask {name}: ok"),
            count => println!("xtask {name}: {count} wrong"),
        }
        all.extend(findings);
    }
    Ok(all)
}

fn workspace_root() -> Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_owned)
        .context("xtask lies in a folder of the workspace")
}
