//! Licences and bans of `deny.toml`, for every package that is compiled.
//!
//! `cargo deny` checks more and reads the same file (`make deny`); this needs
//! no further program.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::Findings;
use crate::metadata::{self, Metadata, Package};

#[derive(Debug, Deserialize)]
struct Rules {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Debug, Deserialize)]
struct Licenses {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    package: String,
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    package: String,
    reason: String,
}

/// Holds every outside package against the rules.
pub(crate) fn check(root: &Path, metadata: &Metadata) -> Result<Findings> {
    let path = root.join("deny.toml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let rules: Rules = toml::from_str(&text).context("deny.toml")?;
    let compiled = metadata::compiled(root)?;
    let is_compiled =
        |package: &&Package| compiled.contains(&(package.name.clone(), package.version.clone()));
    Ok(metadata
        .outside()
        .filter(is_compiled)
        .flat_map(|package| check_package(package, &rules))
        .collect())
}

fn check_package(package: &Package, rules: &Rules) -> Findings {
    let mut findings = Findings::new();
    let Package { name, version, .. } = package;
    if let Some(ban) = rules.bans.deny.iter().find(|ban| ban.package == *name) {
        findings.push(format!("`{name}` {version} is banned: {}", ban.reason));
    }
    if package
        .source
        .as_deref()
        .is_none_or(|source| !source.starts_with("registry+"))
    {
        findings.push(format!(
            "`{name}` {version} does not come from the registry"
        ));
    }
    let allowed = |licence: &str| {
        let of_package = |exception: &&Exception| exception.package == *name;
        rules.licenses.allow.iter().any(|allow| allow == licence)
            || rules
                .licenses
                .exceptions
                .iter()
                .filter(of_package)
                .any(|exception| exception.allow.iter().any(|allow| allow == licence))
    };
    match &package.license {
        None => findings.push(format!("`{name}` {version} states no licence")),
        Some(expression) if !holds(expression, &allowed) => {
            findings.push(format!(
                "`{name}` {version} is under {expression}, which deny.toml does not allow"
            ));
        }
        Some(_) => {}
    }
    findings
}

/// Whether an SPDX expression can be satisfied with allowed licences. The old
/// spelling `MIT/Apache-2.0` means OR.
fn holds(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    let value = any_of(&mut rest, allowed);
    value && rest.is_empty()
}

fn any_of(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut value = all_of(rest, allowed);
    while let Some(("OR", after)) = rest.split_first().map(|(first, after)| (*first, after)) {
        *rest = after;
        value |= all_of(rest, allowed);
    }
    value
}

fn all_of(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut value = one(rest, allowed);
    while let Some(("AND", after)) = rest.split_first().map(|(first, after)| (*first, after)) {
        *rest = after;
        value &= one(rest, allowed);
    }
    value
}

fn one(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> bool {
    let Some((&first, after)) = rest.split_first() else {
        return false;
    };
    *rest = after;
    if first == "(" {
        let value = any_of(rest, allowed);
        let closed = rest.first() == Some(&")");
        *rest = rest.get(1..).unwrap_or_default();
        return value && closed;
    }
    if let Some(("WITH", after)) = rest.split_first().map(|(first, after)| (*first, after))
        && let Some((&exception, after)) = after.split_first()
    {
        *rest = after;
        return allowed(first) || allowed(&format!("{first} WITH {exception}"));
    }
    allowed(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let allowed = |licence: &str| ["MIT", "Apache-2.0", "Unicode-3.0"].contains(&licence);
        for good in [
            "MIT",
            "GPL-3.0 OR MIT",
            "MIT/GPL-3.0",
            "(MIT OR GPL-3.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
        ] {
            assert!(holds(good, &allowed), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT",
            "MIT MIT",
            "GPL-3.0 WITH Classpath-exception-2.0",
        ] {
            assert!(!holds(bad, &allowed), "{bad}");
        }
    }

    #[test]
    fn a_package_is_held_against_the_rules() {
        let rules: Rules = toml::from_str(
            "[licenses]\nallow = [\"MIT\"]\nexceptions = [{ crate = \"odd\", allow = [\"ISC\"] }]\n\
             [bans]\ndeny = [{ crate = \"ring\", reason = \"one provider\" }]",
        )
        .unwrap();
        let check = |name: &str, license: Option<&str>, source: &str| {
            let json = serde_json::json!({ "id": name, "name": name, "version": "1.0.0",
                "license": license, "source": source, "dependencies": [] });
            check_package(&serde_json::from_value(json).unwrap(), &rules).join("\n")
        };
        assert_eq!(check("good", Some("MIT"), "registry+x"), "");
        assert_eq!(check("odd", Some("ISC"), "registry+x"), "");
        assert!(check("other", Some("ISC"), "registry+x").contains("is under ISC"));
        assert!(check("none", None, "registry+x").contains("states no licence"));
        assert!(check("ring", Some("MIT"), "registry+x").contains("is banned: one provider"));
        assert!(check("forked", Some("MIT"), "git+x").contains("does not come from the registry"));
    }
}
