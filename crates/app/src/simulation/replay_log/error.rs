//! Why a log cannot be replayed.

use std::path::PathBuf;

use fondaco_domain::ledger::LedgerError;
use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

use crate::ports::Failure;

/// Why there is no report.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// No log was named.
    #[error("no log to replay")]
    NoLogs,
    /// A log that cannot be read.
    #[error(transparent)]
    File(#[from] Failure),
    /// A log without a row.
    #[error("{} has no rows", path.display())]
    Empty {
        /// The log.
        path: PathBuf,
    },
    /// A line that is no row of a log.
    #[error("{}:{line}: {problem}{}", path.display(), more(*others))]
    BrokenLine {
        /// The log.
        path: PathBuf,
        /// The first such line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: LineProblem,
        /// How many more there are.
        others: usize,
    },
    /// No row lies in the window.
    #[error("{} has no row in the window: its rows are from {first} to {last}", path.display())]
    OutsideWindow {
        /// The log.
        path: PathBuf,
        /// Its first row.
        first: String,
        /// Its last row.
        last: String,
    },
    /// The places named hold no prices.
    #[error("no prices: {files} files were looked at, and none holds candles")]
    NoPrices {
        /// How many files.
        files: usize,
    },
    /// Two files that say different things of one candle.
    #[error("{symbol} has two prices at {at}: one in {}, another in {}", one.display(), other.display())]
    TwoPrices {
        /// The instrument.
        symbol: String,
        /// When.
        at: String,
        /// Where the one was found.
        one: PathBuf,
        /// Where the other was.
        other: PathBuf,
    },
    /// A price or an amount the ledger cannot count with.
    #[error("the account cannot be opened")]
    Ledger(#[from] LedgerError),
    /// A zone nobody knows.
    #[error("`{zone}` is not a time zone")]
    Zone {
        /// As it was given.
        zone: String,
    },
    /// A number of periods that is none.
    #[error("a year has {periods} periods: that is not a number above zero")]
    Periods {
        /// As it was given.
        periods: f64,
    },
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LineProblem {
    /// Not JSON, or cut off.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// JSON of another kind.
    #[error("not an object")]
    NotAnObject,
    /// Without a time.
    #[error("neither `at` nor `date` says when it was")]
    NoTime,
    /// With a time that is none.
    #[error("`{0}` is not a time such as 2025-10-01 or 2025-10-01 10:00:00")]
    Time(String),
    /// A number that is none.
    #[error("`{field}` is {value}, which is not a number")]
    Number {
        /// Where.
        field: String,
        /// As it stands there.
        value: String,
    },
    /// Positions that are no object.
    #[error("`positions` is not an object of amounts by name")]
    Positions,
    /// A text that should be one.
    #[error("`{field}` is not a text")]
    Text {
        /// Where.
        field: &'static str,
    },
}

impl Hint for ReplayError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoLogs | Self::Zone { .. } | Self::Periods { .. } => ErrorKind::Invalid,
            Self::File(error) => error.kind(),
            Self::Empty { .. } | Self::OutsideWindow { .. } | Self::NoPrices { .. } => {
                ErrorKind::NoData
            }
            Self::BrokenLine { .. } | Self::TwoPrices { .. } => ErrorKind::Corrupt,
            Self::Ledger(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::BrokenLine { .. } => {
                "correct the line, or leave such lines out with --skip-broken: they are counted in \
                 the report"
            }
            Self::OutsideWindow { .. } => "widen --first and --last",
            Self::NoPrices { .. } => {
                "name a folder of CSV or JSON files of candles, or a file of them, with --prices"
            }
            Self::TwoPrices { .. } => "name only one of the two with --prices",
            Self::Zone { .. } => "use a name such as America/New_York or Asia/Shanghai",
            Self::File(error) => return error.hint(),
            Self::Ledger(error) => return error.hint(),
            Self::NoLogs | Self::Empty { .. } | Self::Periods { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

fn more(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => " (and one more broken line)".to_owned(),
        _ => format!(" (and {others} more broken lines)"),
    }
}
