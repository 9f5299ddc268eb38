//! Values for the parameters of a strategy.

use fondaco_domain::strategy::{Param, Strategy, suggest};
use fondaco_domain::{ErrorKind, Hint};
use indexmap::IndexMap;
use thiserror::Error;

/// A value for every parameter of a strategy, each within its range.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ParamValues(IndexMap<String, f64>);

/// A value a parameter cannot have.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ParamValueError {
    /// No parameter of that name.
    #[error("the strategy `{strategy}` has no parameter `{name}`")]
    Unknown {
        /// The strategy.
        strategy: String,
        /// The name.
        name: String,
        /// What to write instead.
        advice: String,
    },
    /// Outside `low` to `high`, or NaN.
    #[error("the parameter `{name}` must lie from {} to {}, not {value}", param.low, param.high)]
    OutOfRange {
        /// The name.
        name: String,
        /// What was given.
        value: f64,
        /// Its range.
        param: Param,
    },
    /// Between two steps.
    #[error("the parameter `{name}` goes from {} in steps of {step}, and {value} is not one of them", param.low)]
    OffStep {
        /// The name.
        name: String,
        /// What was given.
        value: f64,
        /// Its range.
        param: Param,
        /// Its step.
        step: f64,
    },
}

impl Hint for ParamValueError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { advice, .. } => Some(advice.clone()),
            Self::OutOfRange { .. } | Self::OffStep { .. } => {
                Some("change the value, or the range in [params]".to_owned())
            }
        }
    }
}

impl ParamValues {
    /// The defaults of the file.
    pub fn defaults(strategy: &Strategy) -> Self {
        let values = strategy.params.iter();
        Self(
            values
                .map(|(name, param)| (name.clone(), param.default))
                .collect(),
        )
    }

    /// The defaults with some of them replaced.
    pub fn new<'a>(
        strategy: &Strategy,
        given: impl IntoIterator<Item = (&'a str, f64)>,
    ) -> Result<Self, ParamValueError> {
        let mut values = Self::defaults(strategy);
        for (name, value) in given {
            let Some(param) = strategy.params.get(name) else {
                return Err(unknown(strategy, name));
            };
            check(name, *param, value)?;
            values.0.insert(name.to_owned(), value);
        }
        Ok(values)
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// Names and values in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }
}

fn unknown(strategy: &Strategy, name: &str) -> ParamValueError {
    let known: Vec<&str> = strategy.params.keys().map(String::as_str).collect();
    let advice = match suggest(name, known.iter().copied()) {
        Some(close) => format!("did you mean `{close}`?"),
        None if known.is_empty() => "it has no parameters at all".to_owned(),
        None => format!("it has {}", known.join(", ")),
    };
    ParamValueError::Unknown {
        strategy: strategy.name.clone(),
        name: name.to_owned(),
        advice,
    }
}

fn check(name: &str, param: Param, value: f64) -> Result<(), ParamValueError> {
    if !(param.low..=param.high).contains(&value) {
        return Err(ParamValueError::OutOfRange {
            name: name.to_owned(),
            value,
            param,
        });
    }
    match param.step {
        Some(step) if !param.on_grid(value) => Err(ParamValueError::OffStep {
            name: name.to_owned(),
            value,
            param,
            step,
        }),
        _ => Ok(()),
    }
}
