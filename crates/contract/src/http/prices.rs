//! Prices as the trading service hands them out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One candle of an instrument.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the words are those of a candle")]
pub struct PriceView {
    /// Open time.
    pub time: String,
    pub open: f64,
    pub high: f64,
    pub low: f64,
    pub close: f64,
    pub volume: f64,
}

/// The candles of an instrument between two dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PricesView {
    /// The instrument, as it was asked for.
    pub ticker: String,
    /// Where the candles are from.
    pub venue: String,
    /// The length of a candle.
    pub timeframe: String,
    /// In order of time.
    pub prices: Vec<PriceView>,
}

/// Instruments there are prices of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TickersView {
    /// In order.
    pub tickers: Vec<String>,
}
