//! Providers over the network.
//!
//! Questions are not streamed: an answer is used whole or not at all, so that
//! a stream that stalls, drips or repeats itself is a call that took too long
//! or cannot be read. The time of a call counts to its last byte.
//!
//! Each protocol is a file that writes a question and reads what was said;
//! [`reading`] decides for all of them what of it can be.

mod anthropic;
mod failure;
mod gemini;
mod openai;
mod reading;
mod secret;
mod wire;

use std::sync::Arc;

use fondaco_app::ports::model::{
    CallContext, Capabilities, Completion, Model, ModelError, ModelRequest,
};
use reqwest::Url;

pub(crate) use secret::Secret;
use wire::Sent;
pub(crate) use wire::Wire;

use crate::catalog::{Protocol, Provider};
use crate::patience::Patience;

/// One model of a provider.
pub(crate) struct Client<'a> {
    pub(crate) wire: &'a Wire,
    pub(crate) provider: &'a Provider,
    /// Its name there.
    pub(crate) model: String,
    pub(crate) capabilities: Capabilities,
    /// Whether it is paid for: then it must say what it took.
    pub(crate) paid: bool,
    pub(crate) key: Option<Arc<Secret>>,
}

impl Model for Client<'_> {
    fn complete(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        let patience = Patience::of(context);
        patience.check(&self.provider.name)?;
        let sent = self.sent(request)?;
        let answer = self.wire.post(&self.provider.name, sent, &patience)?;
        if answer.status != 200 {
            let name = &self.provider.name;
            return Err(failure::of_status(name, &request.model, &answer));
        }
        let spoken = match self.provider.protocol {
            Protocol::OpenAi => openai::spoken(self, &answer.body),
            Protocol::Anthropic => anthropic::spoken(self, &answer.body),
            Protocol::Gemini => gemini::spoken(self, &answer.body),
        };
        reading::completion(self, request, spoken?)
    }
}

impl Client<'_> {
    fn sent(&self, request: &ModelRequest) -> Result<Sent<'_>, ModelError> {
        let key = self.key.as_deref();
        Ok(match self.provider.protocol {
            Protocol::OpenAi => Sent {
                url: self.url("chat/completions")?,
                key: key.map(|key| ("authorization", "Bearer ", key)),
                header: None,
                question: openai::question(self, request),
            },
            Protocol::Anthropic => Sent {
                url: self.url("messages")?,
                key: key.map(|key| ("x-api-key", "", key)),
                header: Some(("anthropic-version", anthropic::VERSION)),
                question: anthropic::question(self, request),
            },
            Protocol::Gemini => Sent {
                url: self.url(&format!("models/{}:generateContent", self.model))?,
                key: key.map(|key| ("x-goog-api-key", "", key)),
                header: None,
                question: gemini::question(self, request),
            },
        })
    }

    fn url(&self, path: &str) -> Result<Url, ModelError> {
        // A name that cannot stand in an address is none of theirs.
        let joined = self.provider.url.join(path);
        joined.map_err(|_| ModelError::Unknown(format!("{}/{}", self.provider.name, self.model)))
    }

    fn malformed(&self, problem: String) -> ModelError {
        ModelError::Malformed {
            provider: self.provider.name.clone(),
            problem,
        }
    }

    /// A failure that came as an answer.
    fn failed(&self, body: &str) -> ModelError {
        ModelError::Failed {
            provider: self.provider.name.clone(),
            status: 200,
            source: failure::said(body).into(),
        }
    }
}

/// What comes first. A model that keeps no form by itself is told it in words.
fn system(request: &ModelRequest, keeps_form: bool) -> String {
    match &request.schema {
        Some(schema) if !keeps_form => format!(
            "{}\n\nWhen you answer, answer with one JSON document and nothing else. It fits this \
             JSON Schema:\n{schema}",
            request.system
        ),
        _ => request.system.clone(),
    }
}
