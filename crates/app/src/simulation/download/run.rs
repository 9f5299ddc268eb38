//! Following a plan, one symbol after the other.

use std::collections::BTreeSet;
use std::time::Duration;

use fondaco_contract::v1alpha1::simulation::SimDate;
use fondaco_domain::calendar::Calendar;
use fondaco_domain::{Bars, ErrorKind, Hint, Symbol, Timeframe, UnixMillis};
use jiff::civil::Date;
use thiserror::Error;

use super::budget::Allowance;
use super::outcome::{Ended, Fetched, Outcome, SymbolOutcome};
use super::plan::{Plan, Planned};
use super::ports::{
    Asked, Came, PriceShelf, PriceSource, Prices, Reach, RequestBook, SourceError, Stored, Turn,
};
use super::rules::{DownloadRules, Size};
use crate::data::DataError;
use crate::ports::exec::Watch;
use crate::ports::{Clock, Failure, Progress};

/// How often it is asked whether it is our turn.
const GLANCE: Duration = Duration::from_millis(50);

/// No source that asks for more patience than that gets it.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Calendar days that are looked through for the sessions of a compact answer.
const LOOK_BACK: i64 = 400;

/// What a download works with.
#[derive(Clone, Copy)]
pub struct DownloadPorts<'a> {
    /// Who has prices.
    pub source: &'a dyn PriceSource,
    /// Where they are kept.
    pub shelf: &'a dyn PriceShelf,
    /// The questions of everybody on this machine.
    pub book: &'a dyn RequestBook,
    /// The market's calendar.
    pub calendar: &'a Calendar,
    /// The time of day.
    pub clock: &'a dyn Clock,
    /// Told how far it is.
    pub progress: &'a dyn Progress,
}

/// A download that could not be made. What came before is stored.
#[derive(Debug, Error)]
pub enum DownloadError {
    /// The source has no such candles.
    #[error("{source_name} has no {timeframe} candles")]
    Timeframe {
        /// The source.
        source_name: String,
        /// Their length.
        timeframe: Timeframe,
    },
    /// The book of questions cannot be read or written.
    #[error(transparent)]
    Book(Failure),
    /// The store failed.
    #[error(transparent)]
    Shelf(DataError),
}

impl Hint for DownloadError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Timeframe { .. } => ErrorKind::Invalid,
            Self::Book(failure) => failure.kind(),
            Self::Shelf(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Timeframe { .. } => Some("ask for candles of a day".to_owned()),
            Self::Book(failure) => failure.hint(),
            Self::Shelf(error) => error.hint(),
        }
    }
}

/// Fetches the symbols of a plan in its order, each whole or not at all, until
/// all are there, the source has had enough, or `watch` says stop (which is
/// asked at least ten times a second).
///
/// It may be run twice, and beside others: a symbol that has meanwhile come is
/// not asked for again. Passing failures are tried again; everything else fails
/// one symbol and leaves the others alone. A refused key, and a source that
/// fails for several symbols in a row, fail the rest without asking.
pub fn download(
    plan: &Plan,
    ports: DownloadPorts<'_>,
    rules: &DownloadRules,
    watch: &dyn Watch,
) -> Result<Outcome, DownloadError> {
    let timeframe = ports.shelf.timeframe();
    if !plan.order.is_empty() && !ports.source.serves(timeframe) {
        return Err(DownloadError::Timeframe {
            source_name: ports.source.name(),
            timeframe,
        });
    }
    let mut run = Run {
        ports,
        rules,
        watch,
        failed_in_a_row: 0,
        given_up: None,
    };
    let mut outcome = Outcome {
        symbols: Vec::with_capacity(plan.order.len()),
        ended: Ended::Done,
    };
    let total = plan.order.len();
    ports.progress.begin("downloading", total as u64);
    for (index, planned) in plan.order.iter().enumerate() {
        let fetched = if outcome.ended == Ended::Done {
            let text = format!("prices {}/{total}: {}", index + 1, planned.symbol);
            watch.progress(&text);
            run.symbol(planned)?
        } else {
            Step::Ended(outcome.ended.clone())
        };
        ports.progress.advance(1, planned.symbol.as_str());
        let (became, still_missing) = match fetched {
            Step::Became(became, missing) => (became, missing),
            Step::Ended(ended) => {
                outcome.ended = ended;
                (SymbolOutcome::NotReached, planned.missing.len())
            }
        };
        outcome.symbols.push(Fetched {
            symbol: planned.symbol.clone(),
            outcome: became,
            still_missing,
        });
    }
    ports.progress.end();
    Ok(outcome)
}

/// What a symbol's turn came to.
enum Step {
    /// That, and so many steps still lack a candle.
    Became(SymbolOutcome, usize),
    /// The download is over before it.
    Ended(Ended),
}

struct Run<'a> {
    ports: DownloadPorts<'a>,
    rules: &'a DownloadRules,
    watch: &'a dyn Watch,
    failed_in_a_row: usize,
    /// Why nothing else is asked for.
    given_up: Option<(String, String)>,
}

impl<'a> Run<'a> {
    fn symbol(&mut self, planned: &Planned) -> Result<Step, DownloadError> {
        // A book that others hold is theirs until they ask or die.
        let Some(mut turn) = self.turn()? else {
            return Ok(Step::Ended(Ended::Stopped));
        };
        let symbol = &planned.symbol;
        let stored = self.ports.shelf.stored(symbol);
        let stored = stored.map_err(DownloadError::Shelf)?;
        let lacking = lacking(&planned.missing, &stored.opens);
        if lacking.is_empty() {
            return Ok(Step::Became(SymbolOutcome::Present, 0));
        }
        if let Some((reason, message)) = self.given_up.clone() {
            return Ok(failed(&lacking, reason, message));
        }
        let reach = self.reach(&lacking, &stored);
        if let Some(earlier) = self.asked_before(turn.asked(), symbol, reach, &lacking, &stored) {
            return Ok(earlier);
        }
        match self.ask(&mut *turn, symbol, reach)? {
            Answer::Ended(ended) => Ok(Step::Ended(ended)),
            Answer::Failed(error) => {
                self.note_failure(&error);
                let reason = error.code().to_owned();
                Ok(failed(&lacking, reason, in_words(&error)))
            }
            Answer::Prices(prices) => {
                self.failed_in_a_row = 0;
                self.keep(&mut *turn, planned, (prices, reach), &stored)
            }
        }
    }

    /// The right to ask; nothing when it is told to stop before.
    fn turn(&self) -> Result<Option<Box<dyn Turn + 'a>>, DownloadError> {
        while !self.watch.stopped() {
            let book: &'a dyn RequestBook = self.ports.book;
            if let Some(turn) = book.turn().map_err(DownloadError::Book)? {
                return Ok(Some(turn));
            }
            self.watch.wait(GLANCE);
        }
        Ok(None)
    }

    /// Asks, and again where that may help.
    fn ask(
        &self,
        turn: &mut dyn Turn,
        symbol: &Symbol,
        reach: Reach,
    ) -> Result<Answer, DownloadError> {
        let mut failures = 0;
        loop {
            if let Some(ended) = self.wait_for_budget(turn.asked()) {
                return Ok(Answer::Ended(ended));
            }
            let question = Asked {
                at: self.ports.clock.now(),
                symbol: symbol.clone(),
                reach,
                place: self.ports.shelf.place(),
                came: Came::Nothing,
            };
            turn.ask(question).map_err(DownloadError::Book)?;
            let stopped = || self.watch.stopped();
            let error = match self.ports.source.ask(symbol, reach, &stopped) {
                Ok(prices) => return Ok(Answer::Prices(prices)),
                Err(error) => error,
            };
            let came = match error {
                SourceError::UnknownSymbol { .. } => Came::Unknown,
                _ => Came::Failure,
            };
            turn.came(came).map_err(DownloadError::Book)?;
            failures += 1;
            match error {
                SourceError::RateLimited { said, .. } => {
                    return Ok(Answer::Ended(Ended::RateLimited { said }));
                }
                SourceError::Stopped => return Ok(Answer::Ended(Ended::Stopped)),
                error if error.is_passing() && failures <= self.rules.retries => {
                    self.watch.wait(wait_before(failures, &error));
                }
                error => return Ok(Answer::Failed(error)),
            }
        }
    }

    /// Lets time pass until there may be one more question, or says why there
    /// will be none.
    fn wait_for_budget(&self, asked: &[Asked]) -> Option<Ended> {
        let times: Vec<UnixMillis> = asked.iter().map(|it| it.at).collect();
        let now = self.ports.clock.now();
        match self.rules.budget.allowance(&times, now) {
            Allowance::Now => {}
            Allowance::After(time) => {
                let text = format!("waits {} s: questions of a minute", time.as_secs() + 1);
                self.watch.progress(&text);
                self.watch.wait(time);
            }
            Allowance::Spent => {
                let questions = self.rules.budget.per_day;
                return Some(Ended::RateLimited {
                    said: format!("the {questions} questions of 24 hours are spent"),
                });
            }
        }
        self.watch.stopped().then_some(Ended::Stopped)
    }

    /// How far back to ask.
    fn reach(&self, lacking: &BTreeSet<SimDate>, stored: &Stored) -> Reach {
        let Size::Auto = self.rules.size else {
            let Size::Fixed(reach) = self.rules.size else {
                return Reach::Full;
            };
            return reach;
        };
        let Some(first) = self.first_of_compact() else {
            return Reach::Full;
        };
        let within = lacking.first().is_some_and(|step| step.day() >= first);
        let joins = stored.opens.last().is_none_or(|at| at.date() >= first);
        if within && joins {
            Reach::Compact
        } else {
            Reach::Full
        }
    }

    /// The first day of the latest hundred sessions that are over.
    fn first_of_compact(&self) -> Option<Date> {
        let now = self.ports.clock.now();
        let days = (0..LOOK_BACK).map(|back| now.plus(-back * Timeframe::DAY.millis()).date());
        days.filter(|day| self.is_over(*day, now) == Some(true))
            .nth(Reach::COMPACT - 1)
    }

    /// Whether the session of a day has ended; nothing where it has none.
    fn is_over(&self, day: Date, by: UnixMillis) -> Option<bool> {
        let session = self.ports.calendar.session(day)?;
        session.spans.last().map(|(_, close)| *close <= by)
    }

    /// What the source said a short while ago, where it could say nothing else
    /// now.
    fn asked_before(
        &self,
        asked: &[Asked],
        symbol: &Symbol,
        reach: Reach,
        lacking: &BTreeSet<SimDate>,
        stored: &Stored,
    ) -> Option<Step> {
        let now = self.ports.clock.now();
        let place = self.ports.shelf.place();
        let recent = |it: &&Asked| {
            let age = Duration::from_millis((now.0 - it.at.0).max(0).unsigned_abs());
            it.symbol == *symbol && it.place == place && age < self.rules.ask_again_after
        };
        let could_tell = |it: &&Asked| {
            (it.reach == Reach::Full || reach == Reach::Compact)
                && lacking
                    .iter()
                    .all(|step| self.is_over(step.day(), it.at) == Some(true))
        };
        let last = asked.iter().rev().filter(recent).find(could_tell)?;
        match last.came {
            Came::Prices if !stored.opens.is_empty() => Some(Step::Became(
                SymbolOutcome::AskedBefore { at: last.at },
                lacking.len(),
            )),
            Came::Unknown => {
                let message = format!("the source did not know it at {}", last.at);
                Some(failed(lacking, "unknown_symbol".to_owned(), message))
            }
            Came::Prices | Came::Nothing | Came::Failure => None,
        }
    }

    /// Stores an answer, without what is still going on.
    fn keep(
        &self,
        turn: &mut dyn Turn,
        planned: &Planned,
        (prices, reach): (Prices, Reach),
        stored: &Stored,
    ) -> Result<Step, DownloadError> {
        let now = self.ports.clock.now();
        let lacking_before = lacking(&planned.missing, &stored.opens);
        let bars = self.finished(&prices.bars, now);
        if bars.is_empty() {
            turn.came(Came::Failure).map_err(DownloadError::Book)?;
            let message = "the answer holds no candle of a day that is over".to_owned();
            return Ok(failed(&lacking_before, "empty".to_owned(), message));
        }
        let symbol = &planned.symbol;
        let from = format!(
            "{} {} {}",
            self.ports.source.name(),
            symbol.file_stem(),
            reach.as_str()
        );
        let came: BTreeSet<UnixMillis> = bars.time().iter().copied().collect();
        match self.ports.shelf.put(symbol, bars, &from, now) {
            Ok((version, added)) => {
                turn.came(Came::Prices).map_err(DownloadError::Book)?;
                let version = version.or_else(|| stored.version.clone());
                let became = SymbolOutcome::Downloaded {
                    added,
                    version: version.as_ref().map_or(0, |it| it.number),
                    rows: version.as_ref().map_or(0, |it| it.rows),
                };
                let still = lacking(&lacking_before, &came).len();
                Ok(Step::Became(became, still))
            }
            Err(error @ DataError::Overlap { .. }) => {
                turn.came(Came::Failure).map_err(DownloadError::Book)?;
                let message = error.to_string();
                Ok(failed(&lacking_before, "conflict".to_owned(), message))
            }
            Err(error) => Err(DownloadError::Shelf(error)),
        }
    }

    /// Candles of days that are over.
    fn finished(&self, bars: &Bars, now: UnixMillis) -> Bars {
        let open = |at: &UnixMillis| self.is_over(at.date(), now) == Some(false) || *at > now;
        let rows = bars.time().iter().position(open).unwrap_or(bars.len());
        bars.slice(0..rows)
    }

    /// Whether it is of any use to ask for the rest.
    fn note_failure(&mut self, error: &SourceError) {
        let of_the_source = error.is_passing()
            || matches!(
                error,
                SourceError::Malformed { .. }
                    | SourceError::Redirected { .. }
                    | SourceError::Refused { .. }
                    | SourceError::Premium { .. }
            );
        self.failed_in_a_row = if of_the_source {
            self.failed_in_a_row + 1
        } else {
            0
        };
        let enough = self.rules.give_up_after;
        if matches!(error, SourceError::Key { .. })
            || (enough > 0 && self.failed_in_a_row >= enough)
        {
            let message = format!("not asked for: {}", in_words(error));
            self.given_up = Some((error.code().to_owned(), message));
        }
    }
}

/// What came of asking.
enum Answer {
    Prices(Prices),
    Failed(SourceError),
    Ended(Ended),
}

fn failed(lacking: &BTreeSet<SimDate>, reason: String, message: String) -> Step {
    Step::Became(SymbolOutcome::Failed { reason, message }, lacking.len())
}

fn lacking(wanted: &BTreeSet<SimDate>, opens: &BTreeSet<UnixMillis>) -> BTreeSet<SimDate> {
    let lacks = |step: &&SimDate| !opens.contains(&step.open());
    wanted.iter().filter(lacks).copied().collect()
}

/// 2ⁿ seconds after the n-th failure, or longer where the source asks for it.
fn wait_before(failures: u32, error: &SourceError) -> Duration {
    let doubled = Duration::from_secs(1 << failures.min(5));
    let wished = match error {
        SourceError::Server { retry_after, .. } => retry_after.unwrap_or_default(),
        _ => Duration::ZERO,
    };
    doubled.max(wished.min(LONGEST_WAIT))
}

/// A failure with its causes.
fn in_words(error: &SourceError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        let said = next.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = next.source();
    }
    text
}
