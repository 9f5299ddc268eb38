//! The protocols of Anthropic and Gemini, told to servers of our own.

use std::fmt::Write as _;

use fondaco_app::ports::model::{
    CallContext, Completion, Message, ModelError, ModelRequest, Models, Seat, ToolCall,
};
use fondaco_llm::Retries;
use fondaco_llm::catalog::Protocol;
use serde_json::{Value, json};

use crate::server::{Question, Reply, Server, fails, ok};
use crate::support::{DEADLINE, Home, KEY, PAID, in_words, question, run};

/// After a wish for a tool and its answer.
fn conversation() -> ModelRequest {
    let mut request = question(PAID);
    let call = |id: &str| ToolCall {
        id: id.to_owned(),
        name: "prices".to_owned(),
        arguments: json!({ "bars": 3 }),
    };
    request.messages.push(Message::Assistant {
        text: "Let me look.".to_owned(),
        calls: vec![call("a"), call("b")],
    });
    for id in ["a", "b"] {
        request.messages.push(Message::Tool {
            call: id.to_owned(),
            text: "{\"rows\":[]}".to_owned(),
        });
    }
    request
}

fn ask(
    protocol: Protocol,
    request: &ModelRequest,
    reply: Reply,
) -> (Result<Completion, ModelError>, Question, i64) {
    let home = Home::of(Server::of([reply]));
    let mut provider = home.provider();
    provider.protocol = Some(protocol);
    let once = Retries {
        attempts: 1,
        ..Retries::default()
    };
    let desk = home.desk_of(&provider, once);
    let seat = Seat {
        run: run(),
        node: "n",
        model: PAID,
        limit: None,
        replay: None,
    };
    let context = CallContext {
        node: "n",
        ordinal: 0,
        deadline: DEADLINE,
        stopped: &|| false,
    };
    let answer = desk.open(&seat).unwrap().complete(request, &context);
    (answer, home.server.asked().remove(0), home.spent().cost.0)
}

fn told(protocol: Protocol, cases: Vec<(&str, Reply)>) -> String {
    let mut text = String::new();
    for (name, reply) in cases {
        let (answer, _, cost) = ask(protocol, &conversation(), reply);
        let told = match answer {
            Ok(answer) => format!(
                "{:?} {:?} {:?} {}/{}/{}",
                answer.finish,
                answer.text,
                answer
                    .calls
                    .iter()
                    .map(|call| &*call.id)
                    .collect::<Vec<_>>(),
                answer.usage.input,
                answer.usage.cached,
                answer.usage.output,
            ),
            Err(error) => in_words(&error),
        };
        let charged = if cost > 0 { "charged" } else { "free" };
        let _ = writeln!(text, "{name}: {told} | {charged}");
    }
    text
}

fn message(content: &Value, stop: &str) -> Value {
    json!({
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": content,
        "stop_reason": stop,
        "usage": {
            "input_tokens": 10,
            "cache_read_input_tokens": 30,
            "cache_creation_input_tokens": 2,
            "output_tokens": 7,
        },
    })
}

#[test]
fn anthropic_is_asked_in_its_own_form() {
    let words = message(&json!([{ "type": "text", "text": "HOLD" }]), "end_turn");
    let (_, asked, _) = ask(Protocol::Anthropic, &conversation(), ok(&words));
    assert_eq!(asked.path, "/v1/messages");
    assert_eq!(asked.header("x-api-key"), Some(KEY));
    assert_eq!(asked.header("authorization"), None);
    assert_eq!(asked.header("anthropic-version"), Some("2023-06-01"));
    insta::assert_json_snapshot!(asked.body, @r#"
    {
      "model": "paid",
      "max_tokens": 100,
      "system": "You rate stocks.\n\nWhen you answer, answer with one JSON document and nothing else. It fits this JSON Schema:\n{\"type\":\"object\",\"properties\":{\"rating\":{\"type\":\"string\"}},\"required\":[\"rating\"],\"additionalProperties\":false}",
      "messages": [
        {
          "role": "user",
          "content": [
            {
              "type": "text",
              "text": "AAPL?"
            }
          ]
        },
        {
          "role": "assistant",
          "content": [
            {
              "type": "text",
              "text": "Let me look."
            },
            {
              "type": "tool_use",
              "id": "a",
              "name": "prices",
              "input": {
                "bars": 3
              }
            },
            {
              "type": "tool_use",
              "id": "b",
              "name": "prices",
              "input": {
                "bars": 3
              }
            }
          ]
        },
        {
          "role": "user",
          "content": [
            {
              "type": "tool_result",
              "tool_use_id": "a",
              "content": "{\"rows\":[]}"
            },
            {
              "type": "tool_result",
              "tool_use_id": "b",
              "content": "{\"rows\":[]}"
            }
          ]
        }
      ],
      "temperature": 0.2,
      "tools": [
        {
          "name": "prices",
          "description": "Prices of a stock.",
          "input_schema": {
            "type": "object",
            "properties": {
              "bars": {
                "type": "integer"
              }
            }
          }
        }
      ]
    }
    "#);
}

#[test]
fn anthropic_answers() {
    let text = json!({ "type": "text", "text": "HOLD" });
    let thought = json!({ "type": "thinking", "thinking": "hm", "signature": "s" });
    let wish = json!({ "type": "tool_use", "id": "t", "name": "prices", "input": { "bars": 1 } });
    let mut uncounted = message(&json!([text]), "end_turn");
    uncounted["usage"] = json!({});
    let mut negative = message(&json!([text]), "end_turn");
    negative["usage"]["output_tokens"] = json!(-7);
    insta::assert_snapshot!(told(Protocol::Anthropic, vec![
        ("words", ok(&message(&json!([thought, text]), "end_turn"))),
        ("a wish", ok(&message(&json!([text, wish]), "tool_use"))),
        ("a wish twice", ok(&message(&json!([wish, wish]), "tool_use"))),
        ("too long", ok(&message(&json!([text]), "max_tokens"))),
        ("a refusal", ok(&message(&json!([]), "refusal"))),
        ("nothing", ok(&message(&json!([]), "end_turn"))),
        ("a pause", ok(&message(&json!([text]), "pause_turn"))),
        ("a block nobody knows", ok(&message(&json!([{ "type": "image" }]), "end_turn"))),
        ("not counted", ok(&uncounted)),
        ("a negative count", ok(&negative)),
        ("an answer of another protocol", ok(&json!({ "choices": [] }))),
        ("too many questions", fails(429, "retry-after: 2\r\n", "slow down")),
        ("overloaded", fails(529, "", "Overloaded")),
        ("no key", fails(401, "", "invalid x-api-key")),
    ]), @r#"
    words: Stop "HOLD" [] 42/30/7 | charged
    a wish: Tools "HOLD" ["t"] 42/30/7 | charged
    a wish twice: the answer of test cannot be read: it has two wishes `t` | charged
    too long: Length "HOLD" [] 42/30/7 | charged
    a refusal: Refused "" [] 42/30/7 | charged
    nothing: the answer of test cannot be read: it is empty | charged
    a pause: the answer of test cannot be read: it ended for `pause_turn` | charged
    a block nobody knows: the answer of test cannot be read: unknown variant `image`, expected one of `text`, `tool_use`, `thinking`, `redacted_thinking` at line 1 column 82 | charged
    not counted: the answer of test cannot be read: it does not say how many tokens it took | charged
    a negative count: the answer of test cannot be read: its usage/output_tokens is -7 | charged
    an answer of another protocol: the answer of test cannot be read: missing field `content` at line 1 column 14 | charged
    too many questions: test takes no more questions now | free
    overloaded: test failed with status 529: Overloaded | free
    no key: test refuses the key | free
    "#);
}

fn candidate(parts: &Value, finish: &str) -> Value {
    json!({
        "candidates": [{ "content": { "role": "model", "parts": parts }, "finishReason": finish }],
        "usageMetadata": {
            "promptTokenCount": 40,
            "cachedContentTokenCount": 30,
            "candidatesTokenCount": 7,
            "thoughtsTokenCount": 5,
            "totalTokenCount": 52,
        },
        "modelVersion": "gemini-x",
    })
}

#[test]
fn gemini_is_asked_in_its_own_form() {
    let words = candidate(&json!([{ "text": "HOLD" }]), "STOP");
    let (_, asked, _) = ask(Protocol::Gemini, &conversation(), ok(&words));
    assert_eq!(asked.path, "/v1/models/paid:generateContent");
    assert_eq!(asked.header("x-goog-api-key"), Some(KEY));
    insta::assert_json_snapshot!(asked.body, @r#"
    {
      "systemInstruction": {
        "parts": [
          {
            "text": "You rate stocks.\n\nWhen you answer, answer with one JSON document and nothing else. It fits this JSON Schema:\n{\"type\":\"object\",\"properties\":{\"rating\":{\"type\":\"string\"}},\"required\":[\"rating\"],\"additionalProperties\":false}"
          }
        ]
      },
      "contents": [
        {
          "role": "user",
          "parts": [
            {
              "text": "AAPL?"
            }
          ]
        },
        {
          "role": "model",
          "parts": [
            {
              "text": "Let me look."
            },
            {
              "functionCall": {
                "name": "prices",
                "args": {
                  "bars": 3
                }
              }
            },
            {
              "functionCall": {
                "name": "prices",
                "args": {
                  "bars": 3
                }
              }
            }
          ]
        },
        {
          "role": "user",
          "parts": [
            {
              "functionResponse": {
                "name": "prices",
                "response": {
                  "result": "{\"rows\":[]}"
                }
              }
            },
            {
              "functionResponse": {
                "name": "prices",
                "response": {
                  "result": "{\"rows\":[]}"
                }
              }
            }
          ]
        }
      ],
      "tools": [
        {
          "functionDeclarations": [
            {
              "name": "prices",
              "description": "Prices of a stock.",
              "parametersJsonSchema": {
                "type": "object",
                "properties": {
                  "bars": {
                    "type": "integer"
                  }
                }
              }
            }
          ]
        }
      ],
      "generationConfig": {
        "maxOutputTokens": 100,
        "temperature": 0.2,
        "seed": 7
      }
    }
    "#);
}

/// Beside tools it takes no form; alone it does.
#[test]
fn gemini_is_asked_for_a_form_where_there_are_no_tools() {
    let words = candidate(&json!([{ "text": "HOLD" }]), "STOP");
    let mut request = conversation();
    request.tools.clear();
    let (_, asked, _) = ask(Protocol::Gemini, &request, ok(&words));
    let settings = &asked.body["generationConfig"];
    assert_eq!(settings["responseJsonSchema"], request.schema.unwrap());
    assert_eq!(
        asked.body["systemInstruction"]["parts"][0]["text"],
        "You rate stocks."
    );
}

#[test]
fn gemini_answers() {
    let text = json!({ "text": "HOLD" });
    let thought = json!({ "text": "hm", "thought": true });
    let wish = json!({ "functionCall": { "name": "prices", "args": { "bars": 1 } } });
    let blocked = json!({ "promptFeedback": { "blockReason": "SAFETY" }, "usageMetadata": { "promptTokenCount": 40 } });
    let mut uncounted = candidate(&json!([text]), "STOP");
    uncounted.as_object_mut().unwrap().remove("usageMetadata");
    insta::assert_snapshot!(told(Protocol::Gemini, vec![
        ("words", ok(&candidate(&json!([thought, text]), "STOP"))),
        ("two wishes", ok(&candidate(&json!([wish, wish]), "STOP"))),
        ("too long", ok(&candidate(&json!([text]), "MAX_TOKENS"))),
        ("held back", ok(&candidate(&json!([]), "SAFETY"))),
        ("a question held back", ok(&blocked)),
        ("a wish that is none", ok(&candidate(&json!([]), "MALFORMED_FUNCTION_CALL"))),
        ("nothing", ok(&json!({}))),
        ("not counted", ok(&uncounted)),
        ("a bad key", fails(400, "", "API key not valid. Please pass a valid API key.")),
    ]), @r#"
    words: Stop "HOLD" [] 40/30/12 | charged
    two wishes: Tools "" ["call-2", "call-3"] 40/30/12 | charged
    too long: Length "HOLD" [] 40/30/12 | charged
    held back: Refused "" [] 40/30/12 | charged
    a question held back: Refused "" [] 40/0/0 | charged
    a wish that is none: the answer of test cannot be read: it ended for `MALFORMED_FUNCTION_CALL` | charged
    nothing: the answer of test cannot be read: it has 0 answers | charged
    not counted: the answer of test cannot be read: it does not say how many tokens it took | charged
    a bad key: test refuses the key | free
    "#);
}
