//! Chat completions as `OpenAI` and most servers have them.

use fondaco_app::ports::model::{Capabilities, Message, ModelError, ModelRequest, ToolCall};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Client;
use super::reading::{Counted, Spoken, Wish, count};

/// A question on the wire: only what the model can do is in it.
pub(super) fn question(client: &Client<'_>, request: &ModelRequest) -> Value {
    let can = client.capabilities;
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

fn messages(can: Capabilities, request: &ModelRequest) -> Value {
    let system = json!({ "role": "system", "content": super::system(request, can.schema) });
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
    message: Said,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Said {
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    refusal: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<Called>>,
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
struct Called {
    #[serde(default)]
    id: Option<String>,
    function: Function,
}

#[derive(Debug, Deserialize)]
struct Function {
    name: String,
    arguments: Value,
}

/// What a document says.
pub(super) fn spoken(client: &Client<'_>, body: &str) -> Result<Spoken, ModelError> {
    let malformed = |problem: String| client.malformed(problem);
    let document: Document =
        serde_json::from_str(body).map_err(|error| malformed(error.to_string()))?;
    // Go-betweens report failures of others with status 200.
    if document
        .error
        .as_ref()
        .is_some_and(|error| !error.is_null())
    {
        return Err(client.failed(body));
    }
    let [choice] = <[Choice; 1]>::try_from(document.choices)
        .map_err(|choices| malformed(format!("it has {} answers", choices.len())))?;
    let Choice {
        message,
        finish_reason,
    } = choice;
    let text = message.content.map_or(Ok(String::new()), Content::text);
    let wishes = message.tool_calls.unwrap_or_default().into_iter();
    Ok(Spoken {
        model: document.model,
        text: text.map_err(malformed)?,
        refusal: message.refusal.filter(|refusal| !refusal.is_empty()),
        wishes: wishes.map(Called::wish).collect(),
        finish: finish_reason,
        counted: counted(document.usage.as_ref()).map_err(malformed)?,
    })
}

impl Called {
    fn wish(self) -> Wish {
        Wish {
            id: self.id,
            name: self.function.name,
            arguments: self.function.arguments,
        }
    }
}

fn counted(usage: Option<&Value>) -> Result<Option<Counted>, String> {
    let count = |place: &str| count(usage, place);
    let (Some(input), Some(answer)) = (count("/prompt_tokens")?, count("/completion_tokens")?)
    else {
        return Ok(None);
    };
    let cached = match count("/prompt_tokens_details/cached_tokens")? {
        Some(cached) => Some(cached),
        None => count("/prompt_cache_hit_tokens")?,
    };
    // Some count thoughts in the sum only.
    let total = count("/total_tokens")?.unwrap_or(0);
    Ok(Some(Counted {
        input,
        cached: cached.unwrap_or(0),
        output: answer.max(total.saturating_sub(input)),
    }))
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
