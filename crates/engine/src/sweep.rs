//! Many parameter sets of one strategy over the same candles.
//!
//! [`Sweep::evaluate`] answers for one set; [`Sweep::evaluate_all`] for as
//! many as are asked, on all threads of the current pool, in the order of the
//! question whatever the threads did. A search asks, is told the [`Figures`],
//! and asks again. Indicators are computed once for each distinct argument and
//! shared; a trial makes the trades of a backtest, but no result document.

use fondaco_domain::error::{ErrorKind, Hint};
use fondaco_domain::strategy::Strategy;
use fondaco_domain::{Bars, Symbol};
use rayon::prelude::*;
use thiserror::Error;

use crate::backtest::{BacktestError, Course, PairInput, Profile, Settings, Walk};
use crate::expr::{ColumnCache, ExprError, InputError, Inputs, ParamValues, Rules};
use crate::signals::Signals;
use crate::stats;

/// A strategy over candles, ready for trials.
#[derive(Debug)]
pub struct Sweep<'a> {
    strategy: &'a Strategy,
    rules: Rules<'a>,
    caches: Vec<ColumnCache<'a>>,
    /// First tested row of each pair; the rows before only warm up.
    tested: Vec<usize>,
    course: Course<'a>,
    starting_balance: f64,
}

/// Candles of one instrument.
#[derive(Debug, Clone)]
pub struct Market<'a> {
    /// Instrument, rules, funding, detail. The candles are the tested ones,
    /// the signals empty ones of their length.
    pub input: PairInput<'a>,
    /// What the expressions read: the tested candles with those before them
    /// that indicators warm up on.
    pub inputs: Inputs<'a>,
}

/// What a trial comes to. Money is in the stake currency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Money at the end.
    pub final_balance: f64,
    /// Profit of the closed trades as a ratio of the money at the start.
    pub total_return: f64,
    /// Closed trades.
    pub trades: u32,
    /// Part of them that gained; `None` without trades.
    pub win_rate: Option<f64>,
    /// Largest fall of the balance of closed trades, as a ratio of its peak.
    pub max_drawdown: f64,
    /// Gains over losses; `None` without losses.
    pub profit_factor: Option<f64>,
    /// Mean profit ratio of a trade over its sample deviation, not annualised;
    /// `None` for fewer than two trades or equal ones.
    pub sharpe_of_trades: Option<f64>,
}

/// Why a sweep or a trial cannot run.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SweepError {
    /// Tested candles that are not the last of those the expressions read.
    #[error("{0}: the tested candles are not the end of the candles that indicators read")]
    Misaligned(Symbol),
    /// A profile whose costs a sweep does not know.
    #[error("a sweep walks candles in the freqtrade profile only")]
    Profile,
    /// The strategy's expressions.
    #[error(transparent)]
    Rules(#[from] ExprError),
    /// Candles the expressions miss.
    #[error(transparent)]
    Inputs(#[from] InputError),
    /// The account or the candles.
    #[error(transparent)]
    Backtest(#[from] BacktestError),
}

impl Hint for SweepError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Misaligned(_) => ErrorKind::Internal,
            Self::Profile => ErrorKind::Invalid,
            Self::Rules(error) => error.kind(),
            Self::Inputs(error) => error.kind(),
            Self::Backtest(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Misaligned(_) => None,
            Self::Profile => {
                Some("leave the costs out, and run the best trials with them".to_owned())
            }
            Self::Rules(error) => error.hint(),
            Self::Inputs(error) => error.hint(),
            Self::Backtest(error) => error.hint(),
        }
    }
}

impl<'a> Sweep<'a> {
    /// Parses the rules and makes the candles ready. Every trial is tested on
    /// the same candles, so that figures can be compared: put enough of them
    /// in front for the longest warm-up.
    pub fn new(
        strategy: &'a Strategy,
        settings: &'a Settings,
        markets: Vec<Market<'a>>,
    ) -> Result<Self, SweepError> {
        if settings.profile != Profile::Freqtrade {
            return Err(SweepError::Profile);
        }
        let tested = markets.iter().map(first_tested);
        Ok(Self {
            strategy,
            rules: Rules::parse(strategy)?,
            tested: tested.collect::<Result<_, _>>()?,
            course: Course::new(
                settings,
                markets.iter().map(|market| market.input).collect(),
            )?,
            caches: markets
                .into_iter()
                .map(|market| ColumnCache::new(market.inputs))
                .collect(),
            starting_balance: settings.starting_balance,
        })
    }

    /// One trial.
    pub fn evaluate(&self, params: &ParamValues) -> Result<Figures, SweepError> {
        let program = self.rules.bind(params)?;
        let mut signals = Vec::with_capacity(self.caches.len());
        for (cache, &tested) in self.caches.iter().zip(&self.tested) {
            let all = program.signals_with(cache)?;
            signals.push(match tested {
                0 => all,
                first => all.slice(first..all.len()),
            });
        }
        let walk = self.course.walk(self.strategy, &signals)?;
        Ok(Figures::of(&walk, self.starting_balance))
    }

    /// Trials in parallel, results in the order of the parameter sets.
    pub fn evaluate_all(&self, trials: &[ParamValues]) -> Vec<Result<Figures, SweepError>> {
        trials
            .par_iter()
            .map(|params| self.evaluate(params))
            .collect()
    }

    /// The signals of a trial for one pair, on its tested candles.
    pub fn signals(&self, params: &ParamValues, pair: usize) -> Result<Signals, SweepError> {
        let signals = self.rules.bind(params)?.signals_with(&self.caches[pair])?;
        Ok(signals.slice(self.tested[pair]..signals.len()))
    }
}

fn first_tested(market: &Market<'_>) -> Result<usize, SweepError> {
    let (all, tested): (&Bars, &Bars) = (market.inputs.base(), market.input.bars);
    all.len()
        .checked_sub(tested.len())
        .filter(|&first| all.time()[first..] == *tested.time())
        .ok_or_else(|| SweepError::Misaligned(market.input.symbol.clone()))
}

impl Figures {
    fn of(walk: &Walk, start: f64) -> Self {
        let (mut balance, mut peak, mut max_drawdown) = (start, start, 0.0_f64);
        let (mut wins, mut gains, mut losses) = (0_u32, 0.0, 0.0);
        for &(profit, _) in &walk.closed {
            balance += profit;
            peak = peak.max(balance);
            max_drawdown = max_drawdown.max((peak - balance) / peak);
            if profit > 0.0 {
                wins += 1;
                gains += profit;
            } else {
                losses -= profit;
            }
        }
        let trades = walk.closed.len() as u32;
        let ratios: Vec<f64> = walk.closed.iter().map(|&(_, ratio)| ratio).collect();
        Self {
            final_balance: walk.final_balance,
            total_return: (balance - start) / start,
            trades,
            win_rate: (trades > 0).then(|| f64::from(wins) / f64::from(trades)),
            max_drawdown,
            profit_factor: (losses > 0.0).then(|| gains / losses),
            sharpe_of_trades: mean_over_deviation(&ratios),
        }
    }
}

fn mean_over_deviation(ratios: &[f64]) -> Option<f64> {
    let mean = stats::mean(ratios)?;
    let squares: f64 = ratios.iter().map(|ratio| (ratio - mean).powi(2)).sum();
    let deviation = (squares / (ratios.len() as f64 - 1.0)).sqrt();
    (deviation > 0.0).then(|| mean / deviation)
}

#[cfg(test)]
mod tests {
    use fondaco_domain::market::MarketRules;
    use fondaco_domain::strategy::{Stake, parse};
    use fondaco_domain::{Bar, UnixMillis};

    use super::*;
    use crate::backtest;

    const STRATEGY: &str = r#"
        [strategy]
        name = "sweep"
        version = "1.0.0"
        timeframe = "5m"
        [params]
        fast = { default = 5, low = 2, high = 30 }
        slow = { default = 20, low = 2, high = 60 }
        [indicators]
        a = "sma(close, $fast)"
        b = "sma(close, $slow)"
        [entry.long]
        when = "crosses_above(a, b)"
        [exit.long]
        when = "crosses_below(a, b)"
        [risk]
        stoploss = -0.02
        roi = { "0" = 0.03, "60" = 0.01 }
        trailing = { positive = 0.005, offset = 0.008, only_after_offset = true }
    "#;

    /// A seeded walk whose candles overlap a little.
    fn walk(rows: i64) -> Bars {
        let mut state = 42_u64;
        let mut next = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f64 / f64::from(1 << 24) - 0.5
        };
        let mut close = 100.0_f64;
        let cents = |price: f64| (price * 100.0).round() / 100.0;
        Bars::from_rows((0..rows).map(|row| {
            let open = close;
            close = cents(open * (1.0 + 0.01 * next()));
            Bar {
                time: UnixMillis(row * 300_000),
                open,
                high: cents(open.max(close) * (1.0 + 0.002 * (next() + 0.5))),
                low: cents(open.min(close) * (1.0 - 0.002 * (next() + 0.5))),
                close,
                volume: 1.0,
            }
        }))
        .unwrap()
    }

    #[test]
    fn a_trial_makes_the_trades_of_a_backtest() {
        const WARM: usize = 60;
        let strategy = parse(STRATEGY).unwrap();
        let all = walk(3_000);
        let bars = all.slice(WARM..all.len());
        let symbol: Symbol = "AAA/BBB".parse().unwrap();
        let rules = MarketRules {
            price_step: 0.01,
            amount_step: 1e-5,
            min_cost: 5.0,
            tiers: Vec::new(),
        };
        let settings = Settings {
            stake: Stake::Fixed(100.0),
            ..Settings::default()
        };
        let none = Signals::none(bars.len());
        let input = PairInput {
            symbol: &symbol,
            bars: &bars,
            signals: &none,
            rules: &rules,
            step_bars: Some(&bars),
            detail: None,
            funding: None,
            actions: None,
        };
        let inputs = Inputs::new(&all);
        let realistic = Settings {
            profile: Profile::Realistic(backtest::Costs::default()),
            ..settings.clone()
        };
        let market = Market {
            input,
            inputs: inputs.clone(),
        };
        let refused = Sweep::new(&strategy, &realistic, vec![market]);
        assert!(matches!(refused, Err(SweepError::Profile)));
        let sweep = Sweep::new(&strategy, &settings, vec![Market { input, inputs }]).unwrap();
        let trials: Vec<_> = [
            (2.0, 9.0),
            (5.0, 20.0),
            (30.0, 60.0),
            (20.0, 5.0),
            (7.0, 7.0),
        ]
        .into_iter()
        .map(|(a, b)| ParamValues::new(&strategy, [("fast", a), ("slow", b)]).unwrap())
        .collect();
        let figures = sweep.evaluate_all(&trials);
        let mut made = 0;
        for (params, figures) in trials.iter().zip(figures) {
            let figures = figures.unwrap();
            let signals = sweep.signals(params, 0).unwrap();
            let input = PairInput {
                signals: &signals,
                ..input
            };
            let outcome = backtest::run(&strategy, &settings, &[input]).unwrap();
            let profit: f64 = outcome.trades.iter().map(|trade| trade.profit_abs).sum();
            assert_eq!(figures.trades as usize, outcome.trades.len());
            assert_eq!(figures.final_balance, outcome.final_balance);
            assert!((figures.total_return * settings.starting_balance - profit).abs() < 1e-9);
            made += outcome.trades.len();
        }
        assert!(made > 100, "{made} trades say little");
    }

    #[test]
    fn figures_of_known_trades() {
        let closed = vec![(10.0, 0.1), (-20.0, -0.2), (5.0, 0.05)];
        let walk = Walk {
            closed,
            left_open: 0,
            final_balance: 95.0,
        };
        let figures = Figures::of(&walk, 100.0);
        assert_eq!(figures.trades, 3);
        assert_eq!(figures.win_rate, Some(2.0 / 3.0));
        assert_eq!(figures.max_drawdown, 20.0 / 110.0);
        assert_eq!(figures.profit_factor, Some(0.75));
        assert_eq!(figures.total_return, -0.05);
        // Mean -1/60, sample deviation of 0.1, -0.2, 0.05.
        let sharpe = figures.sharpe_of_trades.unwrap();
        assert!(
            (sharpe + 0.016_666_67 / 0.160_727_51).abs() < 1e-6,
            "{sharpe}"
        );
    }
}
