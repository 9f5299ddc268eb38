//! An order on every candle: in on one, out on the next.

use fondaco_domain::Bars;
use fondaco_domain::strategy::{Stake, Strategy, parse};
use fondaco_engine::backtest::{self, Settings};
use fondaco_engine::signals::Signals;
use serde_json::{Value, json};

use crate::{median_seconds, series};

const STRATEGY: &str = "[strategy]\nname = \"alternating\"\nversion = \"1.0.0\"\n\
    timeframe = \"1m\"\n[risk]\nstoploss = -0.99\n[sizing]\nstake = 100\nmax_open_trades = 1\n";

pub(crate) fn run(candles: &str) -> anyhow::Result<Value> {
    let bars = series::read(candles)?;
    let strategy = parse(STRATEGY)?;
    let (seconds, orders) = measure(&strategy, &bars, 11);
    Ok(json!({
        "candles": bars.len(), "orders": orders, "seconds": seconds,
        "candles_per_second": bars.len() as f64 / seconds,
    }))
}

/// 1,000, 10,000, 100,000 and 1,000,000 orders.
pub(crate) fn growth() -> anyhow::Result<Value> {
    let strategy = parse(STRATEGY)?;
    let rows = [1_000, 10_000, 100_000, 1_000_000].map(|count| {
        let bars = series::walk(count + 1, 1);
        let (seconds, orders) = measure(&strategy, &bars, 11);
        json!({
            "orders": orders, "seconds": seconds,
            "nanoseconds_per_order": seconds * 1e9 / orders as f64,
        })
    });
    Ok(json!(rows))
}

fn measure(strategy: &Strategy, bars: &Bars, runs: usize) -> (f64, usize) {
    let mut signals = Signals::none(bars.len());
    for row in 0..bars.len() {
        signals.enter_long[row] = row % 2 == 0;
        signals.exit_long[row] = row % 2 == 1;
    }
    let (symbol, rules) = (series::symbol(0), series::fine_rules());
    let settings = Settings {
        stake: Stake::Fixed(100.0),
        max_open_trades: Some(1),
        starting_balance: 1e9,
        ..Settings::default()
    };
    let input = series::input(&symbol, bars, &signals, &rules);
    let mut orders = 0;
    let seconds = median_seconds(runs, || {
        let outcome = backtest::run(strategy, &settings, &[input]).expect("a good backtest");
        orders = outcome.trades.iter().map(|trade| trade.orders.len()).sum();
    });
    (seconds, orders)
}
