//! One pair: its candles, signals, detail, funding, splits and dividends.

use fondaco_domain::market::TradingMode;
use fondaco_domain::quality::fill_gaps;
use fondaco_domain::{Bars, Symbol, TimeRange, Timeframe, UnixMillis};
use fondaco_engine::backtest::{Funding, Profile, Stop};
use fondaco_engine::expr::{self, Inputs, Program};
use fondaco_engine::signals::Signals;

use super::Prepared;
use crate::backtests::error::BacktestsError;
use crate::backtests::source::{CandleSource, Series, SignalSource, Sourced};
use crate::backtests::{Rules, Spec};

/// Loads and evaluates one pair after the other, from any thread.
pub(super) struct Loader<'a> {
    spec: &'a Spec,
    source: &'a dyn CandleSource,
    signals: Option<&'a dyn SignalSource>,
    program: Option<Program>,
    pub(super) startup: u32,
    stop: Stop<'a>,
}

impl<'a> Loader<'a> {
    pub(super) fn new(
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

    pub(super) fn pair(&self, symbol: &Symbol) -> Result<Prepared, BacktestsError> {
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
