//! The mainland exchanges, whose closures are announced each year.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil::{Date, Time, Weekday, time};
use jiff::tz::TimeZone;
use thiserror::Error;

use super::{at, zone};
use crate::error::{ErrorKind, Hint};
use crate::time::UnixMillis;

const HOURS: [(Time, Time); 2] = [
    (time(9, 30, 0, 0), time(11, 30, 0, 0)),
    (time(13, 0, 0, 0), time(15, 0, 0, 0)),
];

static SHANGHAI: LazyLock<TimeZone> = LazyLock::new(|| zone("Asia/Shanghai"));

/// The weekdays an exchange was closed, for whole years.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HolidayList {
    years: BTreeSet<i16>,
    closed: BTreeSet<Date>,
}

/// A day that a list of holidays cannot contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} is in none of the years the list of holidays is for")]
pub struct HolidayListError(pub Date);

impl Hint for HolidayListError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Corrupt
    }
}

impl HolidayList {
    /// The closed weekdays of some years.
    pub fn new(
        years: impl IntoIterator<Item = i16>,
        closed: impl IntoIterator<Item = Date>,
    ) -> Result<Self, HolidayListError> {
        let list = Self {
            years: years.into_iter().collect(),
            closed: closed.into_iter().collect(),
        };
        match list.closed.iter().find(|day| !list.covers(**day)) {
            Some(day) => Err(HolidayListError(*day)),
            None => Ok(list),
        }
    }

    /// Both lists in one.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.years.extend(other.years);
        self.closed.extend(other.closed);
        self
    }

    /// Whether the closures of a date's year are known.
    pub fn covers(&self, day: Date) -> bool {
        self.years.contains(&day.year())
    }
}

/// The hours of a date.
pub(super) fn spans(day: Date, holidays: &HolidayList) -> Option<Vec<(UnixMillis, UnixMillis)>> {
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    if weekend || holidays.closed.contains(&day) {
        return None;
    }
    let span = |(open, close)| (at(day, open, &SHANGHAI), at(day, close, &SHANGHAI));
    Some(HOURS.map(span).to_vec())
}
