//! The name of a step: a day, or an hour of one.

use std::fmt;
use std::str::FromStr;

use fondaco_domain::UnixMillis;
use fondaco_domain::ledger::Session;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// When a model acts: `2025-10-01` of daily candles, `2025-10-01 10:00:00` of
/// shorter ones. It names the candle that opens then, by the stamp that candle
/// has; to the ledger it is a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SimDate(Session);

/// A text that names no step.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is neither a day such as 2025-10-01 nor an hour such as 2025-10-01 10:00:00")]
pub struct SimDateError(pub String);

impl SimDate {
    /// That of a candle.
    pub fn at(open: UnixMillis, daily: bool) -> Option<Self> {
        let at = jiff::Timestamp::from_millisecond(open.0).ok()?;
        let at = at.to_zoned(TimeZone::UTC).datetime();
        Some(if daily {
            Self::from(at.date())
        } else {
            Self(Session::at(at))
        })
    }

    /// The day.
    pub fn day(self) -> Date {
        self.0.date()
    }

    /// Whether it is a whole day.
    pub fn is_daily(self) -> bool {
        self.0.time().is_none()
    }

    /// As the ledger knows it.
    pub fn session(self) -> Session {
        self.0
    }

    /// The stamp of its candle.
    pub fn open(self) -> UnixMillis {
        let since = self.0.time().unwrap_or(Time::midnight());
        let since = since.duration_since(Time::midnight());
        UnixMillis::midnight(self.day()).plus(since.as_millis() as i64)
    }
}

impl From<Date> for SimDate {
    fn from(day: Date) -> Self {
        Self(day.into())
    }
}

impl FromStr for SimDate {
    type Err = SimDateError;

    fn from_str(text: &str) -> Result<Self, SimDateError> {
        let read = text.parse().map(Self).ok();
        // One text per step: what is read is what is written.
        read.filter(|read| read.to_string() == text)
            .ok_or_else(|| SimDateError(text.to_owned()))
    }
}

impl fmt::Display for SimDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for SimDate {
    type Error = SimDateError;

    fn try_from(text: String) -> Result<Self, SimDateError> {
        text.parse()
    }
}

impl From<SimDate> for String {
    fn from(date: SimDate) -> Self {
        date.to_string()
    }
}

impl JsonSchema for SimDate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SimDate".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2})?$",
            "description": "A day, or an hour of one where candles are shorter.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_written_as_it_is_read() {
        let open = |text: &str| text.parse::<SimDate>().map(SimDate::open);
        assert_eq!(open("1970-01-02"), Ok(UnixMillis(86_400_000)));
        assert_eq!(open("1970-01-02 10:30:00"), Ok(UnixMillis(124_200_000)));
        for wrong in [
            "",
            "2025-02-30",
            "2025-10-01T10:00:00",
            "2025-10-01 10:00",
            "2025-10-01 25:00:00",
            " 2025-10-01",
            "2025-10-01 10:00:00.5",
        ] {
            assert_eq!(open(wrong), Err(SimDateError(wrong.to_owned())), "{wrong}");
        }
        for daily in [true, false] {
            let step = SimDate::at(UnixMillis(1_759_312_800_000), daily).unwrap();
            assert_eq!(step.to_string().parse(), Ok(step));
        }
    }

    #[test]
    fn steps_are_in_the_order_of_time() {
        let step = |text: &str| text.parse::<SimDate>().unwrap();
        assert!(step("2025-10-01 10:00:00") < step("2025-10-01 11:00:00"));
        assert!(step("2025-10-01 15:00:00") < step("2025-10-02 10:00:00"));
        assert!(step("2025-10-01") < step("2025-10-02"));
    }
}
