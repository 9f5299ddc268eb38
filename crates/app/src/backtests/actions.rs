//! Splits and dividends of the instruments of a backtest.

use std::collections::BTreeMap;

use fondaco_domain::corporate::{Dividend, Factors, Split};
use fondaco_domain::{Bars, Symbol};
use fondaco_engine::backtest::Actions;

/// What files say of one instrument.
#[derive(Debug, Clone, PartialEq)]
pub enum History {
    /// Factors that adjust its prices.
    Factors(Factors),
    /// The events themselves.
    Lists {
        /// Its splits.
        splits: Vec<Split>,
        /// Its dividends.
        dividends: Vec<Dividend>,
    },
}

/// The histories of a folder, by the lower-case stem of the instrument's file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histories {
    by_stem: BTreeMap<String, (History, String)>,
}

impl Histories {
    /// Adds one; `version` is the hash of what it was read from.
    pub fn add(&mut self, stem: &str, history: History, version: String) {
        self.by_stem.insert(stem.to_lowercase(), (history, version));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_stem.is_empty()
    }

    /// The splits and dividends of an instrument and their version.
    pub(super) fn of(&self, symbol: &Symbol, bars: &Bars) -> Option<(Actions, String)> {
        let (history, version) = self.by_stem.get(&symbol.file_stem().to_lowercase())?;
        let actions = match history {
            History::Factors(factors) => Actions::from_factors(factors, bars),
            History::Lists { splits, dividends } => Actions::from_lists(splits, dividends),
        };
        Some((actions, version.clone()))
    }
}
