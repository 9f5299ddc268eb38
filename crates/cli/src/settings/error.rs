//! Settings that cannot be had.

use std::path::PathBuf;

use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

use super::Origin;
use crate::env;

/// Why a setting, or the file of them, is refused.
#[derive(Debug, Error)]
pub(crate) enum SettingsError {
    /// The file that somebody named is not there.
    #[error("there is no configuration file {}", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read the configuration file {}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{}:{line}: {problem}", path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Where in it, from 1.
        line: usize,
        /// What the reader says.
        problem: String,
    },
    /// A name that no setting has.
    #[error("{}:{line}: there is no setting `{name}`", path.display())]
    Unknown {
        /// Which file.
        path: PathBuf,
        /// Where in it, from 1.
        line: usize,
        /// As it stands there.
        name: String,
        /// What may stand there.
        allowed: Vec<&'static str>,
    },
    /// A value that a setting cannot have.
    #[error("`{name}` cannot be {found} ({origin})")]
    Value {
        /// The setting.
        name: &'static str,
        /// As it stands there.
        found: String,
        /// What it may be.
        wanted: &'static str,
        /// Who says so.
        origin: Origin,
    },
}

impl Hint for SettingsError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing { .. } => ErrorKind::NotFound,
            Self::Unreadable { .. }
            | Self::Syntax { .. }
            | Self::Unknown { .. }
            | Self::Value { .. } => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing { .. } => {
                format!("name another with --config or {}, or none", env::CONFIG)
            }
            Self::Unreadable { .. } => "check what it is, and its permissions".to_owned(),
            Self::Syntax { .. } => "the file is TOML: `name = value` below `[section]`".to_owned(),
            Self::Unknown { allowed, .. } => format!("allowed are {}", allowed.join(", ")),
            Self::Value { wanted, .. } => format!("wanted is {wanted}"),
        })
    }
}
