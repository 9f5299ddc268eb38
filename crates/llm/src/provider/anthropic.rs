//! Messages as Anthropic has them.

use fondaco_app::ports::model::{Message, ModelError, ModelRequest};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Client;
use super::reading::{Counted, Spoken, Wish, count};

/// The form of requests that this speaks.
pub(super) const VERSION: &str = "2023-06-01";

/// A question on the wire. A form is told in words.
pub(super) fn question(client: &Client<'_>, request: &ModelRequest) -> Value {
    let can = &client.capabilities;
    let mut question = Map::new();
    let mut add = |name: &str, value: Value| question.insert(name.to_owned(), value);
    add("model", json!(client.model));
    add("max_tokens", json!(request.max_tokens));
    add("system", json!(super::system(request, false)));
    add("messages", messages(request));
    if let Some(milli) = request.temperature_milli.filter(|_| can.temperature) {
        add("temperature", json!(f64::from(milli) / 1_000.0));
    }
    if can.tools && !request.tools.is_empty() {
        let tools = request.tools.iter().map(|tool| {
            json!({
                "name": tool.name,
                "description": tool.description,
                "input_schema": tool.parameters,
            })
        });
        add("tools", tools.collect());
    }
    Value::Object(question)
}

/// Turns of user and model: answers of tools that follow each other are one
/// turn.
fn messages(request: &ModelRequest) -> Value {
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in &request.messages {
        let (role, blocks) = blocks(message);
        match turns.last_mut() {
            Some((last, before)) if *last == role => before.extend(blocks),
            _ => turns.push((role, blocks)),
        }
    }
    let turns = turns.into_iter();
    turns
        .map(|(role, blocks)| json!({ "role": role, "content": blocks }))
        .collect()
}

fn blocks(message: &Message) -> (&'static str, Vec<Value>) {
    let words = |text: &str| json!({ "type": "text", "text": text });
    match message {
        Message::User { text } => ("user", vec![words(text)]),
        Message::Tool { call, text } => {
            let result = json!({ "type": "tool_result", "tool_use_id": call, "content": text });
            ("user", vec![result])
        }
        Message::Assistant { text, calls } => {
            let said = (!text.is_empty()).then(|| words(text));
            let wishes = calls.iter().map(|call| {
                json!({
                    "type": "tool_use",
                    "id": call.id,
                    "name": call.name,
                    "input": call.arguments,
                })
            });
            ("assistant", said.into_iter().chain(wishes).collect())
        }
    }
}

#[derive(Debug, Deserialize)]
struct Document {
    #[serde(default)]
    model: Option<String>,
    content: Vec<Block>,
    #[serde(default)]
    stop_reason: Option<String>,
    #[serde(default)]
    usage: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: String,
    },
    ToolUse {
        id: String,
        name: String,
        input: Value,
    },
    /// Thoughts are no part of an answer.
    Thinking {},
    RedactedThinking {},
}

/// What a document says.
pub(super) fn spoken(client: &Client<'_>, body: &str) -> Result<Spoken, ModelError> {
    let malformed = |problem: String| client.malformed(problem);
    let document: Document =
        serde_json::from_str(body).map_err(|error| malformed(error.to_string()))?;
    let mut text = String::new();
    let mut wishes = Vec::new();
    for block in document.content {
        match block {
            Block::Text { text: more } => text += &more,
            Block::ToolUse { id, name, input } => wishes.push(Wish {
                id: Some(id),
                name,
                arguments: input,
            }),
            Block::Thinking {} | Block::RedactedThinking {} => {}
        }
    }
    Ok(Spoken {
        model: document.model,
        text,
        refusal: None,
        wishes,
        finish: document.stop_reason.map(finish),
        counted: counted(document.usage.as_ref()).map_err(malformed)?,
    })
}

fn finish(reason: String) -> String {
    match &*reason {
        "end_turn" | "stop_sequence" => "stop".to_owned(),
        "max_tokens" | "model_context_window_exceeded" => "length".to_owned(),
        "tool_use" => "tool_calls".to_owned(),
        "refusal" => "content_filter".to_owned(),
        _ => reason,
    }
}

/// Its count of a question leaves out what was kept or is kept now.
fn counted(usage: Option<&Value>) -> Result<Option<Counted>, String> {
    let count = |place: &str| count(usage, place);
    let (Some(fresh), Some(output)) = (count("/input_tokens")?, count("/output_tokens")?) else {
        return Ok(None);
    };
    let cached = count("/cache_read_input_tokens")?.unwrap_or(0);
    let written = count("/cache_creation_input_tokens")?.unwrap_or(0);
    Ok(Some(Counted {
        input: fresh.saturating_add(written).saturating_add(cached),
        cached,
        output,
    }))
}
