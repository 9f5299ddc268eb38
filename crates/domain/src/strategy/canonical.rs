//! The canonical form of a strategy, which names it.

use super::Strategy;
use super::error::{Problem, StrategyError};
use super::place::Place;
use crate::hash::ContentHash;

impl Strategy {
    /// What the strategy says as JSON with its keys in a fixed order and
    /// numbers in their shortest exact form. Comments, layout and places of
    /// the file do not show; the order of parameters and indicators does.
    pub fn canonical_json(&self) -> String {
        let value = serde_json::to_value(self);
        // Numbers are finite and keys are texts, so nothing can fail here.
        value.map_or_else(|_| String::new(), |value| value.to_string())
    }

    /// The hash of the canonical form.
    pub fn hash(&self) -> ContentHash {
        ContentHash::of(self.canonical_json().as_bytes())
    }

    /// Refuses a strategy without an entry rule: asked where the signals do
    /// not come from elsewhere.
    pub fn require_rules(&self) -> Result<(), StrategyError> {
        let name = self.name.clone();
        let problem = if self.signals_from_files {
            Problem::NoSignals { name }
        } else if self.entries.is_empty() {
            Problem::NoEntry { name }
        } else {
            return Ok(());
        };
        let at = Place {
            line: 1,
            column: 1,
            length: 1,
        };
        Err(StrategyError { at, problem })
    }
}
