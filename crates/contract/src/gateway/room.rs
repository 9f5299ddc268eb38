//! How a trading room stands, in the words that a room's dashboard knows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// All that a dashboard shows first.
///
/// What has no source yet is empty in the dashboard's form: every list is
/// `[]`, every object `{}`, every count 0 and `current_date` `null`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InitialState {
    /// What the room does.
    pub server_mode: ServerMode,
    /// Whether its prices are made up.
    pub is_mock_mode: bool,
    /// Whether it goes over past days.
    pub is_backtest: bool,
    /// What was told before, the newest first, at most 200.
    pub feed_history: Vec<FeedEntry>,
    /// The day it is at.
    pub current_date: Option<String>,
    /// Days it has to go over.
    pub trading_days_total: u32,
    /// Days it has gone over.
    pub trading_days_completed: u32,
    /// What it holds.
    pub holdings: Vec<Value>,
    /// What it traded, the newest first, at most 100.
    pub trades: Vec<Value>,
    /// Its figures.
    pub stats: Map<String, Value>,
    /// Its analysts, the best first.
    pub leaderboard: Vec<Value>,
    /// Its money and positions.
    pub portfolio: Map<String, Value>,
    /// Last prices by ticker.
    pub realtime_prices: Map<String, Value>,
    /// The same as files.
    pub dashboard: Dashboard,
    /// Of the New York exchanges.
    pub market_status: MarketState,
}

/// What a room does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServerMode {
    /// It trades as days come.
    Live,
    /// It goes over past days.
    Backtest,
    /// Nothing.
    Stopped,
}

/// What a dashboard reads as files.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the words are the names of the files")]
pub struct Dashboard {
    pub summary: Map<String, Value>,
    pub holdings: Vec<Value>,
    pub stats: Map<String, Value>,
    pub trades: Vec<Value>,
    pub leaderboard: Vec<Value>,
}

/// Something that was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FeedEntry {
    /// A halt was set or cleared.
    System {
        /// One sentence.
        content: String,
        /// When, RFC 3339.
        timestamp: String,
    },
}

/// Whether a market trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MarketState {
    /// The word; `null` in years whose holidays are not known.
    pub status: Option<MarketStatus>,
}

/// When a day's trading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MarketStatus {
    /// The session.
    Open,
    /// No trading.
    Closed,
    /// From 04:00 in New York to the opening.
    Premarket,
    /// Four hours from the close on.
    Afterhours,
}

impl InitialState {
    /// Of a room that does nothing.
    pub fn stopped(market: Option<MarketStatus>) -> Self {
        Self {
            server_mode: ServerMode::Stopped,
            is_mock_mode: false,
            is_backtest: false,
            feed_history: Vec::new(),
            current_date: None,
            trading_days_total: 0,
            trading_days_completed: 0,
            holdings: Vec::new(),
            trades: Vec::new(),
            stats: Map::new(),
            leaderboard: Vec::new(),
            portfolio: Map::new(),
            realtime_prices: Map::new(),
            dashboard: Dashboard::default(),
            market_status: MarketState { status: market },
        }
    }
}
