//! Loading and evaluating every pair before the loop.

use fondaco_domain::market::{MarketRules, TradingMode};
use fondaco_domain::quality::fill_gaps;
use fondaco_domain::{Bars, Symbol, TimeRange, Timeframe, UnixMillis};
use fondaco_engine::backtest::{Actions, Funding, PairInput, Profile, Stop};
use fondaco_engine::expr::{self, Inputs, Program};
use fondaco_engine::signals::Signals;
use rayon::prelude::*;

use super::error::BacktestsError;
use super::source::{CandleSource, Series, SignalSource, Sourced};
use super::{Rules, Spec};
use crate::ports::Progress;

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

struct Loader<'a> {
    spec: &'a Spec,
    source: &'a dyn CandleSource,
    signals: Option<&'a dyn SignalSource>,
    program: Option<Program>,
    startup: u32,
    stop: Stop<'a>,
}

impl<'a> Loader<'a> {
    fn new(
        spec: &'a Spec,
        source: &'a dyn CandleSource,
        rules: Rules<'a>,
        stop: Stop<'a>,
    ) -> Result<Self, BacktestsError> {
        let (program, signals) = match rules {
            Rules::Expressions => (Some(expr::compile(&spec.strategy, &spec.params)?), None),
            Rules::Files(files) => (None, Some(files)),
        };
        let derived = program.as_ref().map_or(0, Program::startup_candles);
        let startup = spec.strategy.startup_candles.unwrap_or(0).max(derived);
        Ok(Self {
            spec,
            source,
            signals,
            program,
            startup,
            stop,
        })
    }

    fn pair(&self, symbol: &Symbol) -> Result<Prepared, BacktestsError> {
        let mode = self.spec.settings.mode;
        let main = match self.signals {
            Some(files) => self.read_file(files, symbol)?,
            None => self.evaluate(symbol)?,
        };
        let rules = self.spec.markets.rules(symbol, mode);
        let rules = rules.ok_or_else(|| BacktestsError::NoRules(symbol.clone()))?;
        let mut prepared = Prepared {
            symbol: symbol.clone(),
            bars: main.bars,
            signals: main.signals,
            rules,
            step_bars: main.step_bars,
            detail: None,
            funding: None,
            actions: None,
            adjusted: None,
            dataset: main.dataset,
            version: main.version,
            further_versions: main.further_versions,
            filled: main.filled,
        };
        self.take_actions(&mut prepared)?;
        self.load_detail(&mut prepared)?;
        if mode == TradingMode::Futures {
            self.load_funding(&mut prepared)?;
        }
        Ok(prepared)
    }

    fn load(
        &self,
        symbol: &Symbol,
        series: Series,
        range: TimeRange,
    ) -> Result<Sourced, BacktestsError> {
        self.may_go_on()?;
        self.source
            .load(symbol, series, self.spec.settings.mode, range)
            .map_err(|source| {
                let what = match series {
                    Series::Candles(_) => "candles",
                    Series::Mark => "mark prices",
                    Series::Funding => "funding rates",
                };
                BacktestsError::Load {
                    what,
                    symbol: symbol.clone(),
                    source,
                }
            })
    }

    /// Asked before whatever takes its time: reading, and evaluating.
    fn may_go_on(&self) -> Result<(), BacktestsError> {
        if (self.stop)() {
            return Err(BacktestsError::Stopped);
        }
        Ok(())
    }

    fn fill(&self, symbol: &Symbol, bars: Bars, timeframe: Timeframe) -> Bars {
        if self.spec.fill.applies(symbol) {
            fill_gaps(&bars, timeframe)
        } else {
            bars
        }
    }

    /// Candles and signals from a file; the candles of the source, if it has
    /// them, give the price steps.
    fn read_file(&self, files: &dyn SignalSource, symbol: &Symbol) -> Result<Main, BacktestsError> {
        self.may_go_on()?;
        let file = files.load(symbol).map_err(|source| BacktestsError::Load {
            what: "signals",
            symbol: symbol.clone(),
            source,
        })?;
        let file = file.ok_or_else(|| BacktestsError::NoSignals(symbol.clone()))?;
        let timeframe = self.spec.strategy.timeframe;
        let full = match self.load(symbol, Series::Candles(timeframe), TimeRange::default()) {
            Ok(sourced) => Some(sourced),
            Err(error) if is_absent(&error) => None,
            Err(error) => return Err(error),
        };
        let further_versions = full.iter().map(|sourced| sourced.version.clone()).collect();
        let rows = file.bars.rows_in(self.spec.range);
        if rows.is_empty() {
            return Err(empty(symbol, &file.bars));
        }
        Ok(Main {
            bars: file.bars.slice(rows.clone()),
            signals: file.signals.slice(rows),
            step_bars: full.map(|sourced| self.fill(symbol, sourced.bars, timeframe)),
            dataset: format!("signals/{symbol}"),
            version: file.version,
            further_versions,
            filled: 0,
        })
    }

    /// Candles from before the tested range on, so that indicators have
    /// warmed up where it begins; the start-up candles are cut off again.
    fn evaluate(&self, symbol: &Symbol) -> Result<Main, BacktestsError> {
        let timeframe = self.spec.strategy.timeframe;
        let range = self.spec.range;
        let reach = i64::from(self.startup) * timeframe.millis();
        let wide = if self.spec.fill.applies(symbol) {
            TimeRange {
                from: range.from.map(|from| from.plus(-reach)),
                to: range.to,
            }
        } else {
            // Candles are not evenly spaced: read all before, keep the last.
            TimeRange {
                from: None,
                to: range.to,
            }
        };
        let sourced = self.load(symbol, Series::Candles(timeframe), wide)?;
        let rows = sourced.bars.len();
        let mut bars = self.fill(symbol, sourced.bars, timeframe);
        let filled = bars.len() - rows;
        if let Some(from) = range.from {
            let first = bars.row_at(from).saturating_sub(self.startup as usize);
            bars = bars.slice(first..bars.len());
        }
        let program = self
            .program
            .as_ref()
            .expect("rules from expressions are compiled");
        let (informative, further_versions) = self.informative(program, symbol, &bars)?;
        let origin = bars.time().first().copied().unwrap_or_default();
        let adjusted = self.adjusted(symbol, &bars, origin)?;
        let mut inputs = Inputs::new(adjusted.as_ref().unwrap_or(&bars));
        for (name, bars) in &informative {
            inputs = inputs.with(name, bars);
        }
        self.may_go_on()?;
        let signals = program.signals(&inputs)?;
        let tested = (self.startup as usize).min(bars.len())..bars.len();
        if tested.is_empty() {
            return Err(self.nothing_to_test(symbol, &bars)?);
        }
        Ok(Main {
            bars: bars.slice(tested.clone()),
            signals: signals.slice(tested),
            step_bars: Some(bars),
            dataset: sourced.dataset,
            version: sourced.version,
            further_versions,
            filled,
        })
    }

    /// Why no candle is left after the start-up ones: the range has none, or
    /// too few.
    fn nothing_to_test(
        &self,
        symbol: &Symbol,
        bars: &Bars,
    ) -> Result<BacktestsError, BacktestsError> {
        if !bars.rows_in(self.spec.range).is_empty() {
            return Ok(BacktestsError::AllWarmUp {
                symbol: symbol.clone(),
                rows: bars.len(),
                needed: self.startup,
            });
        }
        let series = Series::Candles(self.spec.strategy.timeframe);
        let all = self.load(symbol, series, TimeRange::default())?;
        Ok(empty(symbol, &all.bars))
    }

    fn informative(
        &self,
        program: &Program,
        symbol: &Symbol,
        base: &Bars,
    ) -> Result<(Vec<Named>, Vec<String>), BacktestsError> {
        let mut loaded = Vec::new();
        let mut versions = Vec::new();
        for need in program.needs() {
            let of = need.source.symbol.as_ref().unwrap_or(symbol);
            let timeframe = need.source.timeframe;
            let reach = i64::from(need.startup_candles + 1) * timeframe.millis();
            let from = base.time().first().map(|first| first.plus(-reach));
            let range = TimeRange {
                from,
                to: self.spec.range.to,
            };
            let sourced = self.load(of, Series::Candles(timeframe), range)?;
            versions.push(sourced.version);
            let mut bars = self.fill(of, sourced.bars, timeframe);
            if let Some(origin) = base.time().first() {
                bars = self.adjusted(of, &bars, *origin)?.unwrap_or(bars);
            }
            loaded.push((need.name.clone(), bars));
        }
        Ok((loaded, versions))
    }

    /// Candles inside the tested range, from its first candle on.
    fn tested(prepared: &Prepared) -> TimeRange {
        TimeRange {
            from: prepared.bars.time().first().copied(),
            to: None,
        }
    }

    /// Candles in the shares of the origin; `None` for an instrument without
    /// splits and dividends, and outside the realistic profile.
    fn adjusted(
        &self,
        symbol: &Symbol,
        bars: &Bars,
        origin: UnixMillis,
    ) -> Result<Option<Bars>, BacktestsError> {
        if self.spec.settings.profile == Profile::Freqtrade {
            return Ok(None);
        }
        let Some((actions, _)) = self.spec.histories.of(symbol, bars) else {
            return Ok(None);
        };
        Ok(Some(actions.adjust(symbol, bars, origin)?))
    }

    fn take_actions(&self, prepared: &mut Prepared) -> Result<(), BacktestsError> {
        let (symbol, bars) = (&prepared.symbol, &prepared.bars);
        let origin = bars.time().first().copied().unwrap_or_default();
        prepared.adjusted = self.adjusted(symbol, bars, origin)?;
        if prepared.adjusted.is_some()
            && let Some((actions, version)) = self.spec.histories.of(symbol, bars)
        {
            prepared.actions = Some(actions);
            prepared.further_versions.push(version);
        }
        Ok(())
    }

    fn load_detail(&self, prepared: &mut Prepared) -> Result<(), BacktestsError> {
        let Some(detail) = self.spec.settings.detail else {
            return Ok(());
        };
        let range = Self::tested(prepared);
        let sourced = self.load(&prepared.symbol, Series::Candles(detail), range)?;
        prepared.detail = Some(self.fill(&prepared.symbol, sourced.bars, detail));
        prepared.further_versions.push(sourced.version);
        Ok(())
    }

    fn load_funding(&self, prepared: &mut Prepared) -> Result<(), BacktestsError> {
        let range = Self::tested(prepared);
        let hour = Timeframe::HOUR;
        let marks = self.load(&prepared.symbol, Series::Mark, range)?;
        let rates = match self.load(&prepared.symbol, Series::Funding, range) {
            Err(error) if is_absent(&error) && self.spec.funding_rate.is_some() => None,
            other => Some(other?),
        };
        let pairs = |bars: &Bars| -> Vec<(UnixMillis, f64)> {
            bars.time()
                .iter()
                .copied()
                .zip(bars.open().iter().copied())
                .collect()
        };
        let (rates, version) = rates.map_or((Vec::new(), None), |sourced| {
            (pairs(&sourced.bars), Some(sourced.version))
        });
        let filled = fill_gaps(&marks.bars, hour);
        let funding = Funding::join(
            &rates,
            &pairs(&filled),
            self.spec.funding_rate,
            hour.millis(),
        );
        prepared.funding = Some(funding);
        prepared.further_versions.push(marks.version);
        prepared.further_versions.extend(version);
        Ok(())
    }
}

/// Candles under the name expressions use for them.
type Named = (String, Bars);

/// Main candles and signals of a pair.
struct Main {
    bars: Bars,
    signals: Signals,
    step_bars: Option<Bars>,
    dataset: String,
    version: String,
    further_versions: Vec<String>,
    filled: usize,
}

fn is_absent(error: &BacktestsError) -> bool {
    use fondaco_domain::{ErrorKind, Hint};
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NoData)
}

fn empty(symbol: &Symbol, bars: &Bars) -> BacktestsError {
    let what = match (bars.time().first(), bars.time().last()) {
        (Some(first), Some(last)) => format!("it has {} from {first} to {last}", bars.len()),
        _ => "it has none at all".to_owned(),
    };
    BacktestsError::EmptyRange {
        symbol: symbol.clone(),
        what,
    }
}
