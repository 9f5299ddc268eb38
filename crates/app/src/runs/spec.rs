//! A spec as it is handed in.

use fondaco_domain::run::RunKind;
use fondaco_domain::strategy::suggest;
use fondaco_domain::{Canonical, CanonicalError, ContentHash, ErrorKind, Hint};
use serde_json::Value;
use thiserror::Error;

/// What a run is to do: a JSON document in its canonical form, whose `kind`
/// says who plans it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    canonical: Canonical,
    kind: RunKind,
}

/// A document that is no spec.
#[derive(Debug, Error)]
pub enum SpecError {
    /// It is not JSON.
    #[error("the spec is not JSON: line {line}, column {column}: {problem}")]
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// It is JSON, and no object.
    #[error("the spec is {found}: an object is wanted")]
    NotAnObject {
        /// What it is.
        found: &'static str,
    },
    /// It does not say what it is about.
    #[error("the spec has no `kind`")]
    NoKind,
    /// It is about something unknown.
    #[error("the spec is of kind {kind}, which is unknown")]
    UnknownKind {
        /// As it stands there.
        kind: String,
    },
    /// It has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

impl Hint for SpecError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        let kinds = RunKind::ALL.map(RunKind::as_str);
        match self {
            Self::Json { .. } => None,
            Self::NotAnObject { .. } | Self::NoKind => {
                Some("write {\"kind\": \"workflow\", \"tasks\": [...]}".into())
            }
            Self::UnknownKind { kind } => Some(match suggest(kind.trim_matches('"'), kinds) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("kinds are {}", kinds.join(", ")),
            }),
            Self::Canonical(error) => error.hint(),
        }
    }
}

impl Spec {
    /// Reads JSON.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let value: Value = serde_json::from_str(text).map_err(|error| json_error(&error))?;
        Self::of(&value)
    }

    /// Of a document in memory.
    pub fn of(value: &Value) -> Result<Self, SpecError> {
        let Value::Object(fields) = value else {
            return Err(SpecError::NotAnObject {
                found: type_name(value),
            });
        };
        let kind = fields.get("kind").ok_or(SpecError::NoKind)?;
        let kind =
            kind.as_str()
                .and_then(RunKind::parse)
                .ok_or_else(|| SpecError::UnknownKind {
                    kind: kind.to_string(),
                })?;
        Ok(Self {
            canonical: Canonical::of(value)?,
            kind,
        })
    }

    /// What it is about.
    pub fn kind(&self) -> RunKind {
        self.kind
    }

    /// Its canonical form.
    pub fn text(&self) -> &str {
        self.canonical.text()
    }

    /// The name of this version of it.
    pub fn hash(&self) -> &ContentHash {
        self.canonical.hash()
    }
}

fn json_error(error: &serde_json::Error) -> SpecError {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    SpecError::Json {
        line: error.line(),
        column: error.column(),
        problem: text.strip_suffix(&place).unwrap_or(&text).to_owned(),
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let error = Spec::parse(text).unwrap_err();
        match error.hint() {
            Some(hint) => format!("{error} ({hint})"),
            None => error.to_string(),
        }
    }

    #[test]
    fn what_is_no_spec_is_told_why() {
        let texts = [
            "{\n  \"kind\": workflow }",
            "",
            "[]",
            "{}",
            r#"{"kind": 3}"#,
            r#"{"kind": "workflo"}"#,
        ];
        insta::assert_snapshot!(texts.map(refused).join("\n"), @r#"
        the spec is not JSON: line 2, column 11: expected value
        the spec is not JSON: line 1, column 0: EOF while parsing a value
        the spec is a list: an object is wanted (write {"kind": "workflow", "tasks": [...]})
        the spec has no `kind` (write {"kind": "workflow", "tasks": [...]})
        the spec is of kind 3, which is unknown (kinds are backtest, hyperopt, analysis, simulation, workflow, trading)
        the spec is of kind "workflo", which is unknown (did you mean `workflow`?)
        "#);
    }

    #[test]
    fn the_order_of_names_and_the_spaces_do_not_matter() {
        let one = Spec::parse(r#"{"kind": "workflow", "tasks": []}"#).unwrap();
        let two = Spec::parse("{\"tasks\":[],\n\"kind\":\"workflow\"}").unwrap();
        assert_eq!(one, two);
        assert_eq!(one.kind(), RunKind::Workflow);
    }
}
