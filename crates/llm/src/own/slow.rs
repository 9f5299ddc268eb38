//! A model that thinks for a while: for tests and measurements.

use std::time::Duration;

use fondaco_app::ports::model::{CallContext, Completion, Model, ModelError, ModelRequest};

use crate::patience::Patience;

/// What a model answers, after a time.
#[derive(Debug, Clone)]
pub(crate) struct Slow<M> {
    /// Who answers.
    pub(crate) model: M,
    /// How long it thinks.
    pub(crate) delay: Duration,
}

impl<M: Model> Model for Slow<M> {
    fn complete(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        Patience::of(context).pause(self.delay, &request.model)?;
        self.model.complete(request, context)
    }
}
