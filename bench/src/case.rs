//! The loop alone over a case that freqtrade runs too.

use anyhow::Context;
use fondaco_app::backtests::account::read_freqtrade_config;
use fondaco_app::backtests::markets::Markets;
use fondaco_domain::quality::fill_gaps;
use fondaco_domain::strategy::parse;
use fondaco_engine::backtest::{self, PairInput};
use fondaco_engine::expr::{self, Inputs, ParamValues};
use fondaco_market::FreqtradeDir;
use serde_json::{Value, json};

use crate::median_seconds;

pub(crate) fn run(strategy: &str, data: &str, config: &str) -> anyhow::Result<Value> {
    let read = |path: &str| std::fs::read_to_string(path).with_context(|| path.to_owned());
    let mut strategy = parse(&read(strategy)?)?;
    let plan = read_freqtrade_config(&read(config)?, &mut strategy, None)?;
    let (folder, markets) = (FreqtradeDir::open(data)?, Markets::built_in());
    let program = expr::compile(&strategy, &ParamValues::defaults(&strategy))?;
    let startup = program
        .startup_candles()
        .max(strategy.startup_candles.unwrap_or(0)) as usize;
    let mode = plan.settings.mode;
    let mut pairs = Vec::new();
    for symbol in &plan.pairs {
        let all = fill_gaps(
            &folder.bars(symbol, strategy.timeframe, mode)?,
            strategy.timeframe,
        );
        let signals = program.signals(&Inputs::new(&all))?;
        let rules = markets.rules(symbol, mode).context("a known market")?;
        let tested = startup..all.len();
        pairs.push((
            all.slice(tested.clone()),
            signals.slice(tested),
            rules,
            all,
            symbol,
        ));
    }
    let inputs: Vec<PairInput<'_>> = pairs
        .iter()
        .map(|(bars, signals, rules, all, symbol)| PairInput {
            symbol,
            bars,
            signals,
            rules,
            step_bars: Some(all),
            detail: None,
            funding: None,
            actions: None,
        })
        .collect();
    let (mut trades, mut candles) = (0, 0);
    let seconds = median_seconds(101, || {
        let outcome =
            backtest::run(&strategy, &plan.settings, &inputs).expect("the case runs in freqtrade");
        trades = outcome.trades.len();
        candles = inputs.iter().map(|input| input.bars.len()).sum();
    });
    Ok(json!({ "candles": candles, "trades": trades, "loop_seconds": seconds }))
}
