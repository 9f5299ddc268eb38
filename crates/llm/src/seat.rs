//! A model as one node asks it: answers it got before are given again, others
//! are waited for, paid for, asked for again where that may help, and kept.

use std::sync::Arc;
use std::time::Duration;

use fondaco_app::ports::model::{CallContext, Completion, Model, ModelError, ModelRequest};
use fondaco_app::spending::{Ledger, Reserved, SpendingError};

use crate::gate::Gate;
use crate::patience::Patience;
use crate::price::Price;
use crate::recording::{Key, Recording, key};

/// How often and how far apart a question is asked that may be answered with
/// the next try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// How often in all; at least once.
    pub attempts: u32,
    /// The first wait; each next is twice as long.
    pub first: Duration,
    /// The longest, unless the provider asks for more.
    pub longest: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            attempts: 3,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(8),
        }
    }
}

/// A model at a seat.
pub(crate) struct Seated<'a> {
    pub(crate) provider: &'a str,
    pub(crate) model: Box<dyn Model + 'a>,
    pub(crate) journal: Recording,
    pub(crate) retries: Retries,
    /// None before models of this program.
    pub(crate) gate: Option<&'a Gate>,
    /// None for models that cost nothing.
    pub(crate) paid: Option<(Arc<Ledger>, Price)>,
}

impl Model for Seated<'_> {
    fn complete(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        let key = key(context.node, context.ordinal, request)?;
        if let Some(completion) = self.journal.find(&key) {
            self.settle_late(context, &completion);
            return Ok(completion);
        }
        let patience = Patience::of(context);
        let mut failures = 0;
        loop {
            let error = match self.once(request, context, &patience, &key) {
                Ok(completion) => return Ok(completion),
                Err(ModelError::TimedOut { .. }) => return Err(patience.timed_out(self.provider)),
                Err(error) => error,
            };
            failures += 1;
            match self.wait_before(failures, &error) {
                Some(wait) if wait < patience.left() => patience.pause(wait, self.provider)?,
                _ => return Err(error),
            }
        }
    }
}

impl Seated<'_> {
    fn once(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
        patience: &Patience<'_>,
        key: &Key,
    ) -> Result<Completion, ModelError> {
        let inside = self.gate.map(|gate| gate.enter(self.provider, patience));
        let _inside = inside.transpose()?;
        let reserved = self.reserve(request, context)?;
        let context = CallContext {
            deadline: patience.left(),
            ..*context
        };
        let answer = self.model.complete(request, &context);
        // Kept before it is settled: where this is cut off between the two, it
        // is settled when it is given again.
        let kept = match &answer {
            Ok(completion) => self.journal.keep(key.clone(), request, completion),
            Err(_) => Ok(()),
        };
        if let (Some(reserved), Some((_, price))) = (reserved, &self.paid) {
            settle(reserved, price, &answer);
        }
        kept.and(answer)
    }

    fn reserve(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Option<Reserved>, ModelError> {
        let Some((ledger, price)) = &self.paid else {
            return Ok(None);
        };
        let reserved = ledger.reserve(&call(context), price.at_most(request));
        reserved.map(Some).map_err(refused)
    }

    /// An answer of a process that died before it settled. Where it cannot be
    /// settled now, it counts as dear as it can have been.
    fn settle_late(&self, context: &CallContext<'_>, completion: &Completion) {
        if let Some((ledger, price)) = &self.paid {
            let cost = price.of(completion.usage);
            let _ = ledger.recover(&call(context), completion.usage, cost);
        }
    }

    /// How long to wait before it is asked again, if at all.
    fn wait_before(&self, failures: u32, error: &ModelError) -> Option<Duration> {
        let asked_for = match error {
            ModelError::RateLimited { retry_after, .. } => *retry_after,
            _ => None,
        };
        // Nobody else of this process asks it before, either.
        if let (Some(wait), Some(gate)) = (asked_for, self.gate) {
            gate.close_for(wait);
        }
        if failures >= self.retries.attempts || !error.class().may_retry() {
            return None;
        }
        if asked_for.is_some() {
            return asked_for;
        }
        let doubled = self.retries.first * 2_u32.saturating_pow(failures - 1);
        Some(doubled.min(self.retries.longest))
    }
}

/// Under which name it is paid.
fn call(context: &CallContext<'_>) -> String {
    format!("{}#{}", context.node, context.ordinal)
}

/// Where the store fails, the money stays set aside: too much is counted as
/// spent, never too little, and the answer is good.
fn settle(reserved: Reserved, price: &Price, answer: &Result<Completion, ModelError>) {
    let _ = match answer {
        Ok(completion) => reserved.settle(completion.usage, price.of(completion.usage)),
        Err(error) if error.may_be_charged() => reserved.lose(),
        Err(_) => reserved.give_back(),
    };
}

fn refused(error: SpendingError) -> ModelError {
    match error {
        SpendingError::Over { asked, left, limit } => ModelError::Budget { asked, left, limit },
        error => ModelError::Ledger {
            source: error.into(),
        },
    }
}
