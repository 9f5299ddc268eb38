//! Steps, minimum costs and maintenance tiers by market.
//!
//! A table built into the program covers pairs quoted in bitcoin or dollars,
//! two swaps and shares; a file of the same form adds to it or replaces rows.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use fondaco_domain::market::{LeverageTier, MarketRules, TradingMode};
use fondaco_domain::{ErrorKind, Hint, Symbol};
use serde::Deserialize;
use thiserror::Error;

const BUILT_IN: &str = include_str!("markets.toml");

/// Rules of every known market.
#[derive(Debug, Clone, PartialEq)]
pub struct Markets {
    table: Arc<Table>,
}

/// A markets file that does not read.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MarketsError {
    /// Not TOML, or a key or value that has no place in it.
    #[error("the markets file is wrong: {0}")]
    Form(String),
    /// A step or cost that is not positive.
    #[error("[{market}]: {key} is {value}; it must be above zero")]
    NotPositive {
        /// Table of the file.
        market: String,
        /// Its key.
        key: &'static str,
        /// Its value.
        value: f64,
    },
}

impl Hint for MarketsError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some("see docs/reference/markets.md for the form".into())
    }
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Pairs by quote currency.
    #[serde(default)]
    spot: BTreeMap<String, Steps>,
    /// Instruments without a quote currency.
    #[serde(default)]
    share: Option<Steps>,
    /// All swaps.
    #[serde(default)]
    swap: Option<Steps>,
    /// Single instruments.
    #[serde(default)]
    pair: BTreeMap<String, Steps>,
    /// Maintenance tiers by swap.
    #[serde(default)]
    tiers: BTreeMap<String, Vec<LeverageTier>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Steps {
    price_step: f64,
    amount_step: f64,
    min_cost: f64,
}

impl Markets {
    /// The table built into the program.
    ///
    /// # Panics
    /// Never: a test reads the table.
    pub fn built_in() -> Self {
        // Read once: every job that is checked asks for it.
        static TABLE: LazyLock<Arc<Table>> = LazyLock::new(|| {
            Arc::new(toml::from_str(BUILT_IN).expect("the built-in table is read by a test"))
        });
        Self {
            table: Arc::clone(&TABLE),
        }
    }

    /// The built-in table with the rows of a file added or replaced.
    pub fn with_file(text: &str) -> Result<Self, MarketsError> {
        let file: Table =
            toml::from_str(text).map_err(|error| MarketsError::Form(error.to_string()))?;
        file.check()?;
        let mut table = Arc::unwrap_or_clone(Self::built_in().table);
        table.spot.extend(file.spot);
        table.pair.extend(file.pair);
        table.tiers.extend(file.tiers);
        table.share = file.share.or(table.share);
        table.swap = file.swap.or(table.swap);
        let table = Arc::new(table);
        Ok(Self { table })
    }

    /// The rules of an instrument.
    pub fn rules(&self, symbol: &Symbol, mode: TradingMode) -> Option<MarketRules> {
        let table = &self.table;
        let steps = table
            .pair
            .get(symbol.as_str())
            .or(match (mode, symbol.quote()) {
                (TradingMode::Futures, _) => table.swap.as_ref(),
                (TradingMode::Spot, Some(quote)) => table.spot.get(quote),
                (TradingMode::Spot, None) => table.share.as_ref(),
            })?;
        Some(MarketRules {
            price_step: steps.price_step,
            amount_step: steps.amount_step,
            min_cost: steps.min_cost,
            tiers: table
                .tiers
                .get(symbol.as_str())
                .cloned()
                .unwrap_or_default(),
        })
    }
}

impl Table {
    fn check(&self) -> Result<(), MarketsError> {
        let named = self
            .spot
            .iter()
            .chain(&self.pair)
            .map(|(name, steps)| (name.as_str(), steps));
        let single = [("share", &self.share), ("swap", &self.swap)];
        let single = single
            .into_iter()
            .filter_map(|(name, steps)| Some((name, steps.as_ref()?)));
        for (market, steps) in named.chain(single) {
            let values = [
                ("price_step", steps.price_step),
                ("amount_step", steps.amount_step),
                ("min_cost", steps.min_cost),
            ];
            let wrong = values
                .into_iter()
                .find(|(key, value)| !(*value > 0.0 || *key == "min_cost" && *value == 0.0));
            if let Some((key, value)) = wrong {
                return Err(MarketsError::NotPositive {
                    market: market.to_owned(),
                    key,
                    value,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(text: &str) -> Symbol {
        text.parse().unwrap()
    }

    #[test]
    fn the_built_in_table_reads_and_knows_the_usual_markets() {
        let markets = Markets::built_in();
        let step = |name, mode| {
            markets
                .rules(&symbol(name), mode)
                .map(|rules| rules.amount_step)
        };
        assert_eq!(step("ETH/BTC", TradingMode::Spot), Some(0.001));
        assert_eq!(step("BTC/USDT", TradingMode::Spot), Some(1e-5));
        assert_eq!(step("AAPL", TradingMode::Spot), Some(1.0));
        assert_eq!(step("BTC/XAU", TradingMode::Spot), None);
        let swap = markets
            .rules(&symbol("XRP/USDT:USDT"), TradingMode::Futures)
            .unwrap();
        assert!(swap.tiers.is_sorted_by_key(|tier| tier.min_notional) && swap.tiers.len() > 5);
    }

    #[test]
    fn a_file_adds_rows_and_mistakes_are_named() {
        let own = Markets::with_file(
            "[pair.\"BTC/XAU\"]\nprice_step = 0.01\namount_step = 0.5\nmin_cost = 1.0\n",
        );
        let rules = own
            .unwrap()
            .rules(&symbol("BTC/XAU"), TradingMode::Spot)
            .unwrap();
        assert_eq!(rules.amount_step, 0.5);
        let zero = "[spot.EUR]\nprice_step = 0.01\namount_step = 0.0\nmin_cost = 1.0\n";
        assert!(matches!(
            Markets::with_file(zero),
            Err(MarketsError::NotPositive {
                key: "amount_step",
                ..
            })
        ));
        assert!(Markets::with_file("[spot.EUR]\nstep = 1\n").is_err());
    }
}
