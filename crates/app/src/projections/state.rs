//! `state/*.json`: where a run stands.

use std::collections::BTreeMap;

use fondaco_contract::http::RunView;
use serde::Serialize;
use serde_json::Value;

use super::Picture;
use super::dashboard::{Dashboard, Holding, Portfolio, Stats, Trade};

/// `runtime_state.json`: the run, and the last thing that happened to it.
#[derive(Debug, Serialize)]
pub(super) struct RuntimeState {
    #[serde(flatten)]
    run: RunView,
    /// The number of its events.
    last_event_seq: u64,
    last_event_at: Option<String>,
    /// The hash that ends the chain of its events.
    last_event_hash: Option<String>,
}

impl RuntimeState {
    pub(super) fn of(picture: Picture<'_>) -> Self {
        Self {
            run: RunView::from(picture.run),
            last_event_seq: picture.last.map_or(0, |event| event.seq),
            last_event_at: picture.last.map(|event| event.at.to_string()),
            last_event_hash: picture.last.map(|event| event.hash.clone()),
        }
    }
}

/// Trades that `server_state.json` lists, the newest first.
const TRADES: usize = 100;

/// `server_state.json`. What has no source is empty.
#[derive(Debug, Serialize)]
pub(super) struct ServerState {
    status: String,
    current_date: Option<String>,
    portfolio: Portfolio,
    holdings: Vec<Holding>,
    trades: Vec<Trade>,
    stats: MaybeStats,
    leaderboard: Vec<Value>,
    realtime_prices: BTreeMap<String, Value>,
    system_started: String,
    feed_history: Vec<Value>,
    last_day_history: Vec<Value>,
    trading_days_total: usize,
    trading_days_completed: usize,
    /// When the last thing happened: the same bytes whenever it is written.
    last_saved: Option<String>,
}

/// An object without fields where there are none.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum MaybeStats {
    Some(Box<Stats>),
    None {},
}

impl ServerState {
    pub(super) fn of(picture: Picture<'_>, dashboard: Option<&Dashboard>) -> Self {
        let days = dashboard.map_or(0, |dashboard| dashboard.days.len());
        let planned = dashboard.and_then(|dashboard| dashboard.planned);
        let trades = dashboard.map_or(Vec::new(), |dashboard| {
            dashboard.trades.iter().take(TRADES).cloned().collect()
        });
        Self {
            status: picture.run.state.as_str().to_owned(),
            current_date: dashboard.and_then(|dashboard| dashboard.days.last().cloned()),
            portfolio: dashboard
                .map(|dashboard| dashboard.portfolio.clone())
                .unwrap_or_default(),
            holdings: dashboard
                .map(|dashboard| dashboard.holdings.clone())
                .unwrap_or_default(),
            trades,
            stats: dashboard.map_or(MaybeStats::None {}, |dashboard| {
                MaybeStats::Some(Box::new(dashboard.stats.clone()))
            }),
            leaderboard: dashboard
                .map(|dashboard| dashboard.leaderboard.clone())
                .unwrap_or_default(),
            realtime_prices: dashboard
                .map(|dashboard| dashboard.prices.clone())
                .unwrap_or_default(),
            system_started: picture.run.created_at.to_string(),
            feed_history: Vec::new(),
            last_day_history: Vec::new(),
            trading_days_total: planned.unwrap_or(days),
            trading_days_completed: days,
            last_saved: picture.last.map(|event| event.at.to_string()),
        }
    }
}
