//! The files of `prompts/room/v1`, built into the program.

use std::sync::LazyLock;

use fondaco_contract::v1alpha1::simulation::RoomMember;
use minijinja::{Error, Value};

use crate::templates::Templates;

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
    PROMPTS.render(name, values)
}

static PROMPTS: LazyLock<Templates> = LazyLock::new(|| Templates::of(TEMPLATES));
