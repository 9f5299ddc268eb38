//! What a strategy has done on some candles, and what it holds after them.

use fondaco_domain::signal::Direction;
use fondaco_domain::strategy::Side;
use fondaco_domain::trade::{ExitReason, Trade};
use fondaco_domain::{Bar, Bars, ErrorKind, Hint, Symbol, Timeframe, UnixMillis};
use fondaco_engine::backtest::{self, BacktestError, Funding, PairInput};
use fondaco_engine::expr::{InputError, Inputs};
use fondaco_engine::signals::{Signals, TagId};
use thiserror::Error;

use super::{Question, Strategy, checks, market};

/// A history, walked.
#[derive(Debug)]
pub(super) struct Walk {
    /// All candles that were read.
    pub(super) bars: Bars,
    /// What each fill cost.
    pub(super) fee: f64,
    /// Sides the strategy may take.
    pub(super) sides: Vec<Side>,
    /// Closed trades, oldest first.
    pub(super) trades: Vec<Trade>,
    /// The position it has.
    pub(super) held: Option<Held>,
    /// What the last candle orders.
    pub(super) orders: Orders,
}

/// A position after the last candle.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// Long or short.
    pub side: Side,
    /// The opening time of the candle it was entered on; of one that the last
    /// candle orders, that of the next.
    pub since: UnixMillis,
    /// What was paid; of one that is ordered, the last close.
    pub rate: f64,
    /// Its gain at the last close after fees, as a ratio.
    pub gain: f64,
    /// Tag of the rule that entered.
    pub tag: Option<String>,
}

/// What the signals of the last candle order for the next: the rule of the
/// first programs of this kind, which took the orders of the last bar for the
/// direction. Shown beside the position, which decides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Orders {
    /// A position that is closed.
    pub close: Option<Side>,
    /// A position that is opened.
    pub open: Option<Side>,
}

/// Why a history cannot be walked.
#[derive(Debug, Error)]
pub(super) enum ReplayError {
    #[error("{needed} candles are needed before the first signal, and there are {rows}")]
    TooShort { rows: usize, needed: usize },
    #[error(transparent)]
    Inputs(#[from] InputError),
    #[error(transparent)]
    Engine(#[from] BacktestError),
}

impl Hint for ReplayError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::TooShort { .. } => ErrorKind::NoData,
            Self::Inputs(error) => error.kind(),
            Self::Engine(error) => error.kind(),
        }
    }
}

/// Walks candles that have all closed.
pub(super) fn walk(
    strategy: &Strategy,
    question: &Question<'_>,
    closed: &Bars,
) -> Result<Walk, ReplayError> {
    let bars = adjusted(question, closed)?;
    let signals = signals(strategy, question, &bars)?;
    let stated = strategy.rules.startup_candles.unwrap_or(0);
    let startup = stated.max(strategy.program.startup_candles()) as usize;
    if startup >= bars.len() {
        return Err(ReplayError::TooShort {
            rows: bars.len(),
            needed: startup + 1,
        });
    }
    let next = next_open(question, &bars);
    let tested = startup..bars.len();
    let open_ended = with_next(&bars.slice(tested.clone()), next);
    let mut acting = signals.slice(tested);
    without_further(&mut acting);
    let done = engine(strategy, question, &open_ended, &acting)?;
    Ok(Walk {
        fee: question.fee,
        sides: [Side::Long, Side::Short]
            .into_iter()
            .filter(|side| strategy.rules.direction.allows(*side))
            .collect(),
        held: done.last().filter(|trade| is_held(trade)).map(held),
        orders: orders(&done, next),
        trades: done.into_iter().filter(|trade| !is_held(trade)).collect(),
        bars,
    })
}

impl Walk {
    /// Where the position points.
    pub(super) fn direction(&self) -> Direction {
        match &self.held {
            Some(held) => points(held.side),
            None => Direction::Flat,
        }
    }
}

pub(super) fn points(side: Side) -> Direction {
    match side {
        Side::Long => Direction::Long,
        Side::Short => Direction::Short,
    }
}

impl Orders {
    /// Where the orders point: that of an entry, else against what is closed;
    /// flat without any.
    pub fn direction(&self) -> Direction {
        match (self.open, self.close) {
            (Some(side), _) => points(side),
            (None, Some(side)) => points(side).reversed(),
            (None, None) => Direction::Flat,
        }
    }
}

/// Candles in the shares of the last one; as they are without actions.
fn adjusted(question: &Question<'_>, bars: &Bars) -> Result<Bars, ReplayError> {
    let origin = bars.time().last().copied().unwrap_or_default();
    match question.actions {
        Some(actions) => Ok(actions.adjust(question.symbol, bars, origin)?),
        None => Ok(bars.clone()),
    }
}

fn signals(
    strategy: &Strategy,
    question: &Question<'_>,
    bars: &Bars,
) -> Result<Signals, ReplayError> {
    let timeframe_of = |name: &str| -> Option<Timeframe> {
        let mut needs = strategy.needs().iter();
        let need = needs.find(|need| need.name == name)?;
        Some(need.source.timeframe)
    };
    let known: Vec<(&str, Bars)> = question
        .informative
        .iter()
        .filter_map(|(name, bars)| {
            let rows = checks::closed(bars.time(), timeframe_of(name)?, question.clock);
            Some((name.as_str(), bars.slice(0..rows)))
        })
        .collect();
    let mut inputs = Inputs::new(bars);
    for (name, bars) in &known {
        inputs = inputs.with(name, bars);
    }
    Ok(strategy.program.signals(&inputs)?)
}

/// When the market's next candle opens, as far as its calendar knows.
fn next_open(question: &Question<'_>, bars: &Bars) -> UnixMillis {
    const AHEAD: i64 = 15;
    let timeframe = question.timeframe;
    let last = bars.time().last().copied().unwrap_or_default();
    let soonest = last.plus(timeframe.millis());
    let until = soonest.plus(AHEAD * Timeframe::DAY.millis().max(timeframe.millis()));
    let anchor = fondaco_domain::calendar::Anchor::default();
    let expected = question
        .calendar
        .expected(timeframe, anchor, soonest, until);
    expected.first().copied().unwrap_or(soonest)
}

/// The candles, and two more that never moved from the last close: the first
/// is where the signals of the last candle act, the second where the walk
/// ends. The engine enters nothing on the last candle of all and closes what
/// is left there.
fn with_next(bars: &Bars, next: UnixMillis) -> Bars {
    let close = bars.close().last().copied().unwrap_or_default();
    let still = |time| Bar {
        time,
        open: close,
        high: close,
        low: close,
        close,
        volume: 0.0,
    };
    let further = [still(next), still(next.plus(1))];
    Bars::from_rows(bars.rows().chain(further))
        .expect("candles with two later ones of a finite price are candles")
}

fn without_further(signals: &mut Signals) {
    for _ in 0..2 {
        signals.enter_long.push(false);
        signals.exit_long.push(false);
        signals.enter_short.push(false);
        signals.exit_short.push(false);
        signals.enter_tag.push(TagId::NONE);
        signals.exit_tag.push(TagId::NONE);
    }
}

/// All trades in order of opening; the one that is held was closed by force at
/// the end.
fn engine(
    strategy: &Strategy,
    question: &Question<'_>,
    bars: &Bars,
    signals: &Signals,
) -> Result<Vec<Trade>, ReplayError> {
    let symbol: &Symbol = question.symbol;
    let rules = market::rules(bars);
    let funding = Funding::default();
    let input = PairInput {
        symbol,
        bars,
        signals,
        rules: &rules,
        step_bars: None,
        detail: None,
        funding: Some(&funding),
        actions: None,
    };
    let settings = market::account(question.fee);
    let outcome = backtest::run(&strategy.rules, &settings, &[input])?;
    let mut trades = outcome.trades;
    trades.extend(outcome.left_open);
    trades.sort_by_key(|trade| trade.open_time);
    Ok(trades)
}

fn is_held(trade: &Trade) -> bool {
    trade.is_open || trade.exit_reason == ExitReason::ForceExit
}

fn held(trade: &Trade) -> Held {
    Held {
        side: trade.side,
        since: trade.open_time,
        rate: trade.open_rate,
        gain: trade.profit_ratio,
        tag: trade.enter_tag.clone(),
    }
}

fn orders(trades: &[Trade], next: UnixMillis) -> Orders {
    let closed = trades.iter().rev().find(|it| !is_held(it));
    let opened = trades.last().filter(|it| it.open_time == next);
    Orders {
        close: closed
            .filter(|it| it.close_time >= next && it.open_time < next)
            .map(|it| it.side),
        open: opened.map(|it| it.side),
    }
}
