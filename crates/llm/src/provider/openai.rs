//! Chat completions as `OpenAI` and most servers have them.

use fondaco_app::ports::model::{
    Capabilities, Completion, Finish, Message, ModelError, ModelRequest, ToolCall, Usage,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Client;
use super::failure::said;
use crate::price::most;

/// A question on the wire: only what the model can do is in it.
pub(super) fn question(client: &Client<'_>, request: &ModelRequest) -> Value {
    let can = &client.capabilities;
    let mut question = Map::new();
    let mut add = |name: &str, value: Value| question.insert(name.to_owned(), value);
    add("model", json!(client.model));
    add("messages", messages(can, request));
    // Its newer models refuse the name that all others have.
    let limit = if client.provider.name == "openai" {
        "max_completion_tokens"
    } else {
        "max_tokens"
    };
    add(limit, json!(request.max_tokens));
    add("stream", json!(false));
    if let Some(milli) = request.temperature_milli.filter(|_| can.temperature) {
        add("temperature", json!(f64::from(milli) / 1_000.0));
    }
    if let Some(seed) = request.seed.filter(|_| can.seed) {
        add("seed", json!(seed));
    }
    if can.tools && !request.tools.is_empty() {
        let tools = request.tools.iter().map(|tool| {
            json!({
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            })
        });
        add("tools", tools.collect());
    }
    if let Some(schema) = request.schema.as_ref().filter(|_| can.schema) {
        add(
            "response_format",
            json!({
                "type": "json_schema",
                "json_schema": {
                    "name": "answer",
                    "strict": is_strict(schema),
                    "schema": schema,
                },
            }),
        );
    }
    Value::Object(question)
}

fn messages(can: &Capabilities, request: &ModelRequest) -> Value {
    let system = json!({ "role": "system", "content": system(can, request) });
    let said = request.messages.iter().map(|message| match message {
        Message::User { text } => json!({ "role": "user", "content": text }),
        Message::Tool { call, text } => {
            json!({ "role": "tool", "tool_call_id": call, "content": text })
        }
        Message::Assistant { text, calls } if calls.is_empty() => {
            json!({ "role": "assistant", "content": text })
        }
        Message::Assistant { text, calls } => json!({
            "role": "assistant",
            "content": if text.is_empty() { Value::Null } else { json!(text) },
            "tool_calls": calls.iter().map(wish).collect::<Vec<_>>(),
        }),
    });
    std::iter::once(system).chain(said).collect()
}

/// A model that keeps no form by itself is told it in words.
pub(super) fn system(can: &Capabilities, request: &ModelRequest) -> String {
    match &request.schema {
        Some(schema) if !can.schema => format!(
            "{}\n\nWhen you answer, answer with one JSON document and nothing else. It fits this \
             JSON Schema:\n{schema}",
            request.system
        ),
        _ => request.system.clone(),
    }
}

fn wish(call: &ToolCall) -> Value {
    json!({
        "id": call.id,
        "type": "function",
        "function": { "name": call.name, "arguments": call.arguments.to_string() },
    })
}

/// Whether a provider can hold a model to every word of it: all objects are
/// closed, and all that they may have they must have.
fn is_strict(schema: &Value) -> bool {
    match schema {
        Value::Object(parts) => {
            let closed = match parts.get("properties") {
                Some(Value::Object(properties)) => {
                    let required = parts.get("required").and_then(Value::as_array);
                    let is_required = |name: &String| {
                        required.is_some_and(|required| required.iter().any(|one| one == name))
                    };
                    parts.get("additionalProperties") == Some(&Value::Bool(false))
                        && properties.keys().all(is_required)
                }
                _ => true,
            };
            closed && parts.values().all(is_strict)
        }
        Value::Array(parts) => parts.iter().all(is_strict),
        _ => true,
    }
}

#[derive(Debug, Deserialize)]
struct Document {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Value>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    message: Answer,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    refusal: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<Wish>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
struct Part {
    r#type: String,
    #[serde(default)]
    text: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Wish {
    #[serde(default)]
    id: Option<String>,
    function: Function,
}

#[derive(Debug, Deserialize)]
struct Function {
    name: String,
    arguments: Value,
}

/// An answer, unless something about it cannot be.
pub(super) fn answer(
    client: &Client<'_>,
    request: &ModelRequest,
    body: &str,
) -> Result<Completion, ModelError> {
    let provider = &client.provider.name;
    let malformed = |problem: String| ModelError::Malformed {
        provider: provider.clone(),
        problem,
    };
    let document: Document =
        serde_json::from_str(body).map_err(|error| malformed(error.to_string()))?;
    // Go-betweens report failures of others with status 200.
    if document
        .error
        .as_ref()
        .is_some_and(|error| !error.is_null())
    {
        return Err(ModelError::Failed {
            provider: provider.clone(),
            status: 200,
            source: said(body).into(),
        });
    }
    let [choice] = <[Choice; 1]>::try_from(document.choices)
        .map_err(|choices| malformed(format!("it has {} answers", choices.len())))?;
    let usage = usage(document.usage.as_ref(), request, client.paid).map_err(malformed)?;
    let (text, calls, finish) = outcome(choice).map_err(malformed)?;
    Ok(Completion {
        text,
        calls,
        finish,
        usage,
        model: document.model.unwrap_or_else(|| client.model.clone()),
    })
}

fn outcome(choice: Choice) -> Result<(String, Vec<ToolCall>, Finish), String> {
    let Choice {
        message,
        finish_reason,
    } = choice;
    if let Some(refusal) = message.refusal.filter(|refusal| !refusal.is_empty()) {
        return Ok((refusal, Vec::new(), Finish::Refused));
    }
    let text = message.content.map_or(Ok(String::new()), Content::text)?;
    let calls = calls(message.tool_calls.unwrap_or_default())?;
    let finish = match finish_reason.as_deref() {
        Some("length") => Finish::Length,
        Some("content_filter") => Finish::Refused,
        // Some say `stop` beside wishes.
        Some("stop" | "tool_calls" | "function_call") if !calls.is_empty() => Finish::Tools,
        Some("tool_calls" | "function_call") => {
            return Err("it ends with wishes for tools and has none".to_owned());
        }
        Some("stop") => Finish::Stop,
        Some(other) => return Err(format!("it ended for `{other}`")),
        None => return Err("it does not say why it ended".to_owned()),
    };
    if finish == Finish::Stop && text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    // Wishes that were cut off are none.
    let calls = if finish == Finish::Tools {
        calls
    } else {
        Vec::new()
    };
    Ok((text, calls, finish))
}

impl Content {
    fn text(self) -> Result<String, String> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Parts(parts) => parts.into_iter().map(Part::text).collect(),
        }
    }
}

impl Part {
    /// Its words; thoughts are no part of an answer.
    fn text(self) -> Result<String, String> {
        match (&*self.r#type, self.text) {
            ("text" | "output_text", Some(text)) => Ok(text),
            ("thinking" | "reasoning", _) => Ok(String::new()),
            (other, _) => Err(format!("it has a part of type `{other}`")),
        }
    }
}

fn calls(wishes: Vec<Wish>) -> Result<Vec<ToolCall>, String> {
    let mut calls: Vec<ToolCall> = Vec::new();
    for (no, wish) in wishes.into_iter().enumerate() {
        let id = wish.id.filter(|id| !id.is_empty());
        let id = id.unwrap_or_else(|| format!("call-{no}"));
        if calls.iter().any(|call| call.id == id) {
            return Err(format!("it has two wishes `{id}`"));
        }
        let name = wish.function.name;
        let arguments = match wish.function.arguments {
            Value::String(text) if text.trim().is_empty() => json!({}),
            Value::String(text) => serde_json::from_str(&text)
                .map_err(|error| format!("the arguments of `{name}` are no JSON: {error}"))?,
            Value::Null => json!({}),
            arguments => arguments,
        };
        if !arguments.is_object() {
            return Err(format!("the arguments of `{name}` are no object"));
        }
        calls.push(ToolCall {
            id,
            name,
            arguments,
        });
    }
    Ok(calls)
}

/// What it took, as far as it can be. A model that is paid for must say it.
fn usage(told: Option<&Value>, request: &ModelRequest, paid: bool) -> Result<Usage, String> {
    let Some(told) = told.filter(|told| !told.is_null()) else {
        if paid {
            return Err("it does not say how many tokens it took".to_owned());
        }
        return Ok(Usage::default());
    };
    let count = |place: &str| match told.pointer(place) {
        None | Some(Value::Null) => Ok(None),
        Some(count) => count
            .as_u64()
            .map(Some)
            .ok_or_else(|| format!("its usage{place} is {count}")),
    };
    let (Some(input), Some(answer)) = (count("/prompt_tokens")?, count("/completion_tokens")?)
    else {
        return Err("it does not say how many tokens it took".to_owned());
    };
    let cached = match count("/prompt_tokens_details/cached_tokens")? {
        Some(cached) => Some(cached),
        None => count("/prompt_cache_hit_tokens")?,
    };
    let cached = cached.unwrap_or(0);
    // Some count thoughts in the sum only.
    let total = count("/total_tokens")?.unwrap_or(0);
    let output = answer.max(total.saturating_sub(input));
    let most = most(request);
    if cached > input || input > most.input || output > most.output.max(1) {
        return Err(format!(
            "its usage cannot be: {input} tokens of the question, {cached} of them kept, {output} of \
             the answer"
        ));
    }
    Ok(Usage {
        input,
        cached,
        output,
    })
}
