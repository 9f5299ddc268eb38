//! Relative links of the documents lead somewhere.

use std::path::Path;

use anyhow::{Context, Result};

use crate::Findings;
use crate::source;

/// Follows every relative link of every Markdown file.
pub(crate) fn check(root: &Path) -> Result<Findings> {
    let mut findings = Findings::new();
    for path in source::files(root, "md")? {
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let folder = path.parent().unwrap_or(root);
        for (line, target) in targets(&text) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !folder.join(file).exists() {
                let name = path.strip_prefix(root).unwrap_or(&path).display();
                findings.push(format!("{name}:{line}: `{target}` does not exist"));
            }
        }
    }
    Ok(findings)
}

/// Relative targets of `[text](target)` with their lines; code blocks are left
/// out.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for rest in line.split("](").skip(1) {
            let target = rest.split(')').next().unwrap_or_default();
            if !target.contains("://") && !target.starts_with('#') {
                found.push((index + 1, target));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_relative_targets_outside_of_code() {
        let text =
            "[a](docs/a.md#x) and ![b](b.png)\n```\n[c](c.md)\n```\n[d](https://d.org) [e](#e)";
        assert_eq!(targets(text), [(1, "docs/a.md#x"), (1, "b.png")]);
    }

    #[test]
    fn a_link_to_nowhere_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.md"), "[a](a.md)\n[b](b.md)\n").unwrap();
        let findings = check(folder.path()).unwrap();
        assert_eq!(findings, ["a.md:2: `b.md` does not exist"]);
    }
}
