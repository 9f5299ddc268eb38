//! Providers over the network.
//!
//! Questions are not streamed: an answer is used whole or not at all, so that
//! a stream that stalls, drips or repeats itself is a call that took too long
//! or cannot be read. The time of a call counts to its last byte.

mod failure;
mod openai;
mod secret;
mod wire;

use std::sync::Arc;

use fondaco_app::ports::model::{
    CallContext, Capabilities, Completion, Model, ModelError, ModelRequest,
};

pub(crate) use secret::Secret;
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
        match self.provider.protocol {
            Protocol::OpenAi => self.chat(request, &patience),
            Protocol::Anthropic | Protocol::Gemini => Err(ModelError::Unknown(self.model.clone())),
        }
    }
}

impl Client<'_> {
    fn chat(
        &self,
        request: &ModelRequest,
        patience: &Patience<'_>,
    ) -> Result<Completion, ModelError> {
        let name = &*self.provider.name;
        let question = openai::question(self, request);
        let url = self.provider.url.join("chat/completions");
        let url = url.map_err(|source| ModelError::Unreachable {
            provider: name.to_owned(),
            sent: false,
            source: source.into(),
        })?;
        let key = self.key.as_deref();
        let answer = self.wire.post(name, url, key, &question, patience)?;
        if answer.status == 200 {
            return openai::answer(self, request, &answer.body);
        }
        Err(failure::of_status(name, &request.model, &answer))
    }
}
