//! What earlier runs of a book leave to a new one.

use fondaco_contract::v1alpha1::simulation::{Base, SimDate, SimulationModel};
use jiff::civil::Date;

use super::submit::SubmitError;
use crate::ports::Failure;
use crate::ports::days::{DayQuery, DayStore, KeptDay};

/// A book, or none.
pub(super) struct Past<'a> {
    pub(super) days: &'a dyn DayStore,
    pub(super) book: Option<&'a str>,
}

impl Past<'_> {
    fn of(&self, model: &SimulationModel) -> Option<DayQuery> {
        let book = self.book?;
        Some(DayQuery {
            book: Some(book.to_owned()),
            model: Some(model.name.clone()),
            fresh_only: true,
            ..DayQuery::default()
        })
    }

    fn failed(&self, source: Failure) -> SubmitError {
        SubmitError::Days {
            book: self.book.unwrap_or_default().to_owned(),
            source,
        }
    }

    /// The last completed day, before a step where one is given.
    fn last(
        &self,
        model: &SimulationModel,
        before: Option<SimDate>,
    ) -> Result<Option<KeptDay>, SubmitError> {
        let Some(query) = self.of(model) else {
            return Ok(None);
        };
        let query = DayQuery {
            before,
            newest_first: true,
            limit: Some(1),
            ..query
        };
        let mut days = self.days.days(&query).map_err(|error| self.failed(error))?;
        Ok(days.pop())
    }

    fn completed(
        &self,
        model: &SimulationModel,
        dates: &[SimDate],
    ) -> Result<Vec<SimDate>, SubmitError> {
        let (Some(query), Some(first), Some(last)) = (self.of(model), dates.first(), dates.last())
        else {
            return Ok(Vec::new());
        };
        let query = DayQuery {
            dates: Some(first.day()..=last.day()),
            ..query
        };
        let found = self
            .days
            .dates(&query)
            .map_err(|error| self.failed(error))?;
        let found = found.into_iter().map(|(_, date)| date);
        Ok(found
            .filter(|date| dates.binary_search(date).is_ok())
            .collect())
    }
}

/// Each model goes on after its last completed day; one that has none does the
/// last day alone. The earliest of those days.
pub(super) fn resume(
    past: &Past<'_>,
    models: &mut [SimulationModel],
    end: Date,
) -> Result<Date, SubmitError> {
    let mut first = end;
    for model in models {
        let from = match past.last(model, None)? {
            Some(last) => last.day.date.day().tomorrow().unwrap_or(end),
            None => end,
        };
        model.from = Some(SimDate::from(from));
        first = first.min(from);
    }
    Ok(first)
}

/// Writes into each model what it need not do again, and what it goes on from.
pub(super) fn fill(
    past: &Past<'_>,
    models: &mut [SimulationModel],
    dates: &[SimDate],
    incomplete: &[SimDate],
    replace: bool,
) -> Result<(), SubmitError> {
    for model in models {
        if !replace {
            model.completed = past.completed(model, dates)?;
        }
        let mut bases: Vec<Base> = Vec::new();
        let mut follows = false;
        for date in dates
            .iter()
            .filter(|date| model.from.is_none_or(|from| **date >= from))
        {
            if model.completed.binary_search(date).is_ok() {
                follows = false;
                continue;
            }
            if incomplete.binary_search(date).is_ok() || follows {
                continue;
            }
            follows = true;
            let last = past.last(model, Some(*date))?;
            bases.extend(last.map(|kept| Base {
                date: kept.day.date,
                value: kept.day.end.value,
                ledger: kept.day.ledger,
                waiting: kept.day.waiting,
                room: kept.day.room,
            }));
        }
        model.bases = bases;
    }
    Ok(())
}
