//! What kind of failure an error is, decided where the error is born.
//!
//! Exit codes of the command line and problem details of the HTTP surface are
//! total functions of [`ErrorKind`], so every crate's error enum says its kind.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The closed list of failure kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The caller's words are wrong: an unknown option, a bad expression, a
    /// parameter out of its range.
    Invalid,
    /// A named thing does not exist: a file, a symbol, a result.
    NotFound,
    /// The thing exists already, or changed under the caller.
    Conflict,
    /// The input exists but cannot be what it claims: truncated, garbled, NaN.
    Corrupt,
    /// There is no data where data is needed: an empty range, a range older
    /// than the data.
    NoData,
    /// Another system failed or refused: HTTP 5xx, rate limits, time-outs.
    Unavailable,
    /// No space, no permission, a failed write.
    Storage,
    /// What was asked for was done, and did not succeed: a run that failed, a
    /// check that found something.
    Unsuccessful,
    /// The user stopped it.
    Cancelled,
    /// A defect of ours.
    Internal,
}

impl ErrorKind {
    /// The stable exit code of the command line for this kind.
    ///
    /// 0 is success; 1 is left for panics and 2 is what the argument parser
    /// uses for wrong usage, which is the same kind as [`ErrorKind::Invalid`].
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Invalid => 2,
            Self::NotFound => 3,
            Self::Conflict => 4,
            Self::Corrupt => 5,
            Self::NoData => 6,
            Self::Unavailable => 7,
            Self::Storage => 8,
            Self::Unsuccessful => 9,
            Self::Internal => 70,
            Self::Cancelled => 130,
        }
    }

    /// The name used in JSON output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Corrupt => "corrupt",
            Self::NoData => "no_data",
            Self::Unavailable => "unavailable",
            Self::Storage => "storage",
            Self::Unsuccessful => "unsuccessful",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error that knows its kind and can say what to do about it.
pub trait Hint: std::error::Error {
    /// The kind, which decides exit code and HTTP status.
    fn kind(&self) -> ErrorKind;

    /// One sentence that tells the user what to do, without a full stop.
    fn hint(&self) -> Option<String> {
        None
    }
}
