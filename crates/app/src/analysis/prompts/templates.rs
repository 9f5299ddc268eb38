//! The files of `prompts/analysis/v1`, built into the program.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use fondaco_contract::v1alpha1::analysis::NodeRole;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, UndefinedBehavior, Value};

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
    let values: BTreeMap<&str, Value> = values.into();
    let text = ENVIRONMENT
        .get_template(name)?
        .render(Value::from(values))?;
    Ok(text.trim_end().to_owned())
}

/// A template that does not parse is missing here, and found missing when it
/// is rendered.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build();
    if let Ok(syntax) = syntax {
        environment.set_syntax(syntax);
    }
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, text) in TEMPLATES {
        let _missing = environment.add_template(name, text);
    }
    environment
});
