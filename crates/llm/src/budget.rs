//! Money: reserved before a call, settled after it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fondaco_app::ports::model::{
    CallContext, Completion, Model, ModelError, ModelRequest, NanoDollars, Usage,
};
use serde::{Deserialize, Serialize};

/// What a model costs: billionths of a dollar per token, which are thousandths
/// of a dollar per million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Price {
    /// Of the question.
    pub input: NanoDollars,
    /// Of the question, where the provider had kept it.
    pub cached: NanoDollars,
    /// Of the answer.
    pub output: NanoDollars,
}

impl Price {
    /// What an answer cost.
    pub fn of(&self, usage: Usage) -> NanoDollars {
        let cached = usage.cached.min(usage.input);
        let parts = [
            (usage.input - cached, self.input),
            (cached, self.cached),
            (usage.output, self.output),
        ];
        let cost = |(tokens, price): (u64, NanoDollars)| {
            i64::try_from(tokens)
                .unwrap_or(i64::MAX)
                .saturating_mul(price.0)
        };
        let sum = parts.into_iter().map(cost);
        NanoDollars(sum.fold(0, i64::saturating_add))
    }

    /// What a question and its answer cost at most: no token is shorter than
    /// a byte of what is sent.
    fn at_most(&self, request: &ModelRequest) -> NanoDollars {
        let bytes = serde_json::to_vec(request).map_or(u64::MAX, |sent| sent.len() as u64);
        let dearest = Self {
            input: self.input.max(self.cached),
            ..*self
        };
        dearest.of(Usage {
            input: bytes,
            cached: 0,
            output: u64::from(request.max_tokens),
        })
    }
}

/// What has been spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Spent {
    /// Calls that were answered.
    pub calls: u64,
    /// Their tokens.
    pub usage: Usage,
    /// Calls without an answer that may be charged all the same: each counts
    /// as dear as it can have been.
    pub lost: u64,
    /// The cost of both.
    pub cost: NanoDollars,
}

impl Spent {
    /// Of a call: without usage where the answer was lost.
    fn add(&mut self, usage: Option<Usage>, cost: NanoDollars) {
        match usage {
            None => self.lost += 1,
            Some(usage) => {
                self.calls += 1;
                self.usage.input += usage.input;
                self.usage.cached += usage.cached;
                self.usage.output += usage.output;
            }
        }
        self.cost.0 = self.cost.0.saturating_add(cost.0);
    }
}

/// The money of one run, for all its calls at once.
#[derive(Debug)]
pub struct Budget {
    limit: NanoDollars,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    reserved: i64,
    by_node: BTreeMap<String, Spent>,
    total: Spent,
}

impl Budget {
    /// So much and no more.
    pub fn new(limit: NanoDollars) -> Self {
        Self {
            limit,
            books: Mutex::default(),
        }
    }

    /// What a process of before has spent of it.
    pub fn spent_before(&self, node: &str, usage: Usage, cost: NanoDollars) {
        self.books().enter(node, Some(usage), cost);
    }

    /// All of it so far.
    pub fn spent(&self) -> Spent {
        self.books().total
    }

    /// By node.
    pub fn by_node(&self) -> BTreeMap<String, Spent> {
        self.books().by_node.clone()
    }

    /// Sets the most that a call may cost aside, or refuses it. What the
    /// provider charges beyond that is its error, and is refused with the next
    /// call.
    fn reserve(&self, asked: NanoDollars) -> Result<Reserved<'_>, ModelError> {
        let mut books = self.books();
        let left = self.limit.0 - books.total.cost.0 - books.reserved;
        if asked.0 > left {
            return Err(ModelError::Budget {
                asked,
                left: NanoDollars(left.max(0)),
                limit: self.limit,
            });
        }
        books.reserved += asked.0;
        Ok(Reserved {
            budget: self,
            amount: asked.0,
        })
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn enter(&mut self, node: &str, usage: Option<Usage>, cost: NanoDollars) {
        self.total.add(usage, cost);
        let of_node = self.by_node.entry(node.to_owned()).or_default();
        of_node.add(usage, cost);
    }
}

/// Money set aside for a call; given back when it is dropped.
struct Reserved<'a> {
    budget: &'a Budget,
    amount: i64,
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.budget.books().reserved -= self.amount;
    }
}

/// A model whose answers are paid for.
#[derive(Debug)]
pub struct Budgeted<'a, M> {
    model: M,
    price: Price,
    budget: &'a Budget,
}

impl<'a, M> Budgeted<'a, M> {
    /// Out of this budget, at this price.
    pub fn new(model: M, price: Price, budget: &'a Budget) -> Self {
        Self {
            model,
            price,
            budget,
        }
    }
}

impl<M: Model> Model for Budgeted<'_, M> {
    fn complete(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        let most = self.price.at_most(request);
        let reserved = self.budget.reserve(most)?;
        let answer = self.model.complete(request, context);
        let paid = match &answer {
            Ok(answer) => Some((Some(answer.usage), self.price.of(answer.usage))),
            Err(error) if error.may_be_charged() => Some((None, most)),
            Err(_) => None,
        };
        if let Some((usage, cost)) = paid {
            self.budget.books().enter(context.node, usage, cost);
        }
        drop(reserved);
        answer
    }
}
