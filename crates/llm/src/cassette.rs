//! Answers that are kept, and given again.

use std::sync::Arc;

use fondaco_app::ports::model::{CallContext, Completion, Model, ModelError, ModelRequest};

use crate::recording::{Recording, key};

/// What becomes of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// It is asked, and nothing is kept.
    Live,
    /// It is asked, and the answer is kept in place of the one there is.
    Record,
    /// It is answered as it was; what was never asked is asked, and kept.
    Replay,
    /// It is answered as it was; what was never asked is an error.
    ReplayOrFail,
}

impl Mode {
    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Record => "record",
            Self::Replay => "replay",
            Self::ReplayOrFail => "replay-or-fail",
        }
    }

    /// The mode of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Live, Self::Record, Self::Replay, Self::ReplayOrFail]
            .into_iter()
            .find(|mode| mode.as_str() == word)
    }
}

/// A model whose answers are kept, or given again.
#[derive(Debug)]
pub struct Cassette<M> {
    model: M,
    recording: Arc<Recording>,
    mode: Mode,
}

impl<M> Cassette<M> {
    /// Around a model.
    pub fn new(model: M, recording: &Arc<Recording>, mode: Mode) -> Self {
        Self {
            model,
            recording: Arc::clone(recording),
            mode,
        }
    }
}

impl<M: Model> Model for Cassette<M> {
    fn complete(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        if self.mode == Mode::Live {
            return self.model.complete(request, context);
        }
        let key = key(context.node, context.ordinal, request)?;
        if self.mode != Mode::Record {
            if let Some(completion) = self.recording.find(&key) {
                return Ok(completion);
            }
            if self.mode == Mode::ReplayOrFail {
                return Err(self.recording.missing(&key, request));
            }
        }
        let completion = self.model.complete(request, context)?;
        self.recording.keep(key, request, &completion)?;
        Ok(completion)
    }
}
