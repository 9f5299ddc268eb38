//! The dashboard: requests and what is answered, pair by pair.

mod config;
mod migration;
mod portfolio;
mod sockets;
mod tasks;

use axum::body::Body;
use axum::http::{Method, Request};
use fondaco_app::migration::Phase;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::workshop::CROSS;

/// Answers by the contract; with a strategy for the quant lane, and candles of
/// two instruments.
async fn ready() -> Client {
    ready_as(Some(Phase::Contract)).await
}

/// The same in a phase of the migration, or with no flag set.
async fn ready_as(phase: Option<Phase>) -> Client {
    let mut client = Client::new();
    client.candles("AAPL", 20_000).await;
    client.candles("MSFT", 20_000).await;
    let platform = std::sync::Arc::get_mut(&mut client.platform).unwrap();
    platform.analyses.strategy = Some(CROSS.to_owned());
    if let Some(phase) = phase {
        client.phase(phase);
    }
    client
}

async fn ask(client: &Client, method: Method, path: &str, body: &Value) -> Answer {
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .header("x-correlation-id", "req-1");
    client.send(request.body(Body::from(body)).unwrap()).await
}

/// What is answered: the status and the document.
async fn pair(client: &Client, method: Method, path: &str, body: Value) -> (u16, Value) {
    let answer = ask(client, method, path, &body).await;
    (answer.status.as_u16(), answer.json())
}

async fn get(client: &Client, path: &str) -> (u16, Value) {
    pair(client, Method::GET, path, Value::Null).await
}

async fn post(client: &Client, path: &str, body: Value) -> (u16, Value) {
    pair(client, Method::POST, path, body).await
}

async fn delete(client: &Client, path: &str) -> (u16, Value) {
    pair(client, Method::DELETE, path, Value::Null).await
}

/// Begins an analysis that must be accepted, and gives its name.
async fn started(client: &Client, ticker: &str) -> String {
    let body = json!({"ticker": ticker, "date": "2024-10-04"});
    let (status, told) = post(client, "/api/analysis/start", body).await;
    assert_eq!(status, 200, "{told}");
    told["task_id"].as_str().unwrap().to_owned()
}

/// A document with times, names and hashes masked, as it is shown.
fn shown(value: &Value, task_id: &str) -> String {
    let text = serde_json::to_string_pretty(&masked(value.clone())).unwrap();
    text.replace(task_id, "<task>")
}

fn masked(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| {
                let mask = match (key.as_str(), &value) {
                    ("created_at" | "completed_at" | "timestamp", Value::String(_)) => {
                        Some("<time>")
                    }
                    ("result_ref", Value::String(_)) => Some("<ref>"),
                    // The evidence is the result's own, told as it is there.
                    ("evidence", Value::Array(_)) => Some("<evidence>"),
                    _ => None,
                };
                let value = mask.map_or_else(|| masked(value), Value::from);
                (key, value)
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(masked).collect(),
        other => other,
    }
}
