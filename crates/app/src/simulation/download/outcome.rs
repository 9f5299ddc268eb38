//! What became of a download.

use std::collections::BTreeSet;

use fondaco_domain::{Symbol, UnixMillis};
use serde::{Deserialize, Serialize};

/// What became of every symbol of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// In the order of the plan.
    pub symbols: Vec<Fetched>,
    /// How it ended.
    pub ended: Ended,
}

/// What became of a symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetched {
    /// Which.
    pub symbol: Symbol,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: SymbolOutcome,
    /// Steps that were wanted and at which it still has no candle.
    pub still_missing: usize,
}

/// What became of a symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum SymbolOutcome {
    /// It came, and is stored.
    Downloaded {
        /// Candles that were not there before.
        added: usize,
        /// Number of the newest version.
        version: u32,
        /// Candles of that version.
        rows: u64,
    },
    /// Another download brought it meanwhile: it was not asked for.
    Present,
    /// The source was asked for it a short while ago and had no more: it was
    /// not asked again.
    AskedBefore {
        /// When.
        at: UnixMillis,
    },
    /// It did not come.
    Failed {
        /// One word of a closed list.
        reason: String,
        /// In words.
        message: String,
    },
    /// The download ended before.
    NotReached,
}

/// How a download ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ended", rename_all = "snake_case")]
pub enum Ended {
    /// Every symbol had its turn.
    Done,
    /// The source had enough, or the questions of the day are spent.
    RateLimited {
        /// In words.
        said: String,
    },
    /// It was told to stop.
    Stopped,
}

impl Outcome {
    /// The symbols that were not reached because the source had enough; none
    /// where the download ended in another way.
    pub fn unreached(&self) -> BTreeSet<Symbol> {
        let limited = matches!(self.ended, Ended::RateLimited { .. });
        self.symbols
            .iter()
            .filter(|it| limited && it.outcome == SymbolOutcome::NotReached)
            .map(|it| it.symbol.clone())
            .collect()
    }

    /// Symbols that came, by whomever they were brought.
    pub fn downloaded(&self) -> usize {
        self.count(|it| {
            matches!(
                it,
                SymbolOutcome::Downloaded { .. }
                    | SymbolOutcome::Present
                    | SymbolOutcome::AskedBefore { .. }
            )
        })
    }

    /// Symbols that did not come although they had their turn.
    pub fn failed(&self) -> usize {
        self.count(|it| matches!(it, SymbolOutcome::Failed { .. }))
    }

    /// What a client is told: `Rate limit reached - downloaded a/b symbols`
    /// and `N symbols failed to download`, each where it is so.
    pub fn warnings(&self) -> Vec<String> {
        let mut all = Vec::new();
        if matches!(self.ended, Ended::RateLimited { .. }) {
            all.push(format!(
                "Rate limit reached - downloaded {}/{} symbols",
                self.downloaded(),
                self.symbols.len()
            ));
        }
        if self.failed() > 0 {
            all.push(format!("{} symbols failed to download", self.failed()));
        }
        all
    }

    fn count(&self, which: impl Fn(&SymbolOutcome) -> bool) -> usize {
        self.symbols.iter().filter(|it| which(&it.outcome)).count()
    }
}
