//! What can be wrong with a strategy file.

use thiserror::Error;

use super::place::{Place, render};
use super::{Direction, Side};
use crate::error::{ErrorKind, Hint};
use crate::symbol::SymbolError;
use crate::timeframe::TimeframeError;

/// A mistake in a strategy file and where it is.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("line {}, column {}: {problem}", at.line, at.column)]
pub struct StrategyError {
    /// Where.
    pub at: Place,
    /// What.
    pub problem: Problem,
}

/// Mistakes in a strategy file.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Problem {
    /// Not TOML.
    #[error("not valid TOML: {0}")]
    Syntax(String),
    /// A key nothing reads.
    #[error("unknown key `{key}` in {table}")]
    UnknownKey {
        /// The key.
        key: String,
        /// The table it stands in.
        table: String,
        /// What to write instead.
        advice: Option<String>,
    },
    /// A key that must be there.
    #[error("{table} lacks `{key}`")]
    Missing {
        /// The key.
        key: &'static str,
        /// The table it belongs to.
        table: String,
        /// An example line.
        example: &'static str,
    },
    /// A value of another type.
    #[error("`{key}` is {found} where {expected} is needed")]
    WrongType {
        /// Full name of the key.
        key: String,
        /// The type that is needed.
        expected: &'static str,
        /// The type that is there.
        found: &'static str,
    },
    /// A value outside its range.
    #[error("`{key}` is {value}: it must be {expected}")]
    OutOfRange {
        /// Full name of the key.
        key: String,
        /// The value as read.
        value: String,
        /// The range in words.
        expected: &'static str,
    },
    /// One setting under two names.
    #[error("`{first}` and `{second}` set the same thing")]
    TwoSpellings {
        /// One of them.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// Not a candle length.
    #[error("{0}")]
    Timeframe(#[from] TimeframeError),
    /// Not an instrument.
    #[error("{0}")]
    Symbol(#[from] SymbolError),
    /// A word that cannot be a name.
    #[error("`{name}` cannot name {what}")]
    Name {
        /// The word.
        name: String,
        /// What it was to name.
        what: &'static str,
        /// Which words can.
        rule: &'static str,
    },
    /// A parameter whose default lies outside its range.
    #[error("the parameter `{name}` has default {default}, outside {low} to {high}")]
    ParamRange {
        /// Its name.
        name: String,
        /// Its default.
        default: f64,
        /// Its smallest value.
        low: f64,
        /// Its largest value.
        high: f64,
    },
    /// A parameter whose default no number of steps reaches from `low`.
    #[error("the default {default} of `{name}` is not {low} plus a number of steps of {step}")]
    ParamStep {
        /// Its name.
        name: String,
        /// Its default.
        default: f64,
        /// Its smallest value.
        low: f64,
        /// Distance between its values.
        step: f64,
    },
    /// A trailing distance that the offset does not exceed.
    #[error("the trailing offset {offset} must exceed the trailing distance {positive}")]
    TrailingOffset {
        /// The offset.
        offset: f64,
        /// The distance.
        positive: f64,
    },
    /// A rule for a side the strategy may not take.
    #[error("a rule for {} while the direction is \"{}\"", side_name(*side), direction_name(*direction))]
    ForbiddenSide {
        /// The rule's side.
        side: Side,
        /// The stated direction.
        direction: Direction,
    },
    /// Informative candles shorter than the strategy's.
    #[error("`{name}` has candles of {found}, shorter than the strategy's {base}")]
    ShorterInformative {
        /// Name of the source.
        name: String,
        /// Its candle length.
        found: crate::Timeframe,
        /// The strategy's.
        base: crate::Timeframe,
    },
    /// Equal shares of a balance over no number of slots.
    #[error("an unlimited stake needs a number of slots to divide the balance by")]
    UnlimitedShares,
    /// No entry rule where one is needed.
    #[error("the strategy `{name}` has no entry rule")]
    NoEntry {
        /// Its name.
        name: String,
    },
    /// Signals that were to come from files.
    #[error("the signals of the strategy `{name}` come from files, and none were given")]
    NoSignals {
        /// Its name.
        name: String,
    },
}

impl StrategyError {
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

impl Hint for StrategyError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        match &self.problem {
            Problem::UnknownKey { advice, .. } => advice.clone(),
            Problem::Missing { example, .. } => Some(format!("write for example `{example}`")),
            Problem::TwoSpellings { .. } => Some("keep one of them".to_owned()),
            Problem::Name { rule, .. } => Some((*rule).to_owned()),
            Problem::ForbiddenSide { .. } => {
                Some("set direction = \"both\" in [strategy], or remove the rule".to_owned())
            }
            Problem::UnlimitedShares => {
                Some("write max_open_trades = 3, or a stake in the quote currency".to_owned())
            }
            Problem::NoEntry { .. } => {
                Some("add an [entry.long] table with a `when`, or give a folder of signals".to_owned())
            }
            Problem::NoSignals { .. } => Some("give a folder with --signals".to_owned()),
            Problem::ParamStep { .. } => {
                Some("change the default, `low` or `step`; a fraction among whole numbers needs a `step`".to_owned())
            }
            Problem::ShorterInformative { .. } => {
                Some("use a timeframe that is a multiple of the strategy's".to_owned())
            }
            _ => None,
        }
    }
}

fn side_name(side: Side) -> &'static str {
    match side {
        Side::Long => "longs",
        Side::Short => "shorts",
    }
}

fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => "long",
        Direction::Short => "short",
        Direction::Both => "both",
    }
}
