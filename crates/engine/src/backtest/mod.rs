//! The backtest loop, with freqtrade's candle semantics or with what trading
//! costs.
//!
//! [`run`] takes candles and signals of every pair and returns the trades.
//! A signal on one candle acts at the open of the next; exits are looked for
//! on the candle of the entry too. In the freqtrade profile prices and amounts
//! are decided in exact decimal arithmetic ([`decimal`]), so that they equal
//! freqtrade's; the realistic profile ([`realistic`]) is a loop of its own.

mod account;
mod actions;
mod costs;
mod course;
pub(crate) mod decimal;
mod exits;
mod futures;
mod order;
mod orders;
mod outcome;
mod pair;
mod position;
mod protections;
mod quiet;
mod realistic;
mod settings;
mod simulate;
mod steps;
mod timeline;

use fondaco_domain::market::TradingMode;
use fondaco_domain::strategy::{Adjustment, Protection, Risk, Side, Strategy};
use fondaco_domain::{Symbol, Timeframe};

pub use actions::{Action, Actions};
pub use costs::{Costs, IntraCandle, Profile, Remainder, Slippage, Spread};
pub use course::{Course, Walk};
pub use futures::Funding;
pub use outcome::{Outcome, Realism};
pub use realistic::Charges;
pub use settings::{BacktestError, PairInput, Settings};

use pair::Pair;
use simulate::Simulation;
use timeline::Timeline;

/// Whether to stop, asked now and then: from any thread, and cheap enough to
/// be asked a thousand times a second.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// Runs a strategy's risk rules over candles and signals. Pairs are in the
/// order in which they compete for slots.
pub fn run(
    strategy: &Strategy,
    settings: &Settings,
    inputs: &[PairInput<'_>],
) -> Result<Outcome, BacktestError> {
    run_until(strategy, settings, inputs, &|| false)
}

/// [`run`], or [`BacktestError::Stopped`] once it is told to stop. Being asked
/// changes nothing of the outcome.
pub fn run_until(
    strategy: &Strategy,
    settings: &Settings,
    inputs: &[PairInput<'_>],
    stop: Stop<'_>,
) -> Result<Outcome, BacktestError> {
    settings.check()?;
    let inputs: Vec<_> = inputs
        .iter()
        .filter(|input| input.bars.len() >= 2)
        .copied()
        .collect();
    if inputs.is_empty() {
        return Err(BacktestError::NoCandles);
    }
    for input in &inputs {
        check_input(settings, input)?;
    }
    if let Profile::Realistic(costs) = &settings.profile {
        return run_realistic(strategy, settings, costs, &inputs, stop);
    }
    let plan = Plan::new(strategy, settings);
    let long = strategy.direction.allows(Side::Long);
    let pairs: Vec<_> = inputs
        .iter()
        .map(|input| Pair::new(input, long, plan.can_short))
        .collect();
    let bars: Vec<_> = inputs.iter().map(|input| input.bars).collect();
    let names: Vec<&Symbol> = inputs.iter().map(|input| input.symbol).collect();
    let timeline = Timeline::new(&bars);
    let simulation = Simulation::new(plan, settings, &pairs);
    let done = simulation.run(&timeline, &names, stop)?;
    Ok(Outcome::new(done, &pairs, &names, settings))
}

fn run_realistic<'a>(
    strategy: &Strategy,
    settings: &Settings,
    costs: &Costs,
    inputs: &[PairInput<'a>],
    stop: Stop<'_>,
) -> Result<Outcome, BacktestError> {
    let mut plan = Plan::new(strategy, settings);
    plan.can_short |= costs.borrow_interest.is_some() && strategy.direction.allows(Side::Short);
    let long = strategy.direction.allows(Side::Long);
    // The price step is the market's, whatever the candles show.
    let fixed = |input: &PairInput<'a>| PairInput {
        step_bars: None,
        ..*input
    };
    let pairs: Vec<_> = inputs
        .iter()
        .map(|input| Pair::new(&fixed(input), long, plan.can_short))
        .collect();
    realistic::run(plan, settings, costs, inputs, &pairs, stop)
}

/// What the loop needs of a strategy.
#[derive(Debug, Clone, Copy)]
struct Plan<'a> {
    timeframe: Timeframe,
    risk: &'a Risk,
    protections: &'a [Protection],
    adjustment: &'a Adjustment,
    can_short: bool,
}

impl<'a> Plan<'a> {
    fn new(strategy: &'a Strategy, settings: &Settings) -> Self {
        let futures = settings.mode == TradingMode::Futures;
        Self {
            timeframe: strategy.timeframe,
            risk: &strategy.risk,
            protections: &strategy.protections,
            adjustment: &strategy.adjustment,
            can_short: futures && strategy.direction.allows(Side::Short),
        }
    }
}

fn check_input(settings: &Settings, input: &PairInput<'_>) -> Result<(), BacktestError> {
    let symbol = || input.symbol.clone();
    if input.signals.len() != input.bars.len() {
        let (signals, bars) = (input.signals.len(), input.bars.len());
        return Err(BacktestError::SignalRows {
            symbol: symbol(),
            signals,
            bars,
        });
    }
    if let Some(row) = input.bars.low().iter().position(|&low| low <= 0.0) {
        let (price, at) = (input.bars.low()[row], input.bars.time()[row]);
        return Err(BacktestError::Price {
            symbol: symbol(),
            price,
            at,
        });
    }
    if settings.mode == TradingMode::Futures {
        if input.rules.tiers.is_empty() {
            return Err(BacktestError::NoTiers(symbol()));
        }
        if input.funding.is_none() {
            return Err(BacktestError::NoFunding(symbol()));
        }
    }
    Ok(())
}
