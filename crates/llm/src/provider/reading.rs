//! What a model said, in one form for all protocols, and what of it can be.

use fondaco_app::ports::model::{
    Completion, Finish, Message, ModelError, ModelRequest, ToolCall, Usage,
};
use serde_json::{Value, json};

use super::Client;
use crate::price::most;

/// What a document says.
pub(super) struct Spoken {
    /// As it calls itself.
    pub(super) model: Option<String>,
    pub(super) text: String,
    pub(super) refusal: Option<String>,
    pub(super) wishes: Vec<Wish>,
    /// Why it ended: `stop`, `length`, `tool_calls` or `content_filter`, or
    /// another word of the provider's.
    pub(super) finish: Option<String>,
    /// Tokens; none where it says nothing of them.
    pub(super) counted: Option<Counted>,
}

/// A wish for a tool.
pub(super) struct Wish {
    pub(super) id: Option<String>,
    pub(super) name: String,
    /// An object, or one as a text.
    pub(super) arguments: Value,
}

/// Tokens as the provider counts them.
pub(super) struct Counted {
    pub(super) input: u64,
    pub(super) cached: u64,
    pub(super) output: u64,
}

/// An answer, unless something about it cannot be.
pub(super) fn completion(
    client: &Client<'_>,
    request: &ModelRequest,
    mut spoken: Spoken,
) -> Result<Completion, ModelError> {
    let malformed = |problem| client.malformed(problem);
    let model = spoken.model.take();
    let counted = spoken.counted.take();
    let usage = usage(counted.as_ref(), request, client.paid).map_err(malformed)?;
    let (text, calls, finish) = outcome(spoken, request).map_err(malformed)?;
    Ok(Completion {
        text,
        calls,
        finish,
        usage,
        model: model.unwrap_or_else(|| client.model.clone()),
    })
}

fn outcome(
    spoken: Spoken,
    request: &ModelRequest,
) -> Result<(String, Vec<ToolCall>, Finish), String> {
    if let Some(refusal) = spoken.refusal {
        return Ok((refusal, Vec::new(), Finish::Refused));
    }
    let wishes = spoken.wishes;
    let finish = match spoken.finish.as_deref() {
        // Wishes that were cut off are none.
        Some("length") => return Ok((spoken.text, Vec::new(), Finish::Length)),
        Some("content_filter") => return Ok((spoken.text, Vec::new(), Finish::Refused)),
        // Some say `stop` beside wishes.
        Some("stop" | "tool_calls" | "function_call") if !wishes.is_empty() => Finish::Tools,
        Some("tool_calls" | "function_call") => {
            return Err("it ends with wishes for tools and has none".to_owned());
        }
        Some("stop") => Finish::Stop,
        Some(other) => return Err(format!("it ended for `{other}`")),
        None => return Err("it does not say why it ended".to_owned()),
    };
    if finish == Finish::Stop && spoken.text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok((spoken.text, calls(wishes, request)?, finish))
}

fn calls(wishes: Vec<Wish>, request: &ModelRequest) -> Result<Vec<ToolCall>, String> {
    let mut calls: Vec<ToolCall> = Vec::new();
    let before = wished_before(request);
    for wish in wishes {
        let id = wish.id.filter(|id| !id.is_empty());
        let id = id.unwrap_or_else(|| format!("call-{}", before + calls.len()));
        if calls.iter().any(|call| call.id == id) {
            return Err(format!("it has two wishes `{id}`"));
        }
        let name = wish.name;
        let arguments = match wish.arguments {
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

/// Wishes of the conversation so far: those without a name of their own are
/// numbered after them.
fn wished_before(request: &ModelRequest) -> usize {
    let wishes = request.messages.iter().map(|message| match message {
        Message::Assistant { calls, .. } => calls.len(),
        _ => 0,
    });
    wishes.sum()
}

/// What it took, as far as it can be. A model that is paid for must say it.
fn usage(counted: Option<&Counted>, request: &ModelRequest, paid: bool) -> Result<Usage, String> {
    let Some(&Counted {
        input,
        cached,
        output,
    }) = counted
    else {
        if paid {
            return Err("it does not say how many tokens it took".to_owned());
        }
        return Ok(Usage::default());
    };
    let most = most(request);
    if cached > input || input > most.input || output > most.output {
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

/// A count of tokens at a place; none where there is none.
pub(super) fn count(told: Option<&Value>, place: &str) -> Result<Option<u64>, String> {
    match told.and_then(|told| told.pointer(place)) {
        None | Some(Value::Null) => Ok(None),
        Some(count) => count
            .as_u64()
            .map(Some)
            .ok_or_else(|| format!("its usage{place} is {count}")),
    }
}
