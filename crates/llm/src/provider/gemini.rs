//! Contents as Gemini has them.

use std::collections::BTreeMap;

use fondaco_app::ports::model::{Message, ModelError, ModelRequest};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Client;
use super::reading::{Counted, Spoken, Wish, count};

/// A question on the wire. Beside tools it takes no form: then that is told in
/// words.
pub(super) fn question(client: &Client<'_>, request: &ModelRequest) -> Value {
    let can = &client.capabilities;
    let tools = can.tools && !request.tools.is_empty();
    let schema = request.schema.as_ref().filter(|_| can.schema && !tools);
    let mut settings = Map::new();
    let mut set = |name: &str, value: Value| settings.insert(name.to_owned(), value);
    set("maxOutputTokens", json!(request.max_tokens));
    if let Some(milli) = request.temperature_milli.filter(|_| can.temperature) {
        set("temperature", json!(f64::from(milli) / 1_000.0));
    }
    if let Some(seed) = request.seed.filter(|_| can.seed) {
        set("seed", json!(seed));
    }
    if let Some(schema) = schema {
        set("responseMimeType", json!("application/json"));
        set("responseJsonSchema", schema.clone());
    }
    let system = super::system(request, schema.is_some());
    let mut question = Map::new();
    let mut add = |name: &str, value: Value| question.insert(name.to_owned(), value);
    add(
        "systemInstruction",
        json!({ "parts": [{ "text": system }] }),
    );
    add("contents", contents(request));
    if tools {
        let tools = request.tools.iter().map(|tool| {
            json!({
                "name": tool.name,
                "description": tool.description,
                "parametersJsonSchema": tool.parameters,
            })
        });
        let tools: Vec<Value> = tools.collect();
        add("tools", json!([{ "functionDeclarations": tools }]));
    }
    add("generationConfig", Value::Object(settings));
    Value::Object(question)
}

fn contents(request: &ModelRequest) -> Value {
    // Answers name the tool, not the wish.
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in &request.messages {
        let (role, parts) = match message {
            Message::User { text } => ("user", vec![json!({ "text": text })]),
            Message::Tool { call, text } => {
                let name = names.get(&**call).copied().unwrap_or(call);
                let response = json!({ "name": name, "response": { "result": text } });
                ("user", vec![json!({ "functionResponse": response })])
            }
            Message::Assistant { text, calls } => {
                names.extend(calls.iter().map(|call| (&*call.id, &*call.name)));
                let said = (!text.is_empty()).then(|| json!({ "text": text }));
                let wishes = calls.iter().map(
                    |call| json!({ "functionCall": { "name": call.name, "args": call.arguments } }),
                );
                ("model", said.into_iter().chain(wishes).collect())
            }
        };
        match turns.last_mut() {
            Some((last, before)) if *last == role => before.extend(parts),
            _ => turns.push((role, parts)),
        }
    }
    let turns = turns.into_iter();
    turns
        .map(|(role, parts)| json!({ "role": role, "parts": parts }))
        .collect()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    model_version: Option<String>,
    #[serde(default)]
    candidates: Vec<Candidate>,
    #[serde(default)]
    prompt_feedback: Option<Feedback>,
    #[serde(default)]
    usage_metadata: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    #[serde(default)]
    block_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Candidate {
    content: Content,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Content {
    parts: Vec<Part>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Part {
    text: Option<String>,
    thought: bool,
    function_call: Option<Called>,
}

#[derive(Debug, Deserialize)]
struct Called {
    #[serde(default)]
    id: Option<String>,
    name: String,
    #[serde(default)]
    args: Value,
}

/// What a document says.
pub(super) fn spoken(client: &Client<'_>, body: &str) -> Result<Spoken, ModelError> {
    let malformed = |problem: String| client.malformed(problem);
    let document: Document =
        serde_json::from_str(body).map_err(|error| malformed(error.to_string()))?;
    let blocked = document.prompt_feedback.and_then(|said| said.block_reason);
    let counted = counted(document.usage_metadata.as_ref()).map_err(malformed)?;
    let mut candidates = document.candidates;
    if let (true, Some(reason)) = (candidates.is_empty(), blocked) {
        candidates.push(Candidate {
            finish_reason: Some(reason),
            ..Candidate::default()
        });
    }
    let [candidate] = <[Candidate; 1]>::try_from(candidates)
        .map_err(|candidates| malformed(format!("it has {} answers", candidates.len())))?;
    let mut text = String::new();
    let mut wishes = Vec::new();
    for part in candidate
        .content
        .parts
        .into_iter()
        .filter(|part| !part.thought)
    {
        text += &part.text.unwrap_or_default();
        wishes.extend(part.function_call.map(Called::wish));
    }
    Ok(Spoken {
        model: document.model_version,
        text,
        refusal: None,
        wishes,
        finish: candidate.finish_reason.map(finish),
        counted,
    })
}

impl Called {
    fn wish(self) -> Wish {
        Wish {
            id: self.id,
            name: self.name,
            arguments: self.args,
        }
    }
}

fn finish(reason: String) -> String {
    match &*reason {
        "STOP" => "stop".to_owned(),
        "MAX_TOKENS" => "length".to_owned(),
        "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "LANGUAGE" => {
            "content_filter".to_owned()
        }
        _ => reason,
    }
}

/// Thoughts are paid for as the answer is.
fn counted(usage: Option<&Value>) -> Result<Option<Counted>, String> {
    let count = |place: &str| count(usage, place);
    let Some(input) = count("/promptTokenCount")? else {
        return Ok(None);
    };
    let answer = count("/candidatesTokenCount")?.unwrap_or(0);
    let thoughts = count("/thoughtsTokenCount")?.unwrap_or(0);
    let total = count("/totalTokenCount")?.unwrap_or(0);
    Ok(Some(Counted {
        input,
        cached: count("/cachedContentTokenCount")?.unwrap_or(0),
        output: answer
            .saturating_add(thoughts)
            .max(total.saturating_sub(input)),
    }))
}
