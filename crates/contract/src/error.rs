//! Documents that break their contract.

use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

/// A result that could not be written or read.
#[derive(Debug, Error)]
pub enum ContractError {
    /// The document names a contract this program does not know.
    #[error("the document follows the contract `{found}`, not `{expected}`")]
    Version {
        /// What the document says.
        found: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// Not JSON, or not of the contract's shape.
    #[error("the result cannot be read as `{expected}`")]
    Shape {
        /// The contract.
        expected: &'static str,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// A number of the result is NaN or infinite, which JSON cannot hold.
    #[error("the result holds a number that is not finite: {found}")]
    NotFinite {
        /// Where.
        found: String,
    },
    /// The document could not be built.
    #[error("the result cannot be written as JSON")]
    Write(#[source] serde_json::Error),
}

impl Hint for ContractError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Version { .. } => ErrorKind::Invalid,
            Self::Shape { .. } => ErrorKind::Corrupt,
            Self::NotFinite { .. } | Self::Write(_) => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Version { expected, .. } => Some(format!(
                "read it with the version of fondaco that wrote it, or run the backtest again to get `{expected}`"
            )),
            Self::Shape { .. } => {
                Some("the file is damaged or was edited; run the backtest again".to_owned())
            }
            Self::NotFinite { .. } | Self::Write(_) => None,
        }
    }
}
