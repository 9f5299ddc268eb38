//! The files of `prompts/analysis/v1`, built into the program.

use std::sync::LazyLock;

use fondaco_contract::v1alpha1::analysis::NodeRole;
use minijinja::{Error, Value};

use crate::templates::Templates;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"), "/../../prompts/analysis/v1/", $name
        )))),*]
    };
}

const TEMPLATES: &[(&str, &str)] = files![
    "case.md",
    "roles/aggressive.md",
    "roles/bear.md",
    "roles/bull.md",
    "roles/conservative.md",
    "roles/fundamentals.md",
    "roles/market.md",
    "roles/neutral.md",
    "roles/news.md",
    "roles/portfolio_manager.md",
    "roles/research_manager.md",
    "roles/sentiment.md",
    "roles/trader.md",
    "rules.md",
    "rules_compact.md",
    "system.md",
];

const SCHEMAS: &[(&str, &str)] = files![
    "schemas/analyst.json",
    "schemas/debater.json",
    "schemas/portfolio_manager.json",
    "schemas/research_manager.json",
    "schemas/risk.json",
    "schemas/trader.json",
];

/// All files, by name.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    TEMPLATES.iter().chain(SCHEMAS).copied()
}

/// The text of the schema of a role; none for a role that no model plays.
pub(super) fn schema(role: NodeRole) -> Option<&'static str> {
    let name = match role {
        NodeRole::Quant => return None,
        NodeRole::Market | NodeRole::Sentiment | NodeRole::News | NodeRole::Fundamentals => {
            "schemas/analyst.json"
        }
        NodeRole::Bull | NodeRole::Bear => "schemas/debater.json",
        NodeRole::ResearchManager => "schemas/research_manager.json",
        NodeRole::Trader => "schemas/trader.json",
        NodeRole::Aggressive | NodeRole::Conservative | NodeRole::Neutral => "schemas/risk.json",
        NodeRole::PortfolioManager => "schemas/portfolio_manager.json",
    };
    let found = SCHEMAS.iter().find(|(file, _)| *file == name);
    found.map(|(_, text)| *text)
}

/// The system part of a role.
pub(super) fn system(
    role: NodeRole,
    schema: &serde_json::Value,
    compact: bool,
) -> Result<String, Error> {
    let values = [
        ("role", Value::from(role.as_str())),
        ("schema", Value::from(schema.to_string())),
        ("compact", Value::from(compact)),
    ];
    render("system.md", values)
}

/// A template with its values, without a line break at the end.
pub(super) fn render<const N: usize>(
    name: &str,
    values: [(&str, Value); N],
) -> Result<String, Error> {
    PROMPTS.render(name, values)
}

static PROMPTS: LazyLock<Templates> = LazyLock::new(|| Templates::of(TEMPLATES));
