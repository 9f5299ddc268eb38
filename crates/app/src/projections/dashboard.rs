//! `team_dashboard/*.json`: the result of a backtest, or the days of a model,
//! as dashboards of the rooms read them. Percentages are of the money at the start; points are one a day,
//! at 16:00 (UTC), the last mark of the day, after one at the starting money
//! a day earlier.

mod simulated;

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::{BacktestResult, Side};
use fondaco_domain::UnixMillis;
use serde::Serialize;
use serde_json::Value;

/// All of it.
#[derive(Debug, Clone)]
pub(super) struct Dashboard {
    pub(super) summary: Summary,
    pub(super) holdings: Vec<Holding>,
    pub(super) stats: Stats,
    /// The newest first.
    pub(super) trades: Vec<Trade>,
    /// A backtest has no analysts to rank.
    pub(super) leaderboard: Vec<Value>,
    pub(super) portfolio: Portfolio,
    /// Last prices by ticker, where they are told.
    pub(super) prices: BTreeMap<String, Value>,
    /// The days that were marked, `2025-01-31`.
    pub(super) days: Vec<String>,
    /// The days there are to be, where there are to be more.
    pub(super) planned: Option<usize>,
    /// What `_internal_state.json` holds, where there is such a file.
    pub(super) internal: Option<Value>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    total_asset_value: f64,
    /// In percent.
    total_return: f64,
    cash_position: f64,
    /// Shares of the account in open positions, by ticker.
    ticker_weights: BTreeMap<String, f64>,
    total_trades: usize,
    /// In percent.
    pnl_pct: f64,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Summary {
    #[serde(flatten)]
    account: Account,
    balance: f64,
    equity: Vec<Point>,
    /// The same money spread equally and held.
    baseline: Vec<Point>,
    /// Needs market values, of which a backtest has none.
    baseline_vw: Vec<Point>,
    /// A backtest keeps no such portfolio beside its own.
    momentum: Vec<Point>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Point {
    t: i64,
    v: f64,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Holding {
    ticker: String,
    quantity: f64,
    current_price: f64,
    market_value: f64,
    /// Share of the account.
    weight: f64,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stats {
    #[serde(flatten)]
    account: Account,
    /// Of closed trades; nothing without one.
    win_rate: Option<f64>,
    bull_bear: BullBear,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
struct BullBear {
    bull: Tally,
    bear: Tally,
}

/// Closed trades, and those with a profit.
#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Tally {
    n: usize,
    win: usize,
}

/// One fill.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Trade {
    /// `t_20250131_AAPL_0`: the fills of a ticker on a day are counted.
    id: String,
    /// Unix milliseconds.
    timestamp: i64,
    trading_date: String,
    /// `LONG` buys, `SHORT` sells.
    side: &'static str,
    ticker: String,
    qty: f64,
    price: f64,
}

#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Portfolio {
    cash: Option<f64>,
    positions: BTreeMap<String, Position>,
    margin_used: f64,
    margin_requirement: f64,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Position {
    long: f64,
    short: f64,
    long_cost_basis: f64,
    short_cost_basis: f64,
}

impl Dashboard {
    pub(super) fn of(result: &BacktestResult) -> Self {
        let metrics = &result.metrics;
        let value = metrics.final_equity;
        let invested = result.equity.invested.last().copied().unwrap_or(0.0);
        let cash = value - invested;
        let holdings = holdings(result, value, cash);
        let trades = trades(result);
        let percent = metrics.total_return * 100.0;
        let positions = holdings.iter().filter(|holding| holding.ticker != CASH);
        let account = Account {
            total_asset_value: value,
            total_return: percent,
            cash_position: cash,
            ticker_weights: positions
                .map(|holding| (holding.ticker.clone(), holding.weight))
                .collect(),
            total_trades: trades.len(),
            pnl_pct: percent,
        };
        let start = metrics.starting_balance;
        let times = &result.equity.time_ms;
        let benchmark = result.equity.benchmark.as_deref().unwrap_or_default();
        Self {
            summary: Summary {
                account: account.clone(),
                balance: value,
                equity: points(times, &result.equity.value, start),
                baseline: points(times, benchmark, start),
                baseline_vw: Vec::new(),
                momentum: Vec::new(),
            },
            holdings,
            stats: Stats {
                account,
                win_rate: metrics.trades.win_rate,
                bull_bear: bull_bear(result),
            },
            trades,
            leaderboard: Vec::new(),
            portfolio: portfolio(result, cash),
            prices: BTreeMap::new(),
            days: days(times),
            planned: None,
            internal: None,
        }
    }
}

/// The row of what is in no position.
const CASH: &str = "CASH";

/// What is still open at the end, and the cash.
fn holdings(result: &BacktestResult, value: f64, cash: f64) -> Vec<Holding> {
    let weight = |part: f64| if value == 0.0 { 0.0 } else { part / value };
    let open = result.trades.iter().filter(|trade| trade.is_open);
    let mut held: Vec<Holding> = open
        .map(|trade| {
            let quantity = signed(trade.side, trade.amount);
            let market_value = quantity * trade.close_rate;
            Holding {
                ticker: trade.pair.clone(),
                quantity,
                current_price: trade.close_rate,
                market_value,
                weight: weight(market_value),
            }
        })
        .collect();
    held.push(Holding {
        ticker: CASH.to_owned(),
        quantity: cash,
        current_price: 1.0,
        market_value: cash,
        weight: weight(cash),
    });
    held
}

fn signed(side: Side, amount: f64) -> f64 {
    match side {
        Side::Long => amount,
        Side::Short => -amount,
    }
}

fn portfolio(result: &BacktestResult, cash: f64) -> Portfolio {
    let mut positions: BTreeMap<String, Position> = BTreeMap::new();
    for trade in result.trades.iter().filter(|trade| trade.is_open) {
        let position = positions.entry(trade.pair.clone()).or_default();
        match trade.side {
            Side::Long => {
                position.long += trade.amount;
                position.long_cost_basis = trade.open_rate;
            }
            Side::Short => {
                position.short += trade.amount;
                position.short_cost_basis = trade.open_rate;
            }
        }
    }
    Portfolio {
        cash: Some(cash),
        positions,
        margin_used: 0.0,
        margin_requirement: 0.0,
    }
}

fn bull_bear(result: &BacktestResult) -> BullBear {
    let mut counts = BullBear::default();
    for trade in result.trades.iter().filter(|trade| !trade.is_open) {
        let tally = match trade.side {
            Side::Long => &mut counts.bull,
            Side::Short => &mut counts.bear,
        };
        tally.n += 1;
        tally.win += usize::from(trade.profit_abs > 0.0);
    }
    counts
}

/// Every fill, the newest first. Numbered in the order of time.
fn trades(result: &BacktestResult) -> Vec<Trade> {
    let mut fills: Vec<_> = result
        .trades
        .iter()
        .flat_map(|trade| trade.orders.iter().map(move |order| (trade, order)))
        .collect();
    // Stable: fills of one instant stay in the order of the result.
    fills.sort_by_key(|(_, order)| order.time_ms);
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut trades: Vec<Trade> = fills
        .into_iter()
        .map(|(trade, order)| {
            let date = date(order.time_ms);
            let count = counts.entry((date.clone(), &trade.pair)).or_default();
            let number = std::mem::replace(count, *count + 1);
            let buys = order.is_entry == (trade.side == Side::Long);
            Trade {
                id: format!("t_{}_{}_{number}", date.replace('-', ""), trade.pair),
                timestamp: order.time_ms,
                trading_date: date,
                side: if buys { "LONG" } else { "SHORT" },
                ticker: trade.pair.clone(),
                qty: order.amount,
                price: order.price,
            }
        })
        .collect();
    trades.reverse();
    trades
}

const DAY: i64 = 86_400_000;
/// 16:00 of a day.
const CLOSE: i64 = 16 * 3_600_000;

/// One point a day; nothing without marks.
fn points(times: &[i64], values: &[f64], start: f64) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for (time, value) in times.iter().zip(values) {
        let t = time.div_euclid(DAY) * DAY + CLOSE;
        match points.last_mut() {
            Some(last) if last.t == t => last.v = *value,
            _ => points.push(Point { t, v: *value }),
        }
    }
    if let Some(first) = points.first() {
        let before = Point {
            t: first.t - DAY,
            v: start,
        };
        points.insert(0, before);
    }
    points
}

fn days(times: &[i64]) -> Vec<String> {
    let mut days: Vec<i64> = times.iter().map(|time| time.div_euclid(DAY)).collect();
    days.dedup();
    days.into_iter().map(|day| date(day * DAY)).collect()
}

fn date(millis: i64) -> String {
    UnixMillis(millis).date().to_string()
}
