//! The length of a candle.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::time::UnixMillis;

/// A candle length in whole seconds: `1s`, `5m`, `1h`, `1d`, `1w`.
///
/// Months have no fixed length and are not a timeframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timeframe {
    seconds: u32,
}

/// A string that is no timeframe.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a timeframe: write a number and s, m, h, d or w, such as 5m or 1d")]
pub struct TimeframeError(pub String);

impl Timeframe {
    /// One minute.
    pub const MINUTE: Self = Self { seconds: 60 };
    /// One hour.
    pub const HOUR: Self = Self { seconds: 3_600 };
    /// One day.
    pub const DAY: Self = Self { seconds: 86_400 };

    /// A candle of so many seconds; `None` for zero.
    pub fn from_seconds(seconds: u32) -> Option<Self> {
        (seconds > 0).then_some(Self { seconds })
    }

    /// Length in seconds.
    pub fn seconds(self) -> i64 {
        i64::from(self.seconds)
    }

    /// Length in milliseconds.
    pub fn millis(self) -> i64 {
        self.seconds() * 1_000
    }

    /// Length in minutes; a fraction below one minute.
    pub fn minutes(self) -> f64 {
        f64::from(self.seconds) / 60.0
    }

    /// Candles in a year of 365 days.
    pub fn per_year(self) -> f64 {
        365.0 * 86_400.0 / f64::from(self.seconds)
    }

    /// The open time of the candle that contains the instant. Weeks start on
    /// Monday, every other length at the epoch.
    #[must_use]
    pub fn floor(self, at: UnixMillis) -> UnixMillis {
        const MONDAY: i64 = 4 * 86_400_000; // 1970-01-05
        let anchor = if self.seconds.is_multiple_of(604_800) {
            MONDAY
        } else {
            0
        };
        UnixMillis(at.0 - (at.0 - anchor).rem_euclid(self.millis()))
    }
}

impl FromStr for Timeframe {
    type Err = TimeframeError;

    fn from_str(text: &str) -> Result<Self, TimeframeError> {
        let bad = || TimeframeError(text.to_owned());
        let unit = match text.chars().last() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3_600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            _ => return Err(bad()),
        };
        let count: u32 = text[..text.len() - 1].parse().map_err(|_| bad())?;
        count
            .checked_mul(unit)
            .and_then(Self::from_seconds)
            .ok_or_else(bad)
    }
}

impl fmt::Display for Timeframe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name) = [
            (604_800, "w"),
            (86_400, "d"),
            (3_600, "h"),
            (60, "m"),
            (1, "s"),
        ]
        .into_iter()
        .find(|(unit, _)| self.seconds.is_multiple_of(*unit))
        .unwrap_or((1, "s"));
        write!(f, "{}{name}", self.seconds / unit)
    }
}

impl TryFrom<String> for Timeframe {
    type Error = TimeframeError;

    fn try_from(text: String) -> Result<Self, TimeframeError> {
        text.parse()
    }
}

impl From<Timeframe> for String {
    fn from(timeframe: Timeframe) -> Self {
        timeframe.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_refusals() {
        for text in ["1s", "1m", "5m", "15m", "1h", "4h", "1d", "1w"] {
            assert_eq!(text.parse::<Timeframe>().unwrap().to_string(), text);
        }
        assert_eq!("60m".parse::<Timeframe>().unwrap(), Timeframe::HOUR);
        for bad in ["", "m", "0m", "5", "5x", "-5m", "1M", "99999999999d"] {
            assert!(bad.parse::<Timeframe>().is_err(), "{bad}");
        }
    }

    #[test]
    fn weeks_start_on_monday() {
        let sunday = crate::time::parse_stamp("2018-01-14T23:00:00Z").unwrap();
        let monday = crate::time::parse_stamp("2018-01-08").unwrap();
        assert_eq!("1w".parse::<Timeframe>().unwrap().floor(sunday), monday);
    }
}
