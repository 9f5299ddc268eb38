//! Habits of the source that no lint sees.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::Findings;

/// Written in two parts so that this file does not find itself.
const FORBIDDEN: [(&str, &str); 6] = [
    (concat!("#[", "allow("), "use #[expect(…, reason = \"…\")]"),
    (
        concat!("#![", "allow("),
        "use #![expect(…, reason = \"…\")]",
    ),
    (concat!("todo", "!("), "finish it or leave it out"),
    (concat!("unimplemented", "!("), "finish it or leave it out"),
    (
        concat!("//! ", "TODO"),
        "say what the crate knows and where to start",
    ),
    (
        concat!("std::thread::", "sleep"),
        "wait for the event, not for time to pass",
    ),
];

/// A file longer than this is asking to be two.
const LONG: usize = 500;

/// Reads every Rust file of the workspace.
pub(crate) fn check(root: &Path) -> Result<Findings> {
    let mut findings = Findings::new();
    for path in files(root, "rs")? {
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let name = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .display()
            .to_string();
        findings.extend(check_text(&name, &text));
        let lines = text.lines().count();
        if lines > LONG {
            println!("warning: {name} has {lines} lines");
        }
    }
    Ok(findings)
}

fn check_text(name: &str, text: &str) -> Findings {
    let mut findings = Findings::new();
    for (index, line) in text.lines().enumerate() {
        for (pattern, instead) in FORBIDDEN {
            if line.contains(pattern) {
                findings.push(format!("{name}:{}: `{pattern}`: {instead}", index + 1));
            }
        }
    }
    findings
}

/// Files with an ending below a folder, in order of their names; build output
/// and hidden folders are left out.
pub(crate) fn files(root: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                if !name.starts_with('.') && !["target", "out", "node_modules"].contains(&&*name) {
                    folders.push(path);
                }
            } else if path
                .extension()
                .is_some_and(|extension| extension == ending)
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_line() {
        let text = format!("fn f() {{}}\n{}dead_code)]\n", FORBIDDEN[0].0);
        let findings = check_text("a.rs", &text);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].starts_with("a.rs:2: "), "{findings:?}");
        assert_eq!(
            check_text("a.rs", "#[expect(dead_code, reason = \"x\")]"),
            Findings::new()
        );
    }
}
