//! What the scripts of a report draw from.

use std::collections::HashMap;

use fondaco_contract::v1alpha1::{BacktestResult, Equity, Side, Trade};
use serde_json::{Value, json};

use crate::candles::{PairCandles, candle_data};
use crate::format::Money;
use crate::thin;

/// Stretches an equity curve is thinned to; a screen has fewer columns.
const EQUITY_BUCKETS: usize = 1_200;
/// Trades in the list of a report; all of them are in the result.
pub(crate) const LISTED_TRADES: usize = 20_000;

/// Everything the scripts of one result's report need.
pub(crate) fn of_result(result: &BacktestResult, candles: &[PairCandles<'_>]) -> Value {
    let settings = &result.settings;
    let money = Money::of(&settings.stake_currency, settings.starting_balance);
    json!({
        "money": { "currency": money.currency, "decimals": money.decimals },
        "start": settings.starting_balance,
        "series": [{ "name": "Account", "points": equity(&result.equity) }],
        "pairs": candles.iter().map(|pair| candle_data(pair, candles.len())).collect::<Vec<_>>(),
        "trades": trades(&result.trades),
    })
}

/// The account and, where there is one, the benchmark, in columns: seconds
/// since the row before, value, value held, invested share.
pub(crate) fn equity(equity: &Equity) -> Value {
    let rows = thin::rows(&equity.value, EQUITY_BUCKETS);
    let column =
        |values: &[f64]| -> Vec<f64> { rows.iter().map(|&row| round(values[row], 8)).collect() };
    let share: Vec<f64> = rows
        .iter()
        .map(|&row| round(equity.invested[row] / equity.value[row], 3))
        .collect();
    json!({
        "t": deltas(rows.iter().map(|&row| equity.time_ms[row] / 1000)),
        "v": column(&equity.value),
        "h": equity.benchmark.as_deref().map(column),
        "i": share,
    })
}

/// Trades in columns; pairs, tags and reasons as places in a list.
fn trades(trades: &[Trade]) -> Value {
    let listed = &trades[..trades.len().min(LISTED_TRADES)];
    let mut names = Names::default();
    let column = |of: fn(&Trade) -> f64, digits| -> Vec<f64> {
        listed.iter().map(|t| round(of(t), digits)).collect()
    };
    let mut name = |of: fn(&Trade) -> &str| -> Vec<usize> {
        listed.iter().map(|trade| names.id(of(trade))).collect()
    };
    let pair = name(|trade| &trade.pair);
    let tag = name(|trade| trade.enter_tag.as_deref().unwrap_or_default());
    let reason = name(|trade| &trade.exit_reason);
    json!({
        "names": names.list,
        "pair": pair,
        "tag": tag,
        "reason": reason,
        "short": listed.iter().map(|t| u8::from(t.side == Side::Short)).collect::<Vec<_>>(),
        "left": listed.iter().map(|t| u8::from(t.is_open)).collect::<Vec<_>>(),
        "open": listed.iter().map(|t| t.open_ms / 1000).collect::<Vec<_>>(),
        "held": listed.iter().map(|t| (t.close_ms - t.open_ms) / 1000).collect::<Vec<_>>(),
        "in": column(|t| t.open_rate, 9),
        "out": column(|t| t.close_rate, 9),
        "stake": column(|t| t.stake_amount, 8),
        "profit": column(|t| t.profit_abs, 8),
        "ratio": column(|t| t.profit_ratio, 6),
        "fills": fills(listed),
    })
}

/// Orders of the trades that have more than one entry and one exit:
/// trade, seconds, price, whether it adds.
fn fills(trades: &[Trade]) -> Vec<Value> {
    let several = trades
        .iter()
        .enumerate()
        .filter(|(_, t)| t.orders.len() > 2);
    several
        .flat_map(|(row, trade)| {
            trade.orders.iter().map(move |order| {
                let adds = u8::from(order.is_entry);
                json!([row, order.time_ms / 1000, round(order.price, 9), adds])
            })
        })
        .collect()
}

/// Texts that repeat, each once.
#[derive(Default)]
struct Names {
    list: Vec<String>,
    ids: HashMap<String, usize>,
}

impl Names {
    fn id(&mut self, name: &str) -> usize {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        self.ids.insert(name.to_owned(), self.list.len());
        self.list.push(name.to_owned());
        self.list.len() - 1
    }
}

/// To so many significant digits: charts and lists need no more, and the
/// result itself has them all.
pub(crate) fn round(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits.saturating_sub(1))
        .parse()
        .unwrap_or(value)
}

/// What each is more than the one before it.
pub(crate) fn deltas(values: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut before = 0;
    values
        .map(|value| {
            let delta = value - before;
            before = value;
            delta
        })
        .collect()
}
