//! What models cost.

use fondaco_app::ports::model::{ModelRequest, NanoDollars, Usage};

/// What a model costs: billionths of a dollar per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Price {
    /// Of the question.
    pub input: NanoDollars,
    /// Of the question, where the provider had kept it.
    pub cached: NanoDollars,
    /// Of the answer.
    pub output: NanoDollars,
}

/// Tokens that providers add to a question: marks around messages, and words
/// of their own about tools and forms.
const ADDED: u64 = 1_000;

impl Price {
    /// Nothing.
    pub const FREE: Self = Self {
        input: NanoDollars(0),
        cached: NanoDollars(0),
        output: NanoDollars(0),
    };

    /// Of thousandths of a dollar per million tokens.
    pub(crate) const fn milli(input: i64, cached: i64, output: i64) -> Self {
        Self {
            input: NanoDollars(input * 1_000_000),
            cached: NanoDollars(cached * 1_000_000),
            output: NanoDollars(output * 1_000_000),
        }
    }

    /// Whether nothing is to be paid, whatever is asked.
    pub fn is_free(&self) -> bool {
        *self == Self::FREE
    }

    /// What an answer cost, rounded up to the billionth of a dollar.
    pub fn of(&self, usage: Usage) -> NanoDollars {
        let cached = usage.cached.min(usage.input);
        let parts = [
            (usage.input - cached, self.input),
            (cached, self.cached),
            (usage.output, self.output),
        ];
        let cost = |(tokens, price): (u64, NanoDollars)| i128::from(tokens) * i128::from(price.0);
        let millionths: i128 = parts.into_iter().map(cost).sum();
        let whole = (millionths + 999_999) / 1_000_000;
        NanoDollars(i64::try_from(whole).unwrap_or(i64::MAX))
    }

    /// What a question and its answer cost at most.
    pub fn at_most(&self, request: &ModelRequest) -> NanoDollars {
        let dearest = Self {
            input: self.input.max(self.cached),
            ..*self
        };
        dearest.of(most(request))
    }
}

/// Tokens of a question and its answer at most: no token is shorter than a
/// byte of what is sent.
pub(crate) fn most(request: &ModelRequest) -> Usage {
    let bytes = serde_json::to_vec(request).map_or(u64::MAX / 2, |sent| sent.len() as u64);
    Usage {
        input: bytes + ADDED,
        cached: 0,
        output: u64::from(request.max_tokens),
    }
}
