//! One node asks its model: tools are served, the answer is read in its form,
//! and what is no answer is typed as such. Whose node it is, is not known here.

use std::time::Duration;

use fondaco_contract::v1alpha1::analysis::{CallRecord, CallTokens, Degraded, Read};
use fondaco_domain::Symbol;
use fondaco_domain::signal::ReasonCode;
use serde_json::Value;

use super::form::{self, Form};
use super::prompts::{Prompt, completed, envelope};
use super::unanswered::{Unanswered, of_model};
use crate::ports::machine::Machine;
use crate::ports::model::{
    CallContext, Capabilities, Completion, Finish, Message, Model, ModelError, ModelRequest,
    Models, Seat, ToolCall,
};
use crate::tools::{Scope, ToolError, Toolbox};

/// What every node is asked with.
pub(crate) struct Desk<'a> {
    pub(crate) models: &'a dyn Models,
    pub(crate) tools: &'a Toolbox,
    pub(crate) machine: &'a dyn Machine,
    /// Whether nobody wants the answer any more.
    pub(crate) stopped: &'a (dyn Fn() -> bool + Sync),
}

/// A question and its limits.
pub(crate) struct Question<'a> {
    pub(crate) seat: Seat<'a>,
    /// What the tools are asked about for a model that cannot ask them itself.
    pub(crate) about: &'a [Symbol],
    pub(crate) prompt: Prompt,
    pub(crate) scope: &'a Scope,
    pub(crate) limits: Limits,
}

/// How much there may be of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Tokens of one answer at most.
    pub(crate) max_tokens: u32,
    /// Answers with wishes for tools at most.
    pub(crate) tool_turns: u32,
    /// In thousandths; the provider's own where none is given.
    pub(crate) temperature_milli: Option<u32>,
    /// For providers that take one.
    pub(crate) seed: Option<u32>,
    /// For all answers together.
    pub(crate) time: Duration,
}

/// How an answer is read.
pub(crate) trait Reader {
    /// What it is read as.
    type Answer;

    /// Reads a document that fits the form; else what is wrong with it, which
    /// is said to the model.
    fn read(&self, document: &Value) -> Result<Self::Answer, String>;

    /// Reads a text that is no document in its form, after the model was told
    /// so once.
    fn plain(&self, _text: &str) -> Option<Self::Answer> {
        None
    }

    /// What is lost where nothing can be read.
    fn lane(&self) -> Option<ReasonCode> {
        None
    }
}

/// What came of it.
pub(crate) struct Told<A> {
    pub(crate) answer: Result<A, Degraded>,
    pub(crate) read: Vec<Read>,
    pub(crate) calls: Vec<CallRecord>,
}

/// Asks. Nothing is given back where nobody wants it any more.
pub(crate) fn ask<R: Reader>(
    desk: &Desk<'_>,
    question: &Question<'_>,
    reader: &R,
) -> Option<Told<R::Answer>> {
    let opened = desk
        .models
        .capabilities(question.seat.model)
        .and_then(|can| Ok((can, desk.models.open(&question.seat)?)));
    let (can, model) = match opened {
        Ok(opened) => opened,
        Err(error) => return Told::of(Err(of_model(&error)), Vec::new(), Vec::new()),
    };
    let mut talk = Talk {
        desk,
        question,
        reader,
        model: &*model,
        can,
        started: desk.machine.monotonic(),
        messages: Vec::new(),
        read: Vec::new(),
        calls: Vec::new(),
    };
    let answer = talk.hold();
    Told::of(answer, talk.read, talk.calls)
}

impl<A> Told<A> {
    fn of(answer: Result<A, Unanswered>, read: Vec<Read>, calls: Vec<CallRecord>) -> Option<Self> {
        let answer = match answer {
            Ok(answer) => Ok(answer),
            Err(Unanswered::Degraded(degraded)) => Err(degraded),
            Err(Unanswered::Stopped) => return None,
        };
        Some(Self {
            answer,
            read,
            calls,
        })
    }
}

/// A conversation under way.
struct Talk<'a, R> {
    desk: &'a Desk<'a>,
    question: &'a Question<'a>,
    reader: &'a R,
    model: &'a dyn Model,
    can: Capabilities,
    started: Duration,
    messages: Vec<Message>,
    read: Vec<Read>,
    calls: Vec<CallRecord>,
}

impl<R: Reader> Talk<'_, R> {
    fn hold(&mut self) -> Result<R::Answer, Unanswered> {
        let form = Form::of(&self.question.prompt.schema).map_err(|it| Unanswered::form(&it))?;
        let opening = self.opening()?;
        self.messages.push(Message::User { text: opening });
        let mut turns_left = self.question.limits.tool_turns;
        let mut repaired = false;
        loop {
            let completion = self.call(turns_left > 0)?;
            match completion.finish {
                Finish::Refused => return Err(Unanswered::refused(&completion.text)),
                Finish::Length => {
                    return Err(Unanswered::too_long(self.question.limits.max_tokens));
                }
                Finish::Stop | Finish::Tools => {}
            }
            if !completion.calls.is_empty() {
                if turns_left == 0 {
                    return Err(Unanswered::tool_turns(self.question.limits.tool_turns));
                }
                turns_left -= 1;
                self.serve(completion)?;
                continue;
            }
            match self.read_answer(&form, &completion.text) {
                Ok(answer) => return Ok(answer),
                Err(problem) if repaired => return self.last_resort(&completion.text, problem),
                Err(problem) => {
                    repaired = true;
                    self.ask_again(completion.text, &problem);
                }
            }
        }
    }

    /// The prompt; for a model that cannot call tools, with what they say of
    /// the plainest calls.
    fn opening(&mut self) -> Result<String, Unanswered> {
        let prompt = &self.question.prompt;
        if self.can.tools || prompt.tools.is_empty() {
            return Ok(prompt.user.clone());
        }
        let mut text = prompt.user.clone();
        for symbol in self.question.about {
            for tool in prompt.tools {
                let arguments = serde_json::json!({ "symbol": symbol });
                let said = self.tool(tool, &arguments)?;
                text.push_str("\n\n");
                text.push_str(&envelope::tool(tool, &said));
            }
        }
        Ok(text)
    }

    fn call(&mut self, tools: bool) -> Result<Completion, Unanswered> {
        let request = self.request(tools);
        let spent = self.elapsed();
        let left = self.question.limits.time.saturating_sub(spent);
        if left.is_zero() {
            return Err(Unanswered::timeout(self.question.limits.time));
        }
        let ordinal = self.calls.len() as u32;
        let answer = self.model.complete(
            &request,
            &CallContext {
                node: self.question.seat.node,
                ordinal,
                deadline: left,
                stopped: self.desk.stopped,
            },
        );
        let took = self.elapsed().saturating_sub(spent);
        self.calls
            .push(self.record(ordinal, &request, &answer, took));
        answer.map_err(|error| of_model(&error))
    }

    fn request(&self, tools: bool) -> ModelRequest {
        let Question { limits, prompt, .. } = self.question;
        let tools = if tools && self.can.tools && !prompt.tools.is_empty() {
            self.desk.tools.specs(Some(prompt.tools))
        } else {
            Vec::new()
        };
        ModelRequest {
            model: self.question.seat.model.to_owned(),
            system: prompt.system.clone(),
            messages: self.messages.clone(),
            tools,
            schema: self.can.schema.then(|| prompt.schema.clone()),
            max_tokens: limits.max_tokens,
            temperature_milli: limits.temperature_milli.filter(|_| self.can.temperature),
            seed: limits.seed.filter(|_| self.can.seed),
        }
    }

    fn record(
        &self,
        ordinal: u32,
        request: &ModelRequest,
        answer: &Result<Completion, ModelError>,
        took: Duration,
    ) -> CallRecord {
        let usage = answer
            .as_ref()
            .map(|answer| answer.usage)
            .unwrap_or_default();
        CallRecord {
            ordinal,
            request: to_json(request),
            completion: answer.as_ref().ok().map(to_json),
            error: answer.as_ref().err().map(ToString::to_string),
            tokens: CallTokens {
                input: usage.input,
                cached: usage.cached,
                output: usage.output,
            },
            cost_nano: self.desk.models.cost(self.question.seat.model, usage).0,
            took_micros: took.as_micros() as u64,
        }
    }

    /// Serves what the model wants to know, in the order in which it asked.
    fn serve(&mut self, completion: Completion) -> Result<(), Unanswered> {
        let wishes = completion.calls.clone();
        self.messages.push(Message::Assistant {
            text: completion.text,
            calls: completion.calls,
        });
        for ToolCall {
            id,
            name,
            arguments,
        } in wishes
        {
            // A node has the tools of its prompt and no others.
            let text = if self.question.prompt.tools.contains(&name.as_str()) {
                self.tool(&name, &arguments)?
            } else {
                format!("there is no tool `{name}` for you")
            };
            self.messages.push(Message::Tool { call: id, text });
        }
        Ok(())
    }

    fn tool(&mut self, name: &str, arguments: &Value) -> Result<String, Unanswered> {
        match self.desk.tools.call(name, arguments, self.question.scope) {
            Ok(answer) => {
                self.read.extend(answer.read);
                Ok(answer.text)
            }
            Err(error @ (ToolError::Unknown { .. } | ToolError::Arguments { .. })) => {
                Ok(error.to_string())
            }
            Err(ToolError::Source { tool, source }) => Err(Unanswered::source(&tool, &source)),
        }
    }

    fn read_answer(&self, form: &Form, text: &str) -> Result<R::Answer, String> {
        let document = completed(&self.question.prompt.schema, form::document(text)?);
        form.check(&document)?;
        self.reader.read(&document)
    }

    fn ask_again(&mut self, text: String, problem: &str) {
        self.messages.push(Message::Assistant {
            text,
            calls: Vec::new(),
        });
        self.messages.push(Message::User {
            text: format!(
                "Your answer cannot be used: {problem}. Answer again, with the JSON document only."
            ),
        });
    }

    fn last_resort(&self, text: &str, problem: String) -> Result<R::Answer, Unanswered> {
        let plain = self.reader.plain(text);
        plain.ok_or_else(|| Unanswered::malformed(self.reader.lane(), problem))
    }

    fn elapsed(&self) -> Duration {
        self.desk.machine.monotonic().saturating_sub(self.started)
    }
}

fn to_json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("questions and answers always serialise")
}
