//! A model that says what it was told to say.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use fondaco_app::ports::model::{
    CallContext, Completion, Finish, Model, ModelError, ModelRequest, ToolCall, Usage,
};

/// One answer of a script.
pub type Step = Box<dyn Fn(&ModelRequest) -> Result<Completion, ModelError> + Send + Sync>;

/// Answers by node, each list from its start; the last answer of a node is
/// given again and again. A node without a script is an unknown model.
#[derive(Default)]
pub struct Scripted {
    steps: BTreeMap<String, Vec<Step>>,
    asked: Mutex<Vec<(String, ModelRequest)>>,
}

impl Scripted {
    /// With one more answer for a node.
    #[must_use]
    pub fn step(
        mut self,
        node: &str,
        step: impl Fn(&ModelRequest) -> Result<Completion, ModelError> + Send + Sync + 'static,
    ) -> Self {
        let steps = self.steps.entry(node.to_owned()).or_default();
        steps.push(Box::new(step));
        self
    }

    /// With one more answer in words for a node.
    #[must_use]
    pub fn says(self, node: &str, text: &str) -> Self {
        let text = text.to_owned();
        self.step(node, move |request| Ok(said(request, &text)))
    }

    /// With one more wish for a tool.
    #[must_use]
    pub fn calls(self, node: &str, call: ToolCall) -> Self {
        self.step(node, move |request| {
            Ok(Completion {
                calls: vec![call.clone()],
                finish: Finish::Tools,
                ..said(request, "")
            })
        })
    }

    /// All that was asked, in order, with who asked.
    pub fn asked(&self) -> Vec<(String, ModelRequest)> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }
}

/// An answer in words. A token is taken to be four bytes.
fn said(request: &ModelRequest, text: &str) -> Completion {
    let bytes = |text: &str| text.len() as u64;
    let question = serde_json::to_string(request).unwrap_or_default();
    Completion {
        text: text.to_owned(),
        calls: Vec::new(),
        finish: Finish::Stop,
        usage: Usage {
            input: bytes(&question).div_ceil(4),
            cached: 0,
            output: bytes(text).div_ceil(4),
        },
        model: request.model.clone(),
    }
}

impl Model for Scripted {
    fn complete(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        if (context.stopped)() {
            return Err(ModelError::Stopped);
        }
        let place = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let before = asked.iter().filter(|(node, _)| node == context.node);
            let place = before.count();
            asked.push((context.node.to_owned(), request.clone()));
            place
        };
        let steps = self.steps.get(context.node);
        let step = steps.and_then(|steps| steps.get(place).or(steps.last()));
        match step {
            Some(step) => step(request),
            None => Err(ModelError::Unknown(request.model.clone())),
        }
    }
}
