//! What can be wrong with an expression.

use fondaco_domain::strategy::place::render;
use fondaco_domain::strategy::{Expression, Place};
use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

use super::ast::Bytes;
use crate::indicators::registry::ParamError;

/// A mistake in an expression and where it is in the strategy file.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("line {}, column {}: {problem}", at.line, at.column)]
pub struct ExprError {
    /// Where.
    pub at: Place,
    /// What.
    pub problem: ExprProblem,
}

/// Mistakes in expressions.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ExprProblem {
    /// A character with no meaning.
    #[error("`{found}` has no meaning here")]
    Character {
        /// The character or characters.
        found: String,
        /// What to write instead.
        advice: Option<&'static str>,
    },
    /// Digits that are no number.
    #[error("`{0}` is not a number")]
    Number(String),
    /// Something else than the grammar allows.
    #[error("found {found} where {expected} is needed")]
    Expected {
        /// What could stand here.
        expected: &'static str,
        /// What stands here.
        found: String,
    },
    /// `a < b < c`.
    #[error("comparisons do not chain")]
    ChainedComparison,
    /// More nesting than is read.
    #[error("the expression is nested more than {0} deep")]
    TooDeep(usize),
    /// More operators than are read.
    #[error("the expression has more than {0} operators")]
    TooLong(usize),
    /// A name that is neither a column nor an indicator of the file.
    #[error("unknown name `{name}`")]
    UnknownName {
        /// The name.
        name: String,
        /// What to write instead.
        advice: String,
    },
    /// A function nobody knows.
    #[error("unknown function `{name}`")]
    UnknownFunction {
        /// The name.
        name: String,
        /// What to write instead.
        advice: String,
    },
    /// A parameter that `[params]` lacks.
    #[error("unknown parameter `${name}`")]
    UnknownParam {
        /// The name without `$`.
        name: String,
        /// What to write instead.
        advice: String,
    },
    /// An output the indicator does not have, or a column the source lacks.
    #[error("`{of}` has no `{name}`")]
    UnknownMember {
        /// The indicator or source.
        of: String,
        /// The missing member.
        name: String,
        /// What to write instead.
        advice: String,
    },
    /// `.name` after something that has no parts.
    #[error("{0} has no parts to name with `.`")]
    NoMembers(&'static str),
    /// An informative source used as a column.
    #[error("`{0}` is a source of candles, not a column")]
    SourceAsColumn(String),
    /// A call on something that is no source.
    #[error("`{0}` is not a source of [informative]")]
    NotASource(String),
    /// An argument from other candles than the call is computed on.
    #[error(
        "the argument is a column of the strategy's candles, and the call is on those of `{0}`"
    )]
    ForeignColumn(String),
    /// Too few or too many arguments.
    #[error("`{function}` takes {expected}, not {found}")]
    Arity {
        /// The function.
        function: String,
        /// How many it takes.
        expected: String,
        /// How many are there.
        found: usize,
        /// How it is used.
        signature: String,
    },
    /// A number where a condition is needed, or the reverse.
    #[error("{what} is {found} where {expected} is needed")]
    Type {
        /// What has the wrong type.
        what: String,
        /// The type needed.
        expected: &'static str,
        /// The type found.
        found: &'static str,
    },
    /// A column where a fixed number is needed.
    #[error("`{param}` of `{function}` must be a fixed number, not a column")]
    NotConstant {
        /// The function.
        function: String,
        /// Its parameter.
        param: &'static str,
    },
    /// A count of candles that is none.
    #[error("`{param}` of `{function}` must be a whole number from {min} to {max}, not {value}")]
    Count {
        /// The function.
        function: &'static str,
        /// Its parameter.
        param: &'static str,
        /// What was given.
        value: f64,
        /// Smallest count.
        min: u32,
        /// Largest count.
        max: u32,
    },
    /// A shift to candles that have not happened yet.
    #[error("`shift` by {0} would look ahead")]
    LookAhead(f64),
    /// Numbers an indicator does not take.
    #[error("{0}")]
    Indicator(#[from] ParamError),
    /// A fixed calculation without a result.
    #[error("this is {0}, not a finite number")]
    NotFinite(f64),
}

impl ExprError {
    /// A mistake at some bytes of an expression.
    pub(super) fn new(expression: &Expression, at: Bytes, problem: ExprProblem) -> Self {
        let within = Place::of(&expression.source, at);
        let place = if within.line == 1 {
            Place {
                line: expression.line,
                column: expression.column + within.column - 1,
                length: within.length,
            }
        } else {
            Place {
                line: expression.line + within.line - 1,
                ..within
            }
        };
        Self { at: place, problem }
    }

    /// The mistake with the line it is on, a caret and a hint.
    pub fn render(&self, file: &str, text: &str) -> String {
        let hint = self.hint();
        render(
            file,
            text,
            self.at,
            &self.problem.to_string(),
            hint.as_deref(),
        )
    }
}

impl Hint for ExprError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        let fixed = match &self.problem {
            ExprProblem::Character { advice, .. } => (*advice)?,
            ExprProblem::UnknownName { advice, .. }
            | ExprProblem::UnknownFunction { advice, .. }
            | ExprProblem::UnknownParam { advice, .. }
            | ExprProblem::UnknownMember { advice, .. } => return Some(advice.clone()),
            ExprProblem::Arity { signature, .. } => {
                return Some(format!("it is used as {signature}"));
            }
            ExprProblem::SourceAsColumn(name) => {
                return Some(format!("name a column of it, such as `{name}.close`"));
            }
            ExprProblem::ForeignColumn(name) => {
                return Some(format!(
                    "inside `{name}.f(…)` the columns are those of `{name}`"
                ));
            }
            ExprProblem::Indicator(error) => return error.hint(),
            ExprProblem::ChainedComparison => "join two comparisons with `and`",
            ExprProblem::TooDeep(_) | ExprProblem::TooLong(_) => {
                "give parts of it a name in [indicators]"
            }
            ExprProblem::LookAhead(_) => {
                "a later candle is not known when a signal is computed: shift(x, 1) is the candle before, and a larger number goes further back"
            }
            ExprProblem::Type { found, .. } if *found == "a number" => {
                "compare it with something, such as `> 0`"
            }
            ExprProblem::Type { found, .. } if *found == "a condition" => {
                "turn a condition into a number with where(condition, 1, 0)"
            }
            ExprProblem::NotConstant { .. } => "write a number or a `$parameter`",
            _ => return None,
        };
        Some(fixed.to_owned())
    }
}
