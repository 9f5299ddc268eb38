//! Which steps have prices.

use std::collections::{BTreeMap, BTreeSet};

use fondaco_contract::v1alpha1::simulation::{Completeness, SimDate};
use fondaco_domain::calendar::Calendar;
use fondaco_domain::task::SkipReason;
use fondaco_domain::{ErrorKind, Hint, Symbol, UnixMillis};
use jiff::civil::Date;
use thiserror::Error;

use super::plan::Plan;

/// The stamps of the candles that each symbol has. A symbol that is not in it
/// has none.
pub type Coverage = BTreeMap<Symbol, BTreeSet<UnixMillis>>;

/// Nobody knows whether the market was open on a day.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the calendar `{calendar}` does not know the year of {day}")]
pub struct UnknownDay {
    /// The calendar.
    pub calendar: &'static str,
    /// The day.
    pub day: Date,
}

impl Hint for UnknownDay {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some("choose days of years it knows, or state the closed days of that year".to_owned())
    }
}

/// Steps and symbols, and which symbols lack a candle at which steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    symbols: BTreeSet<Symbol>,
    steps: BTreeMap<SimDate, Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// The market does not trade on that day.
    Closed,
    /// It does; those have no candle.
    Trading {
        missing: BTreeSet<Symbol>,
        /// When the last session of the day ends.
        over: UnixMillis,
    },
}

impl Availability {
    /// Of steps and symbols, by the calendar of their market and by what is
    /// stored. What a calendar does not know is an error, and no guess.
    pub fn of(
        steps: &[SimDate],
        symbols: &[Symbol],
        calendar: &Calendar,
        coverage: &Coverage,
    ) -> Result<Self, UnknownDay> {
        let symbols: BTreeSet<Symbol> = symbols.iter().cloned().collect();
        let step = |date: &SimDate| {
            let day = date.day();
            if !calendar.covers(day) {
                return Err(UnknownDay {
                    calendar: calendar.as_str(),
                    day,
                });
            }
            let session = calendar.session(day);
            let over = session.and_then(|it| it.spans.last().map(|(_, close)| *close));
            let Some(over) = over else {
                return Ok((*date, Step::Closed));
            };
            let at = date.open();
            let has = |symbol: &&Symbol| coverage.get(*symbol).is_some_and(|it| it.contains(&at));
            let missing = symbols.iter().filter(|it| !has(it)).cloned().collect();
            Ok((*date, Step::Trading { missing, over }))
        };
        let steps = steps.iter().map(step).collect::<Result<_, _>>()?;
        Ok(Self { symbols, steps })
    }

    /// Whether the market trades at a step. A step that was not asked for is
    /// none.
    pub fn trades(&self, step: SimDate) -> bool {
        matches!(self.steps.get(&step), Some(Step::Trading { .. }))
    }

    /// The symbols without a candle at a step; none where the market is
    /// closed.
    pub fn missing(&self, step: SimDate) -> impl Iterator<Item = &Symbol> {
        let missing = match self.steps.get(&step) {
            Some(Step::Trading { missing, .. }) => Some(missing),
            Some(Step::Closed) | None => None,
        };
        missing.into_iter().flatten()
    }

    /// What should be fetched, the most useful first: candles of trading days
    /// that are over by `now`.
    pub fn plan(&self, now: UnixMillis) -> Plan {
        let wanted = self.steps.iter().filter_map(|(date, step)| match step {
            Step::Trading { missing, over } if *over <= now => Some((*date, missing)),
            _ => None,
        });
        Plan::of(wanted)
    }

    /// Why a step cannot be done by anybody; nothing where it can.
    ///
    /// `unreached` are the symbols that a download did not come to because the
    /// source had enough, see [`super::Outcome::unreached`]; none where there
    /// was no download.
    ///
    /// With [`Completeness::AllSymbols`] one symbol without a candle blocks
    /// the step. With [`Completeness::HeldAndRequested`] the step is blocked
    /// where no symbol has one: what a single model cannot do without is asked
    /// of [`Availability::reason_for`].
    ///
    /// A step is [`SkipReason::RateLimited`] only where it would have been
    /// complete had the download gone on: it is a trading day, and all that
    /// is missing was not reached. Everything else that is missing, and every
    /// day on which the market does not trade, is
    /// [`SkipReason::IncompletePriceData`].
    pub fn reason(
        &self,
        step: SimDate,
        policy: Completeness,
        unreached: &BTreeSet<Symbol>,
    ) -> Option<SkipReason> {
        self.reason_for(step, policy, &BTreeSet::new(), unreached)
    }

    /// The reason of every step that cannot be done by anybody.
    pub fn reasons(
        &self,
        policy: Completeness,
        unreached: &BTreeSet<Symbol>,
    ) -> BTreeMap<SimDate, SkipReason> {
        let reason = |step: &SimDate| Some((*step, self.reason(*step, policy, unreached)?));
        self.steps.keys().filter_map(reason).collect()
    }

    /// The same for one model on one day. With
    /// [`Completeness::HeldAndRequested`] `needed` are the symbols that it
    /// holds or asks for and cannot do without: of these each must have a
    /// candle. What nobody holds and nobody asks for blocks nobody; what no
    /// longer trades should not be among them. A needed symbol that is none of
    /// the run's has no candle.
    pub fn reason_for(
        &self,
        step: SimDate,
        policy: Completeness,
        needed: &BTreeSet<Symbol>,
        unreached: &BTreeSet<Symbol>,
    ) -> Option<SkipReason> {
        let Some(Step::Trading { missing, .. }) = self.steps.get(&step) else {
            return Some(SkipReason::IncompletePriceData);
        };
        let blocked = |lacks: &dyn Fn(&Symbol) -> bool| match policy {
            Completeness::AllSymbols => self.symbols.iter().any(lacks),
            Completeness::HeldAndRequested => {
                needed.iter().any(lacks) || self.symbols.iter().all(lacks)
            }
        };
        let lacks = |symbol: &Symbol| missing.contains(symbol) || !self.symbols.contains(symbol);
        if !blocked(&lacks) {
            None
        } else if blocked(&|symbol| lacks(symbol) && !unreached.contains(symbol)) {
            Some(SkipReason::IncompletePriceData)
        } else {
            Some(SkipReason::RateLimited)
        }
    }
}
