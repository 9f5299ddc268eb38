//! What is sent: only what a model can do, from the table and the settings.

use std::collections::BTreeMap;

use fondaco_app::ports::model::{CallContext, Message, ModelError, Models, Seat, ToolCall};
use fondaco_domain::Hint;
use fondaco_llm::catalog::{ModelConfig, ProviderConfig};
use fondaco_llm::{Catalog, Retries};
use serde_json::{Value, json};

use crate::server::{Server, says};
use crate::support::{DEADLINE, Home, KEY, PAID, PLAIN, ask, question, run};

fn sent(model: &str) -> Value {
    let home = Home::of(Server::of([says("HOLD")]));
    ask(&home.desk(), model, 0).unwrap();
    let asked = home.server.asked().remove(0);
    assert_eq!(asked.path, "/v1/chat/completions");
    assert_eq!(
        asked.header("authorization"),
        Some(&*format!("Bearer {KEY}"))
    );
    asked.body
}

#[test]
fn a_model_that_can_do_everything_is_asked_for_it() {
    insta::assert_json_snapshot!(sent(PAID), @r#"
    {
      "model": "paid",
      "messages": [
        {
          "role": "system",
          "content": "You rate stocks."
        },
        {
          "role": "user",
          "content": "AAPL?"
        }
      ],
      "max_tokens": 100,
      "stream": false,
      "temperature": 0.2,
      "seed": 7,
      "tools": [
        {
          "type": "function",
          "function": {
            "name": "prices",
            "description": "Prices of a stock.",
            "parameters": {
              "type": "object",
              "properties": {
                "bars": {
                  "type": "integer"
                }
              }
            }
          }
        }
      ],
      "response_format": {
        "type": "json_schema",
        "json_schema": {
          "name": "answer",
          "strict": true,
          "schema": {
            "type": "object",
            "properties": {
              "rating": {
                "type": "string"
              }
            },
            "required": [
              "rating"
            ],
            "additionalProperties": false
          }
        }
      }
    }
    "#);
}

#[test]
fn a_model_that_can_do_nothing_is_asked_in_words() {
    insta::assert_json_snapshot!(sent(PLAIN), @r#"
    {
      "model": "plain",
      "messages": [
        {
          "role": "system",
          "content": "You rate stocks.\n\nWhen you answer, answer with one JSON document and nothing else. It fits this JSON Schema:\n{\"type\":\"object\",\"properties\":{\"rating\":{\"type\":\"string\"}},\"required\":[\"rating\"],\"additionalProperties\":false}"
        },
        {
          "role": "user",
          "content": "AAPL?"
        }
      ],
      "max_tokens": 100,
      "stream": false
    }
    "#);
}

#[test]
fn a_conversation_with_tools() {
    let home = Home::of(Server::of([says("HOLD")]));
    let desk = home.desk();
    let seat = Seat {
        run: run(),
        node: "n",
        model: PAID,
        limit: None,
        replay: None,
    };
    let mut request = question(PAID);
    request.messages.push(Message::Assistant {
        text: String::new(),
        calls: vec![ToolCall {
            id: "a".to_owned(),
            name: "prices".to_owned(),
            arguments: json!({ "bars": 3 }),
        }],
    });
    request.messages.push(Message::Tool {
        call: "a".to_owned(),
        text: "{\"rows\":[]}".to_owned(),
    });
    let context = CallContext {
        node: "n",
        ordinal: 0,
        deadline: DEADLINE,
        stopped: &|| false,
    };
    desk.open(&seat)
        .unwrap()
        .complete(&request, &context)
        .unwrap();
    insta::assert_json_snapshot!(home.server.asked()[0].body["messages"], @r#"
    [
      {
        "role": "system",
        "content": "You rate stocks."
      },
      {
        "role": "user",
        "content": "AAPL?"
      },
      {
        "role": "assistant",
        "content": null,
        "tool_calls": [
          {
            "id": "a",
            "type": "function",
            "function": {
              "name": "prices",
              "arguments": "{\"bars\":3}"
            }
          }
        ]
      },
      {
        "role": "tool",
        "tool_call_id": "a",
        "content": "{\"rows\":[]}"
      }
    ]
    "#);
}

/// A form that leaves something open is not held to every word, which a
/// provider would refuse.
#[test]
fn an_open_form_is_not_strict() {
    let home = Home::of(Server::of([says("HOLD")]));
    let desk = home.desk();
    let seat = Seat {
        run: run(),
        node: "n",
        model: PAID,
        limit: None,
        replay: None,
    };
    let mut request = question(PAID);
    request.schema = Some(json!({ "type": "object", "properties": { "rating": {} } }));
    let context = CallContext {
        node: "n",
        ordinal: 0,
        deadline: DEADLINE,
        stopped: &|| false,
    };
    desk.open(&seat)
        .unwrap()
        .complete(&request, &context)
        .unwrap();
    let format = &home.server.asked()[0].body["response_format"];
    assert_eq!(format["json_schema"]["strict"], json!(false));
}

fn catalog(provider: &str, config: ProviderConfig) -> Catalog {
    let providers = BTreeMap::from([(provider.to_owned(), config)]);
    Catalog::new(&providers, &BTreeMap::new()).unwrap()
}

#[test]
fn an_address_of_another_provider_is_found_before_anything_else() {
    let at = |url: &str| ProviderConfig {
        base_url: Some(url.to_owned()),
        ..ProviderConfig::default()
    };
    let foreign = catalog("openai", at("https://api.anthropic.com/v1"));
    let error = foreign.find("openai/gpt-4o").unwrap_err();
    insta::assert_snapshot!(error, @"https://api.anthropic.com/v1/ is not an address of openai");
    // A go-between of one's own is nobody's.
    let own = catalog("openai", at("http://127.0.0.1:4000/v1"));
    assert!(own.find("openai/gpt-4o").is_ok());
}

#[test]
fn a_missing_key_asks_nobody() {
    let home = Home::of(Server::of([says("HOLD")]));
    let mut provider = home.provider();
    provider.key_env = Some("NOT_SET".to_owned());
    let desk = home.desk_of(&provider, Retries::default());
    let error = ask(&desk, PAID, 0).unwrap_err();
    assert!(matches!(error, ModelError::Auth { .. }));
    assert!(home.server.asked().is_empty());
    // What it can do is known all the same.
    assert!(desk.capabilities(PAID).unwrap().schema);
}

#[test]
fn names_that_nobody_knows() {
    let home = Home::of(Server::of([]));
    let desk = home.desk();
    let names = [
        "gpt-5",
        "openai/",
        "openai/gpt-99",
        "nobody/model",
        "fondaco/none",
        "fondaco/scripted?delay=1",
        "",
    ];
    for name in names {
        let error = desk.capabilities(name).unwrap_err();
        assert!(matches!(error, ModelError::Unknown(_)), "{name}");
    }
    // A server of one's own has any model.
    for name in [
        "ollama/llama3.2:1b",
        "vllm/a/b",
        "fondaco/scripted?delay_ms=1",
    ] {
        assert!(desk.capabilities(name).is_ok(), "{name}");
    }
}

#[test]
fn settings_that_cannot_be() {
    let provider = |name: &str, config: ProviderConfig| {
        let providers = BTreeMap::from([(name.to_owned(), config)]);
        let error = Catalog::new(&providers, &BTreeMap::new()).unwrap_err();
        format!("{error}; {}", error.hint().unwrap())
    };
    let at = |url: &str| ProviderConfig {
        base_url: Some(url.to_owned()),
        ..ProviderConfig::default()
    };
    let told = [
        provider("fondaco", at("http://a")),
        provider("a/b", at("http://a")),
        provider("mine", ProviderConfig::default()),
        provider("mine", at("127.0.0.1:80")),
        provider("mine", at("http://me:secret@host/v1")),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    provider `fondaco` is this program: it has no settings; name another
    `a/b` is no name of a provider; use letters, digits, - and _
    provider `mine` has no base_url; such as base_url = "http://127.0.0.1:8080/v1"; a key stands in the environment, its variable in key_env
    provider `mine`: `127.0.0.1:80` is no address: relative URL without a base; such as base_url = "http://127.0.0.1:8080/v1"; a key stands in the environment, its variable in key_env
    provider `mine`: `host/v1` is no address: it holds a name or a password; such as base_url = "http://127.0.0.1:8080/v1"; a key stands in the environment, its variable in key_env
    "#);
    for price in [-1.0, f64::NAN, f64::INFINITY, 1e9] {
        let model = ModelConfig {
            price_input: Some(price),
            ..ModelConfig::default()
        };
        let models = BTreeMap::from([("openai/gpt-5".to_owned(), model)]);
        assert!(Catalog::new(&BTreeMap::new(), &models).is_err(), "{price}");
    }
}

#[test]
fn prices_are_exact_and_overruled() {
    let model = ModelConfig {
        price_input: Some(0.01875),
        ..ModelConfig::default()
    };
    let models = BTreeMap::from([("openai/gpt-5".to_owned(), model)]);
    let catalog = Catalog::new(&BTreeMap::new(), &models).unwrap();
    let known = catalog.find("openai/gpt-5").unwrap().known;
    assert_eq!(known.price.input.0, 18_750_000);
    assert_eq!(known.price.cached.0, 18_750_000);
    assert_eq!(known.price.output.0, 10_000_000_000);
    assert!(known.capabilities.schema);
}
