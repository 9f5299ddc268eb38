//! The label of a trading session.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A moment of the market the ledger is told about: a day (`2025-10-01`), or
/// an hour of it (`2025-10-01 10:00:00`), in the exchange's own time. Ordered;
/// a day comes before its hours.
///
/// Settlement and corporate actions look at the date alone: an hour is not a
/// new session for what was bought the hour before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Session {
    date: Date,
    time: Option<Time>,
}

/// A text that is not a session.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a session such as 2025-10-01 or 2025-10-01 10:00:00")]
pub struct SessionError(pub String);

impl Session {
    /// A whole day.
    pub fn day(date: Date) -> Self {
        Self { date, time: None }
    }

    /// A part of a day.
    pub fn at(at: DateTime) -> Self {
        Self {
            date: at.date(),
            time: Some(at.time()),
        }
    }

    /// The day it is on.
    pub fn date(self) -> Date {
        self.date
    }

    /// The time of the day, where it is not a whole day.
    pub fn time(self) -> Option<Time> {
        self.time
    }

    /// Calendar days from an earlier session to this one; negative when it is
    /// later.
    pub fn days_since(self, earlier: Self) -> i64 {
        let hours = self.date.duration_since(earlier.date).as_hours();
        hours.div_euclid(24)
    }
}

impl From<Date> for Session {
    fn from(date: Date) -> Self {
        Self::day(date)
    }
}

impl From<DateTime> for Session {
    fn from(at: DateTime) -> Self {
        Self::at(at)
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.time {
            None => write!(f, "{}", self.date),
            Some(time) => write!(f, "{} {}", self.date, time.strftime("%H:%M:%S")),
        }
    }
}

impl FromStr for Session {
    type Err = SessionError;

    fn from_str(text: &str) -> Result<Self, SessionError> {
        let wrong = || SessionError(text.to_owned());
        let session = match text.split_once([' ', 'T']) {
            None => Self::day(text.parse().map_err(|_| wrong())?),
            Some((date, time)) => Self {
                date: date.parse().map_err(|_| wrong())?,
                time: Some(Time::strptime("%H:%M:%S", time).map_err(|_| wrong())?),
            },
        };
        Ok(session)
    }
}

impl TryFrom<String> for Session {
    type Error = SessionError;

    fn try_from(text: String) -> Result<Self, SessionError> {
        text.parse()
    }
}

impl From<Session> for String {
    fn from(session: Session) -> Self {
        session.to_string()
    }
}
