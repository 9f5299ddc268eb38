//! Models and their providers: sections of the configuration file whose names
//! are the user's.

use std::collections::BTreeMap;
use std::path::Path;

use fondaco_llm::catalog::{ModelConfig, ProviderConfig};
use serde::Deserialize;

use super::error::SettingsError;
use super::file::line;

/// `[providers.NAME]` and `[models."PROVIDER/MODEL"]`.
pub(super) const SECTIONS: [&str; 2] = ["providers", "models"];

/// What the file says of them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ModelSettings {
    /// Providers by name.
    pub(crate) providers: BTreeMap<String, ProviderConfig>,
    /// Models by `provider/model`.
    pub(crate) models: BTreeMap<String, ModelConfig>,
}

impl ModelSettings {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, SettingsError> {
        toml::from_str(text).map_err(|error| SettingsError::Syntax {
            path: path.to_owned(),
            line: line(text, error.span().unwrap_or(0..0)),
            problem: error.message().to_owned(),
        })
    }
}
