//! Dependencies point one way.

use crate::Findings;
use crate::layers::{self, LAYERS, Layer};
use crate::metadata::{Metadata, Package};

/// Holds every manifest of the workspace against the table of layers.
pub(crate) fn check(metadata: &Metadata) -> Findings {
    let mut findings = Findings::new();
    for package in metadata.members() {
        match layers::of(&package.name) {
            Some(layer) => check_package(package, layer, metadata, &mut findings),
            None => findings.push(format!(
                "`{}` has no layer: give it a row in xtask/src/layers.rs",
                package.name
            )),
        }
    }
    for layer in LAYERS {
        if !metadata
            .members()
            .any(|package| package.name == layer.package)
        {
            findings.push(format!(
                "xtask/src/layers.rs names `{}`, which is no crate of the workspace",
                layer.package
            ));
        }
    }
    findings
}

fn check_package(package: &Package, layer: &Layer, metadata: &Metadata, findings: &mut Findings) {
    let is_ours = |name: &str| metadata.members().any(|member| member.name == name);
    for dependency in &package.dependencies {
        if is_ours(&dependency.name) {
            let below = layers::of(&dependency.name).is_some_and(|other| other.rank < layer.rank);
            if !below {
                findings.push(format!(
                    "`{}` must not depend on `{}`: dependencies point to a lower layer only",
                    package.name, dependency.name
                ));
            }
        } else if let Some(outside) = layer.pure
            && dependency.kind.as_deref() != Some("dev")
            && !outside.contains(&dependency.name.as_str())
        {
            findings.push(format!(
                "`{}` is pure and must not depend on `{}`: move the effect to an adapter, or add \
                 the package to its row in xtask/src/layers.rs when it has none",
                package.name, dependency.name
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata;

    /// A workspace of all crates in which one has the given dependencies.
    fn findings(package: &str, dependencies: &[(&str, Option<&str>)]) -> Findings {
        let packages: Vec<_> = LAYERS
            .iter()
            .map(|layer| {
                let wanted = if layer.package == package {
                    dependencies
                } else {
                    &[]
                };
                let wanted: Vec<_> = wanted
                    .iter()
                    .map(|(name, kind)| serde_json::json!({ "name": name, "kind": kind }))
                    .collect();
                serde_json::json!({
                    "id": layer.package, "name": layer.package, "version": "0.1.0",
                    "license": null, "source": null, "dependencies": wanted,
                })
            })
            .collect();
        let members: Vec<_> = LAYERS.iter().map(|layer| layer.package).collect();
        let json = serde_json::json!({ "packages": packages, "workspace_members": members });
        check(&metadata::parse(json.to_string().as_bytes()).unwrap())
    }

    #[track_caller]
    fn refuses(package: &str, dependency: &str, kind: Option<&str>) {
        let findings = findings(package, &[(dependency, kind)]);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(
            findings[0].starts_with(&format!("`{package}` ")),
            "{findings:?}"
        );
        assert!(
            findings[0].contains(&format!("`{dependency}`")),
            "{findings:?}"
        );
    }

    #[test]
    fn an_edge_up_is_named() {
        refuses("fondaco-domain", "fondaco-engine", None);
        refuses("fondaco-app", "fondaco-market", None);
        refuses("fondaco-engine", "fondaco", Some("dev"));
    }

    #[test]
    fn crates_of_one_rank_do_not_know_each_other() {
        refuses("fondaco-market", "fondaco-report", None);
        refuses("fondaco-engine", "fondaco-contract", Some("dev"));
    }

    #[test]
    fn pure_crates_use_what_their_row_lists() {
        refuses("fondaco-engine", "tokio", None);
        refuses("fondaco-domain", "reqwest", Some("build"));
        assert_eq!(
            findings("fondaco-engine", &[("tempfile", Some("dev"))]),
            Findings::new()
        );
        assert_eq!(
            findings("fondaco-market", &[("tokio", None)]),
            Findings::new()
        );
    }

    #[test]
    fn edges_down_are_fine() {
        let down = [
            ("fondaco-app", None),
            ("fondaco-domain", None),
            ("fondaco-market", None),
        ];
        assert_eq!(findings("fondaco", &down), Findings::new());
    }

    #[test]
    fn a_crate_without_a_layer_is_named() {
        let json = br#"{"packages": [{"id": "x", "name": "fondaco-new", "version": "0.1.0",
            "license": null, "source": null, "dependencies": []}], "workspace_members": ["x"]}"#;
        let findings = check(&metadata::parse(json).unwrap());
        assert!(
            findings[0].contains("`fondaco-new` has no layer"),
            "{findings:?}"
        );
        assert_eq!(findings.len(), 1 + LAYERS.len());
    }
}
