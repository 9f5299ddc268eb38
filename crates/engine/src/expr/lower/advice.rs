//! What to write in place of an unknown name.

use fondaco_domain::strategy::suggest;

use super::Lowering;
use crate::expr::error::ExprProblem;
use crate::expr::functions::{FUNCTIONS, function};
use crate::indicators::lookup;
use crate::indicators::registry::{Indicator, all};

const FIELDS: [&str; 5] = ["open", "high", "low", "close", "volume"];

impl Lowering<'_> {
    pub(super) fn unknown_name(&self, name: &str) -> ExprProblem {
        let known = FIELDS.into_iter().chain(self.named.keys().copied());
        let sources = self.strategy.informative.keys().map(String::as_str);
        let advice = if let Some(found) = lookup(name) {
            format!("`{name}` is an indicator: write {}", found.signature())
        } else if let Some(found) = function(name) {
            format!("`{name}` is a function: write {}", found.signature)
        } else if self.strategy.params.contains_key(name) {
            format!("`{name}` is a parameter: write `${name}`")
        } else if self.strategy.indicators.contains_key(name) {
            format!("`{name}` is defined further down, or by itself: put it above its use")
        } else if let Some(close) = suggest(name, known.clone().chain(sources)) {
            format!("did you mean `{close}`?")
        } else {
            format!("known here: {}", known.collect::<Vec<_>>().join(", "))
        };
        ExprProblem::UnknownName {
            name: name.to_owned(),
            advice,
        }
    }

    pub(super) fn unknown_function(&self, name: &str) -> ExprProblem {
        let functions = FUNCTIONS.iter().map(|function| function.name);
        let known = functions.chain(all().map(|indicator| indicator.name));
        let advice = if FIELDS.contains(&name) || self.strategy.indicators.contains_key(name) {
            format!("`{name}` is a column: write it without parentheses")
        } else if let Some((_, meant)) = ALIASES.iter().find(|(alias, _)| *alias == name) {
            format!("write {meant}")
        } else if let Some(close) = suggest(name, known) {
            format!("did you mean `{close}`?")
        } else {
            "the reference of strategy files lists all functions and indicators".to_owned()
        };
        ExprProblem::UnknownFunction {
            name: name.to_owned(),
            advice,
        }
    }

    pub(super) fn unknown_param(&self, name: &str) -> ExprProblem {
        let known: Vec<&str> = self.strategy.params.keys().map(String::as_str).collect();
        let advice = match suggest(name, known.iter().copied()) {
            Some(close) => format!("did you mean `${close}`?"),
            None => {
                format!("add it to [params]: {name} = {{ default = 10, low = 5, high = 30 }}")
            }
        };
        ExprProblem::UnknownParam {
            name: name.to_owned(),
            advice,
        }
    }
}

/// Names other platforms have for functions of this one.
const ALIASES: [(&str, &str); 8] = [
    ("crossed_above", "`crosses_above(a, b)`"),
    ("crossed_below", "`crosses_below(a, b)`"),
    ("crossover", "`crosses_above(a, b)`"),
    ("crossunder", "`crosses_below(a, b)`"),
    ("ref", "`shift(x, n)`"),
    ("if", "`where(condition, a, b)`"),
    ("iff", "`where(condition, a, b)`"),
    ("isnan", "`is_nan(x)`"),
];

pub(super) fn no_such_column(source: &str, name: &str) -> ExprProblem {
    ExprProblem::UnknownMember {
        of: source.to_owned(),
        name: name.to_owned(),
        advice: match suggest(name, FIELDS) {
            Some(close) => format!("did you mean `{source}.{close}`?"),
            None if lookup(name).is_some() => {
                format!("an indicator on these candles is called: `{source}.{name}(…)`")
            }
            None => format!("its columns are {}", FIELDS.join(", ")),
        },
    }
}

pub(super) fn no_such_output(indicator: &Indicator, name: &str) -> ExprProblem {
    ExprProblem::UnknownMember {
        of: indicator.name.to_owned(),
        name: name.to_owned(),
        advice: match suggest(name, indicator.outputs.iter().copied()) {
            Some(close) => format!("did you mean `.{close}`?"),
            None => format!("its outputs are {}", indicator.outputs.join(", ")),
        },
    }
}
