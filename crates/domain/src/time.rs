//! Points and ranges of time.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Milliseconds since 1970-01-01T00:00:00Z. A candle's stamp is its open time.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// Later by some milliseconds (earlier when negative).
    #[must_use]
    pub fn plus(self, millis: i64) -> Self {
        Self(self.0 + millis)
    }

    /// Year and month in UTC.
    pub fn year_month(self) -> (i16, i8) {
        let date = self.zoned().date();
        (date.year(), date.month())
    }

    /// The calendar date in UTC.
    pub fn date(self) -> jiff::civil::Date {
        self.zoned().date()
    }

    /// Midnight UTC of a calendar date.
    pub fn midnight(date: jiff::civil::Date) -> Self {
        date.to_zoned(TimeZone::UTC)
            .map_or(Self(0), |zoned| Self(zoned.timestamp().as_millisecond()))
    }

    /// The instant for `jiff`; stamps outside its range are clamped to it.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }

    fn zoned(self) -> jiff::Zoned {
        self.timestamp().to_zoned(TimeZone::UTC)
    }
}

impl From<Timestamp> for UnixMillis {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_millisecond())
    }
}

/// `2018-01-10 11:35:00+00:00`, as pandas writes a UTC stamp; milliseconds
/// appear only where there are any.
impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zoned = self.zoned();
        write!(f, "{}", zoned.strftime("%Y-%m-%d %H:%M:%S"))?;
        let millis = self.0.rem_euclid(1000);
        if millis != 0 {
            write!(f, ".{millis:03}")?;
        }
        f.write_str("+00:00")
    }
}

/// A half-open range `[from, to)`; an absent end is unbounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TimeRange {
    /// First instant inside.
    pub from: Option<UnixMillis>,
    /// First instant after.
    pub to: Option<UnixMillis>,
}

/// A time range that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TimeRangeError {
    /// Neither a date, a date-time nor an epoch.
    #[error(
        "`{0}` is not a time: write 2018-01-10, 20180110, 2018-01-10T12:00:00Z or an epoch in seconds"
    )]
    Stamp(String),
    /// The end is not after the start.
    #[error("the range `{0}` ends before it starts")]
    Reversed(String),
}

impl TimeRange {
    /// Whether the instant lies inside.
    pub fn contains(self, at: UnixMillis) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// Reads freqtrade's form `20180101-20180201`, `20180101-`, `-20180201`,
    /// or two stamps joined with `..`.
    pub fn parse(text: &str) -> Result<Self, TimeRangeError> {
        let (from, to) = match text.split_once("..") {
            Some(ends) => ends,
            None => text
                .split_once('-')
                .filter(|(from, to)| !from.contains('-') && !to.contains('-'))
                .ok_or_else(|| TimeRangeError::Stamp(text.to_owned()))?,
        };
        let end = |stamp: &str| {
            if stamp.is_empty() {
                Ok(None)
            } else {
                parse_stamp(stamp).map(Some)
            }
        };
        let range = Self {
            from: end(from)?,
            to: end(to)?,
        };
        match (range.from, range.to) {
            (Some(from), Some(to)) if to <= from => Err(TimeRangeError::Reversed(text.to_owned())),
            _ => Ok(range),
        }
    }
}

/// Reads a date (`2018-01-10` or `20180110`), a date-time with a zone or in
/// UTC, or an epoch in seconds (ten digits) or milliseconds (thirteen).
pub fn parse_stamp(text: &str) -> Result<UnixMillis, TimeRangeError> {
    let bad = || TimeRangeError::Stamp(text.to_owned());
    if text.len() >= 10 && text.bytes().all(|b| b.is_ascii_digit()) {
        let epoch: i64 = text.parse().map_err(|_| bad())?;
        return Ok(UnixMillis(if text.len() >= 13 {
            epoch
        } else {
            epoch * 1000
        }));
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(timestamp.into());
    }
    if let Ok(datetime) = text.parse::<jiff::civil::DateTime>() {
        let zoned = datetime.to_zoned(TimeZone::UTC).map_err(|_| bad())?;
        return Ok(zoned.timestamp().into());
    }
    let date = text.parse::<jiff::civil::Date>().map_err(|_| bad())?;
    Ok(UnixMillis::midnight(date))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_in_both_spellings() {
        let day = |text| parse_stamp(text).unwrap();
        let both = TimeRange::parse("20180110-20180120").unwrap();
        assert_eq!(both, TimeRange::parse("2018-01-10..2018-01-20").unwrap());
        assert_eq!(both.from, Some(day("2018-01-10T00:00:00Z")));
        assert_eq!(TimeRange::parse("20180110-").unwrap().to, None);
        assert!(TimeRange::parse("20180120-20180110").is_err());
        assert!(TimeRange::parse("soon").is_err());
    }

    #[test]
    fn a_stamp_is_shown_as_pandas_shows_it() {
        assert_eq!(
            UnixMillis(1_515_584_100_000).to_string(),
            "2018-01-10 11:35:00+00:00"
        );
        assert_eq!(
            UnixMillis(1_515_584_100_017).to_string(),
            "2018-01-10 11:35:00.017+00:00"
        );
    }
}
