//! The realistic profile: accounts that add up, costs that cost, splits and
//! dividends worked out by hand.

mod account;
mod actions;
mod fills;

use fondaco_domain::market::MarketRules;
use fondaco_domain::strategy::{Stake, Strategy, parse};
use fondaco_domain::{Bar, Bars, Symbol, UnixMillis};
use fondaco_engine::backtest::{self, Actions, Costs, Outcome, PairInput, Profile, Settings};
use fondaco_engine::signals::Signals;

pub(super) const DAY: i64 = 86_400_000;

/// A strategy of daily candles whose signals come from the test.
pub(super) fn strategy(risk: &str) -> Strategy {
    parse(&format!(
        "[strategy]\nname = \"test\"\nversion = \"1.0.0\"\ntimeframe = \"1d\"\ndirection = \"both\"\n\
         [signals]\nfrom = \"files\"\n[sizing]\nstake = 100\nmax_open_trades = 3\n[risk]\n{risk}\n"
    ))
    .unwrap()
}

/// Daily candles from (open, high, low, close, volume).
pub(super) fn candles(rows: &[(f64, f64, f64, f64, f64)]) -> Bars {
    Bars::from_rows(
        rows.iter()
            .enumerate()
            .map(|(day, &(open, high, low, close, volume))| Bar {
                time: UnixMillis(day as i64 * DAY),
                open,
                high,
                low,
                close,
                volume,
            }),
    )
    .unwrap()
}

pub(super) fn rules(tick: f64, lot: f64) -> MarketRules {
    MarketRules {
        price_step: tick,
        amount_step: lot,
        min_cost: 0.0,
        tiers: Vec::new(),
    }
}

pub(super) fn settings(costs: Costs) -> Settings {
    Settings {
        profile: Profile::Realistic(costs),
        starting_balance: 10_000.0,
        stake: Stake::Fixed(1_000.0),
        tradable_balance_ratio: 1.0,
        fee: 0.0,
        ..Settings::default()
    }
}

/// A single pair with lots of one and ticks of a cent.
pub(super) fn run_one(
    risk: &str,
    settings: &Settings,
    bars: &Bars,
    signals: &Signals,
    actions: Option<&Actions>,
) -> Outcome {
    run_by(&rules(0.01, 1.0), risk, settings, bars, signals, actions)
}

/// A single pair in a market of its own.
pub(super) fn run_by(
    rules: &MarketRules,
    risk: &str,
    settings: &Settings,
    bars: &Bars,
    signals: &Signals,
    actions: Option<&Actions>,
) -> Outcome {
    let symbol: Symbol = "TEST".parse().unwrap();
    let input = PairInput {
        symbol: &symbol,
        bars,
        signals,
        rules,
        step_bars: None,
        detail: None,
        funding: None,
        actions,
    };
    backtest::run(&strategy(risk), settings, &[input]).unwrap()
}
