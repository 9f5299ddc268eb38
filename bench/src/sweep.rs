//! 10,000 pairs of SMA windows over one series, on all cores and on one.

use std::fmt::Write as _;

use anyhow::Context;
use fondaco_domain::strategy::{Stake, parse};
use fondaco_engine::backtest::Settings;
use fondaco_engine::expr::{Inputs, ParamValues};
use fondaco_engine::signals::Signals;
use fondaco_engine::sweep::{Market, Sweep};
use serde_json::{Value, json};

use crate::{median_seconds, series};

const WINDOWS: std::ops::Range<u32> = 2..144;
const COMBINATIONS: usize = 10_000;

pub(crate) fn run(candles: &str, strategy: &str, returns: Option<&str>) -> anyhow::Result<Value> {
    let bars = series::read(candles)?;
    let text = std::fs::read_to_string(strategy).with_context(|| strategy.to_owned())?;
    let strategy = parse(&text)?;
    let (symbol, rules) = (series::symbol(0), series::fine_rules());
    let none = Signals::none(bars.len());
    let settings = |fee| Settings {
        fee,
        stake: Stake::Unlimited,
        max_open_trades: Some(1),
        tradable_balance_ratio: 1.0,
        starting_balance: 10_000.0,
        ..Settings::default()
    };
    let trials: Vec<ParamValues> = WINDOWS
        .flat_map(|fast| (fast + 1..WINDOWS.end).map(move |slow| (fast, slow)))
        .take(COMBINATIONS)
        .map(|(fast, slow)| {
            ParamValues::new(
                &strategy,
                [("fast", f64::from(fast)), ("slow", f64::from(slow))],
            )
        })
        .collect::<Result<_, _>>()?;
    let with_fee = settings(0.001);
    let market = || Market {
        input: series::input(&symbol, &bars, &none, &rules),
        inputs: Inputs::new(&bars),
    };
    // Each run starts with an empty cache of indicators.
    let seconds = |threads: usize| -> anyhow::Result<f64> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        Ok(median_seconds(5, || {
            let sweep = Sweep::new(&strategy, &with_fee, vec![market()]).expect("a good sweep");
            let figures = pool.install(|| sweep.evaluate_all(&trials));
            assert_eq!(figures.len(), COMBINATIONS);
        }))
    };
    let (one, two) = (seconds(1)?, seconds(2)?);
    let free = settings(0.0);
    let sweep = Sweep::new(&strategy, &free, vec![market()])?;
    let mut text = String::new();
    let mut trades = 0;
    for figures in sweep.evaluate_all(&trials) {
        let figures = figures?;
        trades += u64::from(figures.trades);
        writeln!(text, "{},{}", figures.total_return, figures.trades)?;
    }
    if let Some(path) = returns {
        std::fs::write(path, text).with_context(|| path.to_owned())?;
    }
    let rate = |seconds: f64| COMBINATIONS as f64 / seconds;
    Ok(json!({
        "combinations": COMBINATIONS, "candles": bars.len(), "trades": trades,
        "seconds_one_thread": one, "per_second_one_thread": rate(one),
        "seconds_two_threads": two, "per_second_two_threads": rate(two),
    }))
}
