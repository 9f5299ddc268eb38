//! The same candles walked many times with other signals.

use fondaco_domain::strategy::{Side, Strategy};
use fondaco_domain::{Bars, Symbol};

use super::pair::Pair;
use super::settings::{BacktestError, PairInput, Settings};
use super::simulate::Simulation;
use super::steps::PriceSteps;
use super::timeline::Timeline;
use super::{Plan, check_input};
use crate::signals::Signals;

/// Candles and an account made ready once, to be walked with the signals of
/// one trial after the other. A walk gives the trades of [`super::run`]
/// without writing them out.
#[derive(Debug)]
pub struct Course<'a> {
    settings: &'a Settings,
    inputs: Vec<PairInput<'a>>,
    price_steps: Vec<PriceSteps>,
    timeline: Timeline<'a>,
    names: Vec<&'a Symbol>,
}

/// What a walk comes to. Money is in the stake currency.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Walk {
    /// Profit and profit ratio of each closed trade, in order of closing.
    pub closed: Vec<(f64, f64)>,
    /// Trades whose forced exit at the end did not fill.
    pub left_open: usize,
    /// Money at the end, without the stakes of spot trades left open.
    pub final_balance: f64,
}

impl<'a> Course<'a> {
    /// Checks everything that does not depend on the signals; those of the
    /// inputs only have to have the right length.
    pub fn new(settings: &'a Settings, inputs: Vec<PairInput<'a>>) -> Result<Self, BacktestError> {
        settings.check()?;
        if inputs.is_empty() || inputs.iter().any(|input| input.bars.len() < 2) {
            return Err(BacktestError::NoCandles);
        }
        for input in &inputs {
            check_input(settings, input)?;
        }
        let bars: Vec<&Bars> = inputs.iter().map(|input| input.bars).collect();
        Ok(Self {
            settings,
            price_steps: inputs.iter().map(PriceSteps::of).collect(),
            timeline: Timeline::new(&bars),
            names: inputs.iter().map(|input| input.symbol).collect(),
            inputs,
        })
    }

    /// Walks the candles with the signals of each pair.
    pub fn walk(&self, strategy: &Strategy, signals: &[Signals]) -> Result<Walk, BacktestError> {
        let plan = Plan::new(strategy, self.settings);
        let long = strategy.direction.allows(Side::Long);
        let mut pairs = Vec::with_capacity(self.inputs.len());
        for ((input, steps), signals) in self.inputs.iter().zip(&self.price_steps).zip(signals) {
            if signals.len() != input.bars.len() {
                return Err(BacktestError::SignalRows {
                    symbol: input.symbol.clone(),
                    signals: signals.len(),
                    bars: input.bars.len(),
                });
            }
            let input = PairInput { signals, ..*input };
            pairs.push(Pair::with_steps(
                &input,
                steps.clone(),
                long,
                plan.can_short,
            ));
        }
        let simulation = Simulation::new(plan, self.settings, &pairs);
        let done = simulation.run(&self.timeline, &self.names, &|| false)?;
        let closed = done.closed.iter().map(|close| {
            let realised = close.position.realised;
            (realised.profit, realised.ratio)
        });
        Ok(Walk {
            closed: closed.collect(),
            left_open: done.left_open.len(),
            final_balance: done.final_balance,
        })
    }
}
