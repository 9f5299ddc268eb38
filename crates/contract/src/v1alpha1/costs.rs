//! What the realistic profile takes for granted, and what it came to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The numbers of the realistic profile.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// Distance of the best offer from the best bid; a fill at market pays
    /// half of it.
    pub spread: Spread,
    /// How a fill at market moves the price against itself.
    pub slippage: Slippage,
    /// Largest part of a candle's volume that fills may take; `null` for any.
    pub max_volume_share: Option<f64>,
    /// What becomes of an entry beyond that part.
    pub entry_remainder: EntryRemainder,
    /// Candles between a signal and its order beyond the usual one.
    pub latency_candles: u32,
    /// Least fee of a fill.
    pub min_fee: f64,
    /// Fee for each unit, beside the ratio.
    pub fee_per_unit: f64,
    /// Yearly interest on free cash, as a ratio.
    pub cash_interest: f64,
    /// Yearly interest on borrowed shares, as a ratio; `null` where shorts
    /// need futures.
    pub borrow_interest: Option<f64>,
    /// Which of two prices within one candle came first.
    pub intra_candle: IntraCandle,
}

/// Distance of the best offer from the best bid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Spread {
    /// In proportion to the price.
    Ratio {
        /// Of the price.
        ratio: f64,
    },
    /// In price steps of the market.
    Ticks {
        /// How many.
        ticks: f64,
    },
}

/// How a fill at market moves the price against itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Slippage {
    /// By the same part of the price each time.
    Ratio {
        /// Of the price.
        ratio: f64,
    },
    /// By the coefficient times the square root of the fill's share of the
    /// candle's volume.
    SquareRoot {
        /// Move of a fill as large as the volume, as a ratio of the price.
        coefficient: f64,
    },
}

/// What becomes of the part of an entry that found no volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryRemainder {
    /// It is given up.
    Drop,
    /// It is tried again on the next candles.
    Retry,
}

/// Which of two prices within one candle came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntraCandle {
    /// The worse.
    Pessimistic,
    /// The better.
    Optimistic,
    /// In freqtrade's order.
    Freqtrade,
}

/// What was paid and received beside gains, in the stake currency. Costs and
/// incomes are positive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Charges {
    /// Fees of all fills; part of the trades' profits.
    pub fees: f64,
    /// What spread and slippage made fills dearer; part of the trades' profits.
    pub spread_and_slippage: f64,
    /// Interest received on free cash (negative: paid); in no trade.
    pub interest: f64,
    /// Dividends received by longs less those paid by shorts; part of the
    /// trades' profits and of their `funding_fees`.
    pub dividends: f64,
    /// Interest paid on borrowed shares; part of the trades' profits and of
    /// their `funding_fees`.
    pub borrowing: f64,
    /// Funding received (negative: paid); part of the trades' profits.
    pub funding: f64,
    /// Splits that changed an open position.
    pub splits: u64,
    /// Entry signals that found too little money, or whose stake was below the
    /// market's minimum.
    pub entries_refused: u64,
    /// Entries that found less volume than they asked for.
    pub entries_cut: u64,
    /// Exits that took more than one fill.
    pub exits_spread_out: u64,
}
