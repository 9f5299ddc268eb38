//! Loading and evaluating every pair before the loop.

mod loader;

use fondaco_domain::market::MarketRules;
use fondaco_domain::{Bars, Symbol};
use fondaco_engine::backtest::{Actions, Funding, PairInput, Stop};
use fondaco_engine::signals::Signals;
use rayon::prelude::*;

use super::error::BacktestsError;
use super::source::CandleSource;
use super::{Rules, Spec};
use crate::ports::Progress;
use loader::Loader;

/// Everything the loop needs of one pair.
pub(super) struct Prepared {
    pub(super) symbol: Symbol,
    pub(super) bars: Bars,
    pub(super) signals: Signals,
    rules: MarketRules,
    /// Candles with the start-up ones in front, for the price steps.
    step_bars: Option<Bars>,
    detail: Option<Bars>,
    funding: Option<Funding>,
    actions: Option<Actions>,
    /// Candles in the shares of the first, dividends reinvested; `None` where
    /// they are the traded ones.
    adjusted: Option<Bars>,
    pub(super) dataset: String,
    pub(super) version: String,
    /// Every other version that was read: detail, funding, informative.
    pub(super) further_versions: Vec<String>,
    pub(super) filled: usize,
}

impl Prepared {
    pub(super) fn input(&self) -> PairInput<'_> {
        PairInput {
            symbol: &self.symbol,
            bars: &self.bars,
            signals: &self.signals,
            rules: &self.rules,
            step_bars: Some(self.step_bars.as_ref().unwrap_or(&self.bars))
                .filter(|_| self.symbol.quote().is_some()),
            detail: self.detail.as_ref(),
            funding: self.funding.as_ref(),
            actions: self.actions.as_ref(),
        }
    }

    /// Candles whose changes are what a holder gained.
    pub(super) fn comparable(&self) -> &Bars {
        self.adjusted.as_ref().unwrap_or(&self.bars)
    }

    pub(super) fn has_actions(&self) -> bool {
        self.actions.is_some()
    }
}

/// All pairs, and why others were left out.
pub(super) struct PreparedPairs {
    pub(super) pairs: Vec<Prepared>,
    /// Pairs without signals, or with too few candles for any.
    pub(super) left_out: Vec<BacktestsError>,
    /// The one currency all of them are paid in.
    pub(super) stake_currency: String,
    pub(super) startup_candles: u32,
    pub(super) from_files: bool,
}

/// Prepares every pair, several at once, in the order of the pair list.
pub(super) fn all(
    spec: &Spec,
    source: &dyn CandleSource,
    rules: Rules<'_>,
    progress: &dyn Progress,
    stop: Stop<'_>,
) -> Result<PreparedPairs, BacktestsError> {
    check_detail(spec)?;
    let timeframe = spec.strategy.timeframe;
    let listed = if spec.pairs.is_empty() {
        source
            .symbols(timeframe, spec.settings.mode)
            .map_err(|source| BacktestsError::Load {
                what: "the list of instruments",
                symbol: "all".parse().expect("a plain word is a symbol"),
                source,
            })?
    } else {
        spec.pairs.clone()
    };
    if listed.is_empty() {
        return Err(BacktestsError::NoPairs { timeframe });
    }
    let stake_currency = stake_currency(spec, &listed)?;
    let loader = Loader::new(spec, source, rules, stop)?;
    progress.begin("loading pairs", listed.len() as u64);
    // A pair that has nothing to test is left out; anything else that is wrong
    // with one stops the run.
    let prepare = |symbol: &Symbol| {
        let pair = match loader.pair(symbol) {
            Err(error) if error.leaves_pair_out() => Ok(Err(error)),
            other => other.map(Ok),
        };
        progress.advance(1, symbol.as_str());
        pair
    };
    let pairs = if spec.threads == 1 {
        listed.iter().map(prepare).collect::<Result<Vec<_>, _>>()
    } else {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(spec.threads)
            .build();
        let pool = pool.map_err(BacktestsError::Threads)?;
        pool.install(|| {
            listed
                .par_iter()
                .map(prepare)
                .collect::<Result<Vec<_>, _>>()
        })
    };
    progress.end();
    let mut left_out = Vec::new();
    let keep = |pair: Result<Prepared, BacktestsError>| pair.map_err(|why| left_out.push(why)).ok();
    let pairs: Vec<_> = pairs?.into_iter().filter_map(keep).collect();
    if pairs.is_empty() {
        return Err(left_out.swap_remove(0));
    }
    Ok(PreparedPairs {
        pairs,
        left_out,
        stake_currency,
        startup_candles: loader.startup,
        from_files: matches!(rules, Rules::Files(_)),
    })
}

/// The stated currency, or what the pairs are quoted in; dollars where nothing
/// says. One account holds one currency.
fn stake_currency(spec: &Spec, pairs: &[Symbol]) -> Result<String, BacktestsError> {
    let paid_in = |pair: &Symbol| pair.settle().or(pair.quote()).map(str::to_owned);
    let stated = Some(&spec.stake_currency)
        .filter(|stated| !stated.is_empty())
        .cloned();
    let currency = stated
        .or_else(|| pairs.iter().find_map(paid_in))
        .unwrap_or_else(|| "USD".to_owned());
    match pairs
        .iter()
        .find(|pair| paid_in(pair).is_some_and(|other| other != currency))
    {
        Some(pair) => Err(BacktestsError::OtherCurrency {
            symbol: pair.clone(),
            currency,
        }),
        None => Ok(currency),
    }
}

fn check_detail(spec: &Spec) -> Result<(), BacktestsError> {
    let main = spec.strategy.timeframe;
    match spec.settings.detail {
        Some(detail) if detail >= main || main.millis() % detail.millis() != 0 => {
            Err(BacktestsError::Detail { detail, main })
        }
        _ => Ok(()),
    }
}
