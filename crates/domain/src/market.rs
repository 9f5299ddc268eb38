//! Rules of a market: steps, minimum cost, leverage tiers.

use serde::{Deserialize, Serialize};

/// What a pair is traded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingMode {
    /// Owned outright; no shorts, no leverage.
    #[default]
    Spot,
    /// Perpetual swaps on isolated margin.
    Futures,
}

/// Rules of one pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarketRules {
    /// Smallest difference between two prices, where the data does not tell a
    /// coarser one.
    pub price_step: f64,
    /// Smallest difference between two amounts.
    pub amount_step: f64,
    /// Smallest cost of an order in the quote currency.
    pub min_cost: f64,
    /// Maintenance tiers by notional, smallest first; empty for spot.
    #[serde(default)]
    pub tiers: Vec<LeverageTier>,
}

/// Maintenance margin of positions within a range of notional values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LeverageTier {
    /// Smallest notional of the tier.
    pub min_notional: f64,
    /// Largest notional of the tier.
    pub max_notional: f64,
    /// Maintenance margin as a ratio of the notional.
    pub maintenance_margin_rate: f64,
    /// Largest leverage in the tier.
    pub max_leverage: f64,
    /// Amount subtracted from the maintenance margin.
    pub maintenance_amount: f64,
}
