//! `docs/reference`, as far as the program can write it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::Findings;

const PAGES: [&str; 3] = ["cli", "environment", "exit-codes"];

/// Writes every page.
pub(crate) fn write(root: &Path) -> Result<Findings> {
    for page in PAGES {
        let path = path(root, page);
        std::fs::create_dir_all(path.parent().unwrap_or(root))?;
        std::fs::write(&path, render(root, page)?).with_context(|| path.display().to_string())?;
        println!(
            "wrote {}",
            path.strip_prefix(root).unwrap_or(&path).display()
        );
    }
    Ok(Findings::new())
}

/// Names every page that is out of step.
pub(crate) fn check(root: &Path) -> Result<Findings> {
    let mut findings = Findings::new();
    for page in PAGES {
        let written = std::fs::read_to_string(path(root, page)).unwrap_or_default();
        if written != render(root, page)? {
            findings.push(format!(
                "docs/reference/{page}.md is out of step: run `cargo xtask reference`"
            ));
        }
    }
    Ok(findings)
}

fn path(root: &Path, page: &str) -> PathBuf {
    root.join("docs/reference").join(format!("{page}.md"))
}

fn render(root: &Path, page: &str) -> Result<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args([
            "run",
            "--quiet",
            "--bin",
            "fondaco",
            "--",
            "reference",
            page,
        ])
        .current_dir(root)
        .output()
        .context("cannot run fondaco")?;
    if !output.status.success() {
        bail!(
            "fondaco reference {page}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    String::from_utf8(output.stdout).context("the page is not text")
}
