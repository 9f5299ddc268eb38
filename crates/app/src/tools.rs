//! What models may call: functions that read what was known at an instant.
//!
//! Clock, instruments and holdings are injected by whoever serves a tool; what
//! a model passes can narrow them and never widen them.

mod actions;
mod arguments;
pub mod candles;
mod function;
mod fundamentals;
mod indicators;
mod known;
mod math;
mod nearest;
mod news;
mod portfolio;
mod prices;
mod standard;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use fondaco_contract::v1alpha1::JobDataset;
use fondaco_contract::v1alpha1::analysis::{PortfolioContext, Read};
use fondaco_domain::{ErrorKind, Hint, Timeframe, UnixMillis};
use serde_json::Value;
use thiserror::Error;

use crate::ports::Failure;
use crate::ports::model::ToolSpec;

/// What a tool may see, whatever the model says.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    /// Nothing that became known at or after this instant.
    pub clock: UnixMillis,
    /// The stamp of the candle that has just opened at the clock, of which
    /// nothing but its open is known; none where that is nobody's business.
    pub opening: Option<UnixMillis>,
    /// The candles that may be read, each in one version; none for the newest
    /// there are.
    pub candles: Option<Vec<JobDataset>>,
    /// Length of candles where the model names none.
    pub timeframe: Timeframe,
    /// News, filings and actions imported up to this place; none for all.
    pub research: Option<u64>,
    /// What is held; none where it is not known.
    pub portfolio: Option<PortfolioContext>,
}

/// What a tool says.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// To the model.
    pub text: String,
    /// What it rests on.
    pub read: Vec<Read>,
}

/// Why a tool says nothing.
#[derive(Debug, Error)]
pub enum ToolError {
    /// No such tool: told to the model.
    #[error("there is no tool `{name}`; there are {}", .known.join(", "))]
    Unknown {
        /// As it was called.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// Its arguments do not read: told to the model.
    #[error("{tool}: {problem}")]
    Arguments {
        /// Which.
        tool: String,
        /// What is wrong, and what is wanted.
        problem: String,
    },
    /// Its source cannot be read: the node fails, and nothing is made up.
    #[error("{tool} cannot read its source")]
    Source {
        /// Which.
        tool: String,
        /// Why not.
        #[source]
        source: Failure,
    },
}

impl Hint for ToolError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unknown { .. } => ErrorKind::NotFound,
            Self::Arguments { .. } => ErrorKind::Invalid,
            Self::Source { source, .. } => source.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Source { source, .. } => source.hint(),
            _ => None,
        }
    }
}

/// One function.
pub trait Tool: Send + Sync {
    /// What it is, to a model.
    fn spec(&self) -> ToolSpec;

    /// Calls it. Equal arguments in an equal scope give equal answers.
    fn call(&self, arguments: &Value, scope: &Scope) -> Result<Answer, ToolError>;
}

/// Functions by their names.
#[derive(Clone, Default)]
pub struct Toolbox(BTreeMap<String, Arc<dyn Tool>>);

impl Toolbox {
    /// With one more; a second of one name takes the place of the first.
    #[must_use]
    pub fn with(mut self, tool: impl Tool + 'static) -> Self {
        self.0.insert(tool.spec().name, Arc::new(tool));
        self
    }

    /// Those of these names, or all of them, by name.
    pub fn specs(&self, names: Option<&[&str]>) -> Vec<ToolSpec> {
        let wanted = |name: &str| names.is_none_or(|names| names.contains(&name));
        let tools = self.0.iter().filter(|(name, _)| wanted(name));
        tools.map(|(_, tool)| tool.spec()).collect()
    }

    /// Calls one by its name.
    pub fn call(&self, name: &str, arguments: &Value, scope: &Scope) -> Result<Answer, ToolError> {
        match self.0.get(name) {
            Some(tool) => tool.call(arguments, scope),
            None => Err(ToolError::Unknown {
                name: name.to_owned(),
                known: self.0.keys().cloned().collect(),
            }),
        }
    }
}

impl std::fmt::Debug for Toolbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
