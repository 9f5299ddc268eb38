//! What `cargo metadata` says, as far as the checks ask.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// The dependency graph.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    /// Every package, ours and others'.
    pub(crate) packages: Vec<Package>,
    /// Ids of ours.
    workspace_members: HashSet<String>,
}

/// A package.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    id: String,
    /// Name.
    pub(crate) name: String,
    /// Version.
    pub(crate) version: String,
    /// SPDX expression.
    pub(crate) license: Option<String>,
    /// Where it comes from; nothing for a path.
    pub(crate) source: Option<String>,
    /// What its manifest asks for.
    pub(crate) dependencies: Vec<Dependency>,
}

/// An entry of a manifest.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    /// Package asked for.
    pub(crate) name: String,
    /// `dev`, `build`, or nothing for a normal one.
    pub(crate) kind: Option<String>,
}

impl Metadata {
    /// Packages of the workspace.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
    }

    /// Packages of others.
    pub(crate) fn outside(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| !self.workspace_members.contains(&package.id))
    }
}

/// Asks cargo.
pub(crate) fn load(root: &Path) -> Result<Metadata> {
    parse(
        cargo(
            root,
            &[
                "metadata",
                "--format-version",
                "1",
                "--locked",
                "--all-features",
            ],
        )?
        .as_bytes(),
    )
}

/// Packages that are really compiled, as `(name, version)`: with any feature of
/// ours and on any platform. The lock file and the metadata hold more, such as
/// what only an unused feature of another package would bring.
pub(crate) fn compiled(root: &Path) -> Result<HashSet<(String, String)>> {
    let tree = cargo(
        root,
        &[
            "tree",
            "--workspace",
            "--locked",
            "--all-features",
            "--target",
            "all",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--edges",
            "normal,build,dev",
        ],
    )?;
    let pair = |line: &str| {
        let (name, rest) = line.split_once(" v")?;
        let version = rest.split_whitespace().next()?;
        Some((name.to_owned(), version.to_owned()))
    };
    Ok(tree.lines().filter_map(pair).collect())
}

fn cargo(root: &Path, words: &[&str]) -> Result<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(words)
        .current_dir(root)
        .output()
        .with_context(|| format!("cannot run cargo {}", words[0]))?;
    if !output.status.success() {
        bail!(
            "cargo {}: {}",
            words[0],
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    String::from_utf8(output.stdout).context("cargo did not answer in text")
}

/// Reads its answer.
pub(crate) fn parse(json: &[u8]) -> Result<Metadata> {
    serde_json::from_slice(json).context("cargo metadata answered something else than expected")
}
