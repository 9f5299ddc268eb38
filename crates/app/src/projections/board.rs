//! The dashboard of a team as frames of the gateway say it.

use fondaco_contract::gateway::{Dashboard as Files, TeamSummary};
use fondaco_contract::v1alpha1::simulation::{ModelDay, SimulationJob, SimulationModel};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::dashboard::Dashboard;

/// Trades that a frame lists, the newest first.
const TRADES: usize = 100;

/// How a team stands.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    pub(crate) files: Files,
    pub(crate) summary: TeamSummary,
    pub(crate) portfolio: Map<String, Value>,
    pub(crate) prices: Map<String, Value>,
    /// Its last completed step.
    pub(crate) date: Option<String>,
    pub(crate) days: usize,
}

/// The board of the days that a model completed, in order; nothing without one.
pub(crate) fn board(
    job: &SimulationJob,
    model: &SimulationModel,
    days: &[ModelDay],
) -> Option<Board> {
    let dashboard = Dashboard::of_days(job, model, days)?;
    let summary = object(&dashboard.summary);
    let series = |name: &str| list(&summary[name]);
    let returns = |name: &str| returns(&series(name));
    let mut trades = list(&value(&dashboard.trades));
    trades.truncate(TRADES);
    Some(Board {
        summary: TeamSummary {
            balance: summary["balance"].as_f64().unwrap_or_default(),
            pnl_pct: summary["pnlPct"].as_f64().unwrap_or_default(),
            equity: series("equity"),
            baseline: series("baseline"),
            baseline_vw: series("baseline_vw"),
            momentum: series("momentum"),
            equity_return: returns("equity"),
            baseline_return: returns("baseline"),
            baseline_vw_return: returns("baseline_vw"),
            momentum_return: returns("momentum"),
        },
        files: Files {
            holdings: list(&value(&dashboard.holdings)),
            stats: object(&dashboard.stats),
            leaderboard: dashboard.leaderboard.clone(),
            trades,
            summary,
        },
        portfolio: object(&dashboard.portfolio),
        prices: dashboard.prices.clone().into_iter().collect(),
        date: days.last().map(|day| day.date.to_string()),
        days: days.len(),
    })
}

/// In per cent of the first.
fn returns(points: &[Value]) -> Vec<Value> {
    let of = |point: &Value| point["v"].as_f64().unwrap_or_default();
    let first = points.first().map_or(0.0, of);
    let returned = |point: &Value| {
        let gain = if first == 0.0 {
            0.0
        } else {
            (of(point) / first - 1.0) * 100.0
        };
        json!({"t": point["t"], "v": gain})
    };
    points.iter().map(returned).collect()
}

fn value(document: &impl Serialize) -> Value {
    serde_json::to_value(document).unwrap_or_default()
}

fn object(document: &impl Serialize) -> Map<String, Value> {
    match value(document) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
