//! The files of `prompts/room/v1`, built into the program.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use fondaco_contract::v1alpha1::simulation::RoomMember;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, UndefinedBehavior, Value};

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"), "/../../prompts/room/v1/", $name
        )))),*]
    };
}

const TEMPLATES: &[(&str, &str)] = files![
    "case.md",
    "members/fundamentals.md",
    "members/pm.md",
    "members/risk.md",
    "members/sentiment.md",
    "members/technical.md",
    "members/valuation.md",
    "rules.md",
    "system.md",
    "turns/analysis.md",
    "turns/decision.md",
    "turns/prediction.md",
    "turns/risk.md",
    "turns/speech.md",
    "turns/summary.md",
];

const SCHEMAS: &[(&str, &str)] = files![
    "schemas/analysis.json",
    "schemas/decision.json",
    "schemas/prediction.json",
    "schemas/risk.json",
    "schemas/speech.json",
    "schemas/summary.json",
];

/// All files, by name.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    TEMPLATES.iter().chain(SCHEMAS).copied()
}

/// The text of the schema of a turn; empty, and so no schema, where there is
/// none.
pub(super) fn schema(turn: &str) -> &'static str {
    let name = format!("schemas/{turn}.json");
    let found = SCHEMAS.iter().find(|(file, _)| *file == name);
    found.map_or("", |(_, text)| *text)
}

/// The system part.
pub(super) fn system(
    member: RoomMember,
    turn: &str,
    schema: &serde_json::Value,
) -> Result<String, Error> {
    let values = [
        ("member", Value::from(member.word())),
        ("turn", Value::from(turn)),
        ("schema", Value::from(schema.to_string())),
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
