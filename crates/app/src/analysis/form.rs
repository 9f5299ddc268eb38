//! The form of an answer: a JSON Schema, and how a document is found in text.

use jsonschema::Validator;
use serde_json::Value;

/// A schema, ready to judge.
#[derive(Debug)]
pub(super) struct Form(Validator);

impl Form {
    /// Of a schema; what is wrong with it where it is none.
    pub(super) fn of(schema: &Value) -> Result<Self, String> {
        let validator = jsonschema::validator_for(schema).map_err(|error| error.to_string())?;
        Ok(Self(validator))
    }

    /// What is wrong with a document, first of all; it is said to the model.
    pub(super) fn check(&self, document: &Value) -> Result<(), String> {
        match self.0.iter_errors(document).next() {
            None => Ok(()),
            Some(problem) => Err(match problem.instance_path().as_str() {
                "" => problem.to_string(),
                place => format!("at {place}: {problem}"),
            }),
        }
    }
}

/// The document of an answer: all of the text, or all of its one fenced block.
/// What is wrong with it is said to the model.
pub(super) fn document(text: &str) -> Result<Value, String> {
    let text = fenced(text.trim());
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))
}

/// What stands between the fences of a text that is one block.
fn fenced(text: &str) -> &str {
    let Some(block) = text.strip_prefix("```") else {
        return text;
    };
    let Some(block) = block.strip_suffix("```") else {
        return text;
    };
    let block = block.strip_prefix("json").unwrap_or(block);
    if block.contains("```") {
        return text;
    }
    block.trim()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_found_or_what_is_wrong_is_said() {
        let schema = json!({
            "type": "object", "required": ["n"], "additionalProperties": false,
            "properties": {"n": {"type": "integer"}}
        });
        let form = Form::of(&schema).unwrap();
        let read = |text| document(text).and_then(|it| form.check(&it).map(|()| it));
        for good in [
            r#"{"n": 1}"#,
            "  {\"n\":1}\n",
            "```json\n{\"n\": 1}\n```",
            "```\n{\"n\":1}```",
        ] {
            assert_eq!(read(good), Ok(json!({"n": 1})), "{good}");
        }
        for (bad, problem) in [
            ("", "it is empty"),
            ("``` ```", "it is empty"),
            ("n is 1", "it is not JSON"),
            (r#"{"n": 1} {"n": 2}"#, "it is not JSON"),
            (r#"I think {"n": 1}"#, "it is not JSON"),
            (r#"{"n": "1"}"#, "at /n: "),
            (r#"{"m": 1}"#, "'m' was unexpected"),
            ("[]", "is not of type"),
        ] {
            let said = read(bad).unwrap_err();
            assert!(said.contains(problem), "{bad}: {said}");
        }
    }

    #[test]
    fn a_schema_that_is_none_is_refused() {
        assert!(Form::of(&json!({"type": "colour"})).is_err());
    }
}
