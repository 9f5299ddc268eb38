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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FeedEntry {
    /// A halt was set or cleared.
    System {
        /// One sentence.
        content: String,
        /// When, RFC 3339.
        timestamp: String,
    },
    /// Of a room.
    #[serde(untagged)]
    Room(Box<RoomFrame>),
}

/// What happens in a room, with the run and the team whose room it is. Times
/// are those of the steps that the room goes over, in Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RoomFrame {
    /// What.
    #[serde(flatten)]
    pub event: RoomEvent,
    /// The run.
    pub run_id: String,
    /// The name of the model in its run.
    pub team: String,
}

/// What happens in a room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub enum RoomEvent {
    /// A step begins.
    DayStart {
        /// The step.
        date: String,
        /// Of the steps before it, from 0 to 1.
        progress: f64,
    },
    /// A member has said something outside of the conference.
    AgentMessage {
        /// Who.
        agent_id: String,
        /// In words.
        content: String,
        /// The step.
        ts: i64,
    },
    /// A member is told what became of its calls.
    Memory {
        /// Who.
        agent_id: String,
        /// In words.
        content: String,
        /// The step.
        ts: i64,
    },
    /// The conference begins.
    ConferenceStart {
        /// What it is about.
        title: String,
        /// The step.
        date: String,
    },
    /// A round of it begins.
    ConferenceCycleStart {
        /// Which, from 1.
        cycle: u32,
        /// All of them.
        total_cycles: u32,
    },
    /// A member has spoken in it.
    ConferenceMessage {
        /// Who.
        agent_id: String,
        /// In words.
        content: String,
    },
    /// A round of it is over.
    ConferenceCycleEnd {
        /// Which, from 1.
        cycle: u32,
    },
    /// It is over.
    ConferenceEnd {
        /// The step.
        date: String,
    },
    /// How the team stands, with what the same money made without it.
    TeamSummary(TeamSummary),
    /// What the team holds.
    TeamHoldings {
        /// As in `holdings.json`.
        data: Vec<Value>,
    },
    /// What it traded, the newest first, at most 100.
    TeamTrades {
        /// As in `trades.json`.
        data: Vec<Value>,
    },
    /// Its figures.
    TeamStats {
        /// As in `stats.json`.
        data: Map<String, Value>,
    },
    /// Its analysts, the best first.
    TeamLeaderboard {
        /// As in `leaderboard.json`.
        data: Vec<Value>,
    },
    /// A step is over.
    DayComplete {
        /// The step.
        date: String,
        /// Of the steps up to it, from 0 to 1.
        progress: f64,
    },
    /// A step came to no end: nothing was ordered.
    DayError {
        /// The step.
        date: String,
        /// Why not.
        content: String,
    },
}

impl RoomEvent {
    /// Whether it is told again to those who come later: rounds of a conference
    /// and holdings are not.
    pub fn is_kept(&self) -> bool {
        !matches!(
            self,
            Self::ConferenceCycleStart { .. }
                | Self::ConferenceCycleEnd { .. }
                | Self::TeamHoldings { .. }
        )
    }
}

/// How a team stands. Series have a point a step, `{t, v}`, at 16:00 of its
/// day; those of returns are in per cent of the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TeamSummary {
    /// What all of it is worth.
    pub balance: f64,
    /// In per cent of the money at the beginning.
    #[serde(rename = "pnlPct")]
    pub pnl_pct: f64,
    /// The team.
    pub equity: Vec<Value>,
    /// The same money spread equally and held.
    pub baseline: Vec<Value>,
    /// The same money spread by market value and held; empty where market
    /// values are not known.
    pub baseline_vw: Vec<Value>,
    /// The same money in what rose most.
    pub momentum: Vec<Value>,
    /// Returns of the team.
    pub equity_return: Vec<Value>,
    /// Returns of what is spread equally.
    pub baseline_return: Vec<Value>,
    /// Returns of what is spread by market value.
    pub baseline_vw_return: Vec<Value>,
    /// Returns of what rose most.
    pub momentum_return: Vec<Value>,
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
