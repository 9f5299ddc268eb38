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

/// A day of trading as it is asked for, with what was called so far and what
/// the tools said.
fn day(date: &str, held: &Value, tools: &[&str], said: &[(&str, &str, &str)]) -> ModelRequest {
    let block = json!({
        "date": date, "cash": "10000", "positions": held, "prices": {"A": "10", "B": "20", "C": "30"},
        "symbols": ["A", "B", "C"],
    });
    let spec = |name: &&str| ToolSpec {
        name: (*name).to_owned(),
        description: String::new(),
        parameters: json!({}),
    };
    let mut messages = vec![Message::User {
        text: format!("Today:\n```json\n{block}\n```\n"),
    }];
    for (tool, symbol, text) in said {
        let call = crate::session::order(tool, symbol, 1.0);
        messages.push(Message::Assistant {
            text: String::new(),
            calls: vec![call.clone()],
        });
        messages.push(Message::Tool {
            call: call.id,
            text: (*text).to_owned(),
        });
    }
    ModelRequest {
        model: "fondaco/mock-trader".into(),
        system: "You trade.".into(),
        messages,
        tools: tools.iter().map(spec).collect(),
        schema: None,
        max_tokens: 10,
        temperature_milli: None,
        seed: None,
    }
}

/// `buy A 5`, or the text where nothing is called.
fn told(model: &str, request: &ModelRequest) -> String {
    let (_, model) = of(model).unwrap();
    let context = CallContext {
        node: "2025-01-06|m",
        ordinal: 0,
        deadline: Duration::from_secs(1),
        stopped: &|| false,
    };
    let said = model.complete(request, &context).unwrap();
    let calls = said.calls.iter().map(|call| match call.name.as_str() {
        "finish" => "finish".to_owned(),
        name => format!(
            "{name} {} {}",
            call.arguments["symbol"].as_str().unwrap(),
            call.arguments["amount"]
        ),
    });
    let calls: Vec<String> = calls.collect();
    if calls.is_empty() {
        said.text
    } else {
        calls.join(", ")
    }
}

#[test]
fn the_mock_trader_buys_five_of_the_next_one() {
    let tools = ["buy", "sell", "finish"];
    let turns = [
        "2025-01-01",
        "2025-01-02",
        "2025-01-03",
        "2025-01-04",
        "2024-12-31",
        "2025-01-02 11:30:00",
    ]
    .map(|date| told("mock-trader", &day(date, &json!({}), &tools, &[])));
    assert_eq!(
        turns,
        [
            "buy A 5", "buy B 5", "buy C 5", "buy A 5", "buy C 5", "buy B 5"
        ]
    );
    let asked =
        |tools: &[&str], said| told("mock-trader", &day("2025-01-01", &json!({}), tools, said));
    let refused = [("buy", "A", r#"{"error": "Insufficient cash"}"#)];
    assert_eq!(asked(&tools, &refused), "finish");
    assert_eq!(
        asked(&tools[..1], &refused),
        "5 A could not be bought: Insufficient cash <FINISH_SIGNAL>"
    );
    assert_eq!(
        asked(&[], &[("buy", "A", "{}")]),
        "It was the turn of A: 5 ordered."
    );
}

#[test]
fn the_mock_trader_trades_days_only() {
    let error = ask(
        &*of("mock-trader").unwrap().1,
        Vec::new(),
        Duration::from_secs(1),
    )
    .unwrap_err();
    assert!(matches!(error, ModelError::Refused { .. }), "{error}");
}

#[test]
fn the_scripted_model_plays_a_day_in_one_answer() {
    let tools = ["buy", "sell", "finish", "indicators"];
    let asked = |date, held: Value, said| told("scripted?buys=2", &day(date, &held, &tools, said));
    assert_eq!(
        asked("2025-01-01", json!({}), &[]),
        "buy A 1, buy B 1, finish"
    );
    assert_eq!(
        asked("2025-01-02", json!({"A": 1}), &[]),
        "buy C 1, sell A 1, finish"
    );
    assert_eq!(
        asked("2025-01-01", json!({}), &[("buy", "A", "{}")]),
        "finish"
    );
    assert_eq!(
        told(
            "scripted?buys=9",
            &day("2025-01-01", &json!({"C": "2"}), &tools, &[])
        ),
        "buy A 1, buy B 1, sell C 1, finish"
    );
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
