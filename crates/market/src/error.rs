//! What can go wrong with a file of candles.

use std::path::{Path, PathBuf};

use fondaco_domain::bars::BarsError;
use fondaco_domain::{ErrorKind, Hint, UnixMillis};
use thiserror::Error;

/// A file that could not be read as candles.
#[derive(Debug, Error)]
pub enum ReadError {
    /// No such file or folder.
    #[error("{path} does not exist", path = path.display())]
    NotFound {
        /// The path.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot read {path}", path = path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// Nothing in it.
    #[error("{path} is empty", path = path.display())]
    Empty {
        /// The path.
        path: PathBuf,
    },
    /// Cut off, garbled or not of the format its name claims.
    #[error("{path} is not a whole {format} file: {problem}", path = path.display())]
    Damaged {
        /// The path.
        path: PathBuf,
        /// The format its name claims.
        format: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A cell that holds something else.
    #[error("{path}:{line}: `{column}` is `{value}`: {problem}", path = path.display())]
    Cell {
        /// The path.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column as the file names it.
        column: String,
        /// What the cell holds.
        value: String,
        /// What is wrong with it.
        problem: CellProblem,
    },
    /// A row whose high is below its low.
    #[error("{path}:{line}: the high {high} is below the low {low}", path = path.display())]
    HighBelowLow {
        /// The path.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The high.
        high: f64,
        /// The low.
        low: f64,
    },
    /// Two different rows for one stamp.
    #[error("{path}:{line}: another candle for {at}, which line {before} has already", path = path.display())]
    Contradiction {
        /// The path.
        path: PathBuf,
        /// The line of the second, from 1.
        line: usize,
        /// The line of the first.
        before: usize,
        /// Their stamp.
        at: UnixMillis,
    },
    /// A column that candles need is absent.
    #[error("{path} has no column for `{column}`; it has {found}", path = path.display())]
    MissingColumn {
        /// The path.
        path: PathBuf,
        /// What is needed.
        column: &'static str,
        /// The names there are.
        found: String,
    },
    /// A column of a type that holds no candles.
    #[error("{path}: column `{column}` holds {found}", path = path.display())]
    ColumnType {
        /// The path.
        path: PathBuf,
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
    /// Numbers that can be read in two ways.
    #[error("{path}:{line}: `{column}` is `{value}`, which has two readings", path = path.display())]
    AmbiguousNumber {
        /// The path.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column.
        column: String,
        /// The number.
        value: String,
    },
    /// No such time zone.
    #[error("`{zone}` is not a time zone")]
    Zone {
        /// As stated.
        zone: String,
    },
    /// A name that tells no instrument.
    #[error("{path}: `{name}` names no instrument", path = path.display())]
    Symbol {
        /// The path.
        path: PathBuf,
        /// What was found.
        name: String,
    },
    /// The data provider answered with words in place of candles.
    #[error("{path} holds no candles but a message: {message}", path = path.display())]
    ProviderMessage {
        /// The path.
        path: PathBuf,
        /// The provider's words.
        message: String,
    },
    /// Rows that cannot be candles, in a format without lines.
    #[error("{path} holds no candles", path = path.display())]
    Bars {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        cause: BarsError,
    },
    /// A folder without the candles asked for.
    #[error("{folder} has no {what}", folder = folder.display())]
    NotInFolder {
        /// The folder.
        folder: PathBuf,
        /// The candles.
        what: String,
    },
    /// A folder that could be several.
    #[error("{folder} holds the folders of several exchanges: {names}", folder = folder.display())]
    SeveralExchanges {
        /// The folder.
        folder: PathBuf,
        /// Their names.
        names: String,
    },
}

/// What is wrong with a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CellProblem {
    /// No number.
    #[error("not a number")]
    NotANumber,
    /// NaN, infinite or empty.
    #[error("not a finite number")]
    NotFinite,
    /// Below zero.
    #[error("negative")]
    Negative,
    /// No time.
    #[error("not a time")]
    NotATime,
    /// A wall-clock time that daylight saving skipped.
    #[error("no such time in the stated zone")]
    SkippedTime,
    /// A name that is no instrument's.
    #[error("not the name of an instrument")]
    NotASymbol,
}

impl ReadError {
    pub(crate) fn io(path: &Path, cause: std::io::Error) -> Self {
        if cause.kind() == std::io::ErrorKind::NotFound {
            Self::NotFound { path: path.into() }
        } else {
            Self::Io {
                path: path.into(),
                cause,
            }
        }
    }

    pub(crate) fn damaged(
        path: &Path,
        format: &'static str,
        problem: impl std::fmt::Display,
    ) -> Self {
        Self::Damaged {
            path: path.into(),
            format,
            problem: format!("{problem}"),
        }
    }
}

impl Hint for ReadError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } | Self::NotInFolder { .. } => ErrorKind::NotFound,
            Self::Io { .. } => ErrorKind::Storage,
            Self::Empty { .. } => ErrorKind::NoData,
            Self::Zone { .. } | Self::Symbol { .. } | Self::SeveralExchanges { .. } => {
                ErrorKind::Invalid
            }
            Self::ProviderMessage { .. } => ErrorKind::Unavailable,
            Self::Damaged { .. }
            | Self::Cell { .. }
            | Self::HighBelowLow { .. }
            | Self::Contradiction { .. }
            | Self::MissingColumn { .. }
            | Self::ColumnType { .. }
            | Self::AmbiguousNumber { .. }
            | Self::Bars { .. } => ErrorKind::Corrupt,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NotFound { .. } => "check the path",
            Self::Io { .. } => "check the permissions of the file",
            Self::Empty { .. } | Self::Damaged { .. } => {
                "fetch the file again: nothing of it was stored"
            }
            Self::Cell { problem, .. } => match problem {
                CellProblem::NotATime => {
                    "write 2018-01-10, 2018-01-10T12:00:00Z, 20180110 or an epoch"
                }
                CellProblem::SkippedTime => "state the zone of the stamps with --tz",
                CellProblem::NotASymbol => "name instruments like AAPL or BTC/USDT",
                _ => "correct the line, or leave such rows out with --repair drop-bad-rows",
            },
            Self::HighBelowLow { .. } => {
                "correct the line, or leave such rows out with --repair drop-bad-rows"
            }
            Self::Contradiction { .. } => {
                "decide with --repair keep-first or --repair keep-last; stamps without a zone may need --tz"
            }
            Self::MissingColumn { .. } => {
                "name the columns in the first line, or state them with --columns"
            }
            Self::ColumnType { .. } => "use timestamps or epochs for time and doubles for prices",
            Self::AmbiguousNumber { .. } => "state --decimal . or --decimal ,",
            Self::Zone { .. } => "write an IANA name such as America/New_York",
            Self::Symbol { .. } => "state it with --symbol",
            Self::ProviderMessage { .. } => {
                "fetch the data again later, within the provider's limits"
            }
            Self::Bars { .. } => "fetch the file again",
            Self::NotInFolder { .. } => {
                "name a folder that holds such files, as in BTC_USDT-5m.feather"
            }
            Self::SeveralExchanges { .. } => "name the folder of one of them",
        };
        Some(text.to_owned())
    }
}
