//! Which crate may use which: the one table.

/// A crate of the workspace and where it stands.
#[derive(Debug)]
pub(crate) struct Layer {
    /// Package name.
    pub(crate) package: &'static str,
    /// A crate may use only crates of a smaller rank, so crates of one rank
    /// never use each other.
    pub(crate) rank: u8,
    /// For pure crates: the outside packages they may use. None of these does
    /// input or output, starts threads by itself or reads a clock unasked.
    pub(crate) pure: Option<&'static [&'static str]>,
}

/// Every crate of the workspace.
pub(crate) const LAYERS: &[Layer] = &[
    pure(
        "fondaco-domain",
        0,
        &[
            "chrono",
            "croner",
            "indexmap",
            "jiff",
            "rust_decimal",
            "serde",
            "serde_json",
            "serde_json_canonicalizer",
            "sha2",
            "thiserror",
            "toml",
            "uuid",
        ],
    ),
    pure(
        "fondaco-contract",
        1,
        &[
            "indexmap",
            "jiff",
            "rust_decimal",
            "schemars",
            "serde",
            "serde_json",
            "thiserror",
        ],
    ),
    pure(
        "fondaco-engine",
        1,
        &[
            "ethnum",
            "indexmap",
            "rayon",
            "serde",
            "serde_json",
            "thiserror",
        ],
    ),
    layer("fondaco-app", 2),
    layer("fondaco-exec", 3),
    layer("fondaco-llm", 3),
    layer("fondaco-market", 3),
    layer("fondaco-report", 3),
    layer("fondaco-store", 3),
    layer("fondaco-mcp", 4),
    layer("fondaco-server", 4),
    layer("fondaco", 5),
    layer("fondaco-bench", 5),
    layer("xtask", 0),
];

/// The row of a package.
pub(crate) fn of(package: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.package == package)
}

const fn layer(package: &'static str, rank: u8) -> Layer {
    Layer {
        package,
        rank,
        pure: None,
    }
}

const fn pure(package: &'static str, rank: u8, outside: &'static [&'static str]) -> Layer {
    Layer {
        package,
        rank,
        pure: Some(outside),
    }
}
