//! A model for tests and measurements: it answers with the smallest document
//! that fits, after a time.

use std::time::Duration;

use fondaco_app::ports::model::{
    CallContext, Completion, Finish, Message, Model, ModelError, ModelRequest, ToolCall, Usage,
};
use serde_json::Value;

use super::mock_trader::whole_day;
use super::smallest;
use crate::patience::Patience;
use crate::session::Session;

/// `fondaco/scripted?delay_ms=50&tools=1`; `buys=2` plays whole days of a
/// simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Minimal {
    /// How long it thinks.
    pub delay: Duration,
    /// How often it wishes for a tool before it answers, where there are any.
    pub tools: usize,
    /// Orders of a day of trading, which it gives in one answer together with
    /// the end of the day.
    pub buys: usize,
}

impl Minimal {
    /// What stands after the `?`; nothing where it is something else.
    pub fn parse(options: &str) -> Option<Self> {
        let mut model = Self::default();
        for option in options.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=')?;
            match name {
                "delay_ms" => model.delay = Duration::from_millis(value.parse().ok()?),
                "tools" => model.tools = value.parse().ok()?,
                "buys" => model.buys = value.parse().ok()?,
                _ => return None,
            }
        }
        Some(model)
    }
}

impl Model for Minimal {
    fn complete(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        Patience::of(context).pause(self.delay, &request.model)?;
        if self.buys > 0
            && let Some(session) = Session::read(request)
        {
            let (text, calls) = whole_day(&session, self.buys);
            return Ok(said(request, text, calls));
        }
        let wished = request.messages.iter().filter(
            |message| matches!(message, Message::Assistant { calls, .. } if !calls.is_empty()),
        );
        let wished = wished.count();
        if wished < self.tools && !request.tools.is_empty() {
            return Ok(wish(request, wished));
        }
        Ok(said(request, answer(request.schema.as_ref()), Vec::new()))
    }
}

fn answer(schema: Option<&Value>) -> String {
    schema.map_or_else(
        || "scripted".to_owned(),
        |schema| smallest(schema).to_string(),
    )
}

fn wish(request: &ModelRequest, no: usize) -> Completion {
    let tool = &request.tools[no % request.tools.len()];
    let call = ToolCall {
        id: format!("call-{no}"),
        name: tool.name.clone(),
        arguments: smallest(&tool.parameters),
    };
    said(request, String::new(), vec![call])
}

/// A token is taken to be four bytes.
pub(super) fn said(request: &ModelRequest, text: String, calls: Vec<ToolCall>) -> Completion {
    let question = serde_json::to_vec(request).map_or(0, |bytes| bytes.len() as u64);
    Completion {
        finish: if calls.is_empty() {
            Finish::Stop
        } else {
            Finish::Tools
        },
        usage: Usage {
            input: question.div_ceil(4),
            cached: 0,
            output: (text.len() as u64).div_ceil(4).max(1),
        },
        text,
        calls,
        model: request.model.clone(),
    }
}
