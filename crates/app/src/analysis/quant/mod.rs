//! The quant lane: a strategy file, evaluated up to a day.
//!
//! [`read`] makes a [`Strategy`] of a job: its rules compiled, its parameters
//! put in. [`Strategy::at`] says what it holds after the last closed candle
//! and how sure that is. Nothing is read but the candles that closed by the
//! clock of the [`Question`], so later ones change nothing.
//!
//! The direction is the position the strategy would have once the signals of
//! the last closed candle have acted: the engine walks the whole history with
//! the strategy's own entries, exits, stops and targets, as if the
//! next candle opened where the last one closed. Long is up, short is
//! down, no position is flat: a view of its own, not a missing one.
//!
//! The confidence is that of its [`Record`], or of a table of parameters where
//! the job says so ([`Sureness`]).

mod checks;
mod document;
mod market;
mod record;
mod regime;
mod replay;
mod sure;
#[cfg(test)]
mod tests;

use fondaco_contract::v1alpha1::analysis::QuantJob;
use fondaco_domain::bars::Columns;
use fondaco_domain::calendar::Calendar;
use fondaco_domain::signal::{LaneFailure, LaneSignal, ReasonCode, Research};
use fondaco_domain::{Bars, Symbol, Timeframe, UnixMillis};
use fondaco_engine::backtest::Actions;
use fondaco_engine::expr::{Need, ParamValues, Program};
use jiff::civil::Date;

pub use document::{Finding, Found, lane};
pub use market::{FEE, calendar};
pub use record::{Cases, Record};
pub use regime::{Regime, Tercile};
pub use replay::{Held, Orders};
pub use sure::Sureness;

use crate::strategies::StrategyFile;

/// What the text of a job's strategy is called in messages: it has no path.
const TEXT: &str = "strategy.text";

/// A strategy that is ready to be evaluated.
#[derive(Debug)]
pub struct Strategy {
    rules: fondaco_domain::strategy::Strategy,
    program: Program,
    job: QuantJob,
    /// Candle length in the file, where another is read.
    written_for: Option<Timeframe>,
}

/// An instrument, a day, and what may be read of it.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The instrument.
    pub symbol: &'a Symbol,
    /// The day.
    pub date: Date,
    /// Only candles that close at or before this instant are looked at: the
    /// end of the day (24:00 UTC), or now where that is earlier.
    pub clock: UnixMillis,
    /// Candles of the instrument; later ones than the clock are passed over.
    pub candles: Candles<'a>,
    /// Their length.
    pub timeframe: Timeframe,
    /// When its market is open, see [`calendar`].
    pub calendar: &'a Calendar,
    /// Candles of the sources of `[informative]`, by their names in the file,
    /// see [`Strategy::needs`]; later ones than the clock are passed over.
    pub informative: &'a [(String, Bars)],
    /// Splits and dividends, where the candles are as traded; none where they
    /// are adjusted already, or there are none.
    pub actions: Option<&'a Actions>,
    /// What each fill costs as a ratio of its value, [`FEE`] as a rule: a
    /// trade was right when it gained after that.
    pub fee: f64,
}

/// Candles as they are had.
#[derive(Debug, Clone, Copy)]
pub enum Candles<'a> {
    /// Whole ones, such as every version of the store has.
    Whole(&'a Bars),
    /// Rows that may lack fields: an empty column, or NaN.
    Raw(&'a Columns),
}

/// A strategy of a job, on candles of this length.
pub fn read(job: Option<&QuantJob>, timeframe: Timeframe) -> Result<Strategy, LaneFailure> {
    let job = job.ok_or_else(|| {
        failed(
            ReasonCode::QuantNotConfigured,
            "no strategy was named for the quant lane",
        )
    })?;
    let init = |why: &dyn std::fmt::Display| failed(ReasonCode::QuantInitFailed, why);
    let mut file =
        StrategyFile::read(TEXT, job.strategy.text.clone()).map_err(|error| init(&error))?;
    file.strategy
        .require_rules()
        .map_err(|error| init(&error))?;
    let given = job
        .params
        .iter()
        .map(|(name, &value)| (name.as_str(), value));
    let params = ParamValues::new(&file.strategy, given).map_err(|error| init(&error))?;
    let own = std::mem::replace(&mut file.strategy.timeframe, timeframe);
    let program = file.compile(&params).map_err(|error| init(&error))?;
    Ok(Strategy {
        rules: file.strategy,
        program,
        job: job.clone(),
        written_for: (own != timeframe).then_some(own),
    })
}

/// The candle length a job's strategy is written for, where it can be read.
pub fn timeframe(job: &QuantJob) -> Option<Timeframe> {
    let file = StrategyFile::read(TEXT, job.strategy.text.clone()).ok()?;
    Some(file.strategy.timeframe)
}

/// Both at once: what a job's strategy says on a day.
pub fn signal(job: Option<&QuantJob>, question: &Question<'_>) -> Finding {
    match read(job, question.timeframe) {
        Ok(strategy) => strategy.at(question),
        Err(failure) => Finding::absent(failure),
    }
}

impl Strategy {
    /// The candles it reads beside those of the instrument.
    pub fn needs(&self) -> &[Need] {
        self.program.needs()
    }

    /// Its name in the file.
    pub fn name(&self) -> &str {
        &self.rules.name
    }

    /// What it holds on a day, and how sure that is.
    pub fn at(&self, question: &Question<'_>) -> Finding {
        match self.found(question) {
            Ok(found) => Finding::of(found),
            Err(failure) => Finding::absent(failure),
        }
    }

    fn found(&self, question: &Question<'_>) -> Result<Found, LaneFailure> {
        let bars = checks::usable(question)?;
        let failed = |why: &dyn std::fmt::Display| failed(ReasonCode::QuantSignalFailed, why);
        let walk = replay::walk(self, question, &bars).map_err(|error| failed(&error))?;
        let direction = walk.direction();
        let record = record::of(&walk, direction, question.date);
        let sure = sure::of(&self.job.confidence, &record).map_err(|error| failed(&error))?;
        Ok(Found {
            strategy: format!("{} {}", self.rules.name, self.rules.version),
            written_for: self.written_for,
            timeframe: question.timeframe,
            date: question.date,
            signal: LaneSignal {
                direction,
                confidence: sure.confidence(),
                research: Research::Full,
            },
            sure,
            held: walk.held,
            orders: walk.orders,
            record,
            rows: walk.bars.len() as u64,
            first: walk.bars.time().first().copied(),
            last: walk.bars.time().last().copied(),
        })
    }
}

/// A lane that says nothing, for a reason that is not its data.
fn failed(reason: ReasonCode, why: impl std::fmt::Display) -> LaneFailure {
    LaneFailure {
        reason,
        data_quality: None,
        error: Some(why.to_string()),
    }
}
