use std::time::Duration;

use fondaco_app::ports::model::{
    CallContext, Finish, Message, Model, ModelError, ModelRequest, ToolSpec,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Minimal, of, smallest};

fn fits(schema: &Value) -> Value {
    let value = smallest(schema);
    let validator = jsonschema::validator_for(schema).unwrap();
    assert!(validator.is_valid(&value), "{value} does not fit {schema}");
    value
}

#[test]
fn the_smallest_document_fits() {
    let cases = [
        json!({ "const": 3 }),
        json!({ "enum": ["buy", "sell"] }),
        json!({ "type": "string", "minLength": 30, "maxLength": 36 }),
        json!({ "type": "string", "maxLength": 3 }),
        json!({ "type": "string", "minLength": 9, "maxLength": 9 }),
        json!({ "type": "integer", "exclusiveMinimum": 4 }),
        json!({ "type": "integer", "minimum": -9, "maximum": -2 }),
        json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1 }),
        json!({ "type": ["null", "number"], "minimum": 0.25 }),
        json!({ "type": "array", "minItems": 2, "items": { "type": "boolean" } }),
        json!({ "type": "array", "prefixItems": [{ "type": "string" }], "minItems": 2, "items": { "type": "integer" } }),
        json!({ "type": "object", "required": ["a"], "properties": { "a": { "$ref": "#/$defs/a" }, "b": {} }, "$defs": { "a": { "type": "integer", "minimum": 2 } }, "additionalProperties": false }),
        json!({ "anyOf": [{ "type": "object", "required": ["x"], "properties": { "x": { "type": "string" } } }, { "type": "null" }] }),
        json!({ "type": "object", "properties": { "x": { "const": 1 } }, "oneOf": [{ "required": ["x"] }, { "required": ["y"] }] }),
        json!({ "allOf": [{ "type": "object", "required": ["x"] }, { "properties": { "x": { "type": "boolean" } }, "required": ["x"] }] }),
        json!({ "type": "string", "format": "date" }),
        json!(true),
        json!({}),
    ];
    for schema in &cases {
        fits(schema);
    }
}

#[test]
fn a_schema_of_itself_ends() {
    smallest(&json!({ "$ref": "#" }));
    let list = json!({ "type": "object", "required": ["next"], "properties": { "next": { "$ref": "#" } } });
    smallest(&list);
}

proptest! {
    #[test]
    fn numbers_keep_their_bounds(low in -1_000..1_000_i64, width in 0..1_000_i64, whole: bool) {
        let kind = if whole { "integer" } else { "number" };
        fits(&json!({ "type": kind, "minimum": low, "maximum": low + width }));
    }
}

fn ask(
    model: &dyn Model,
    messages: Vec<Message>,
    deadline: Duration,
) -> Result<fondaco_app::ports::model::Completion, ModelError> {
    let request = ModelRequest {
        model: "fondaco/scripted".into(),
        system: "You answer.".into(),
        messages,
        tools: vec![ToolSpec {
            name: "prices".into(),
            description: String::new(),
            parameters: json!({ "type": "object", "required": ["symbol"], "properties": { "symbol": { "type": "string" } } }),
        }],
        schema: Some(
            json!({ "type": "object", "required": ["rating"], "properties": { "rating": { "enum": ["hold"] } } }),
        ),
        max_tokens: 10,
        temperature_milli: None,
        seed: None,
    };
    let context = CallContext {
        node: "n",
        ordinal: 0,
        deadline,
        stopped: &|| false,
    };
    model.complete(&request, &context)
}

#[test]
fn the_scripted_model_wishes_and_then_answers() {
    let (_, model) = of("scripted?tools=1").unwrap();
    let second = Duration::from_secs(1);
    let first = ask(&*model, Vec::new(), second).unwrap();
    assert_eq!(first.finish, Finish::Tools);
    assert_eq!(first.calls[0].arguments, json!({ "symbol": "scripted" }));
    let said = vec![Message::Assistant {
        text: String::new(),
        calls: first.calls,
    }];
    let answer = ask(&*model, said, second).unwrap();
    assert_eq!(
        (answer.finish, &*answer.text),
        (Finish::Stop, r#"{"rating":"hold"}"#)
    );
}

#[test]
fn the_scripted_model_is_too_late_where_it_thinks_too_long() {
    let (_, model) = of("scripted?delay_ms=60000").unwrap();
    let error = ask(&*model, Vec::new(), Duration::from_millis(20)).unwrap_err();
    assert!(matches!(error, ModelError::TimedOut { .. }), "{error}");
}

#[test]
fn options_that_nobody_knows() {
    for options in ["delay", "delay_ms=x", "speed=1"] {
        assert_eq!(Minimal::parse(options), None);
    }
    for name in [
        "",
        "scripted-2",
        "rule-based?delay_ms=x",
        "rule-based?tools=1",
    ] {
        assert!(of(name).is_none(), "{name}");
    }
}

#[test]
fn a_slow_rule_based_model_is_too_late_where_it_thinks_too_long() {
    let (_, model) = of("rule-based?delay_ms=60000").unwrap();
    let error = ask(&*model, Vec::new(), Duration::from_millis(20)).unwrap_err();
    assert!(matches!(error, ModelError::TimedOut { .. }), "{error}");
}
