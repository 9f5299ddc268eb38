//! Stamps as files write them.

use fondaco_domain::UnixMillis;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use crate::error::{CellProblem, ReadError};

/// A stamp before the zone is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Stamp {
    /// A point in time.
    Instant(UnixMillis),
    /// A date, or a wall-clock time without a zone.
    Civil(DateTime),
}

/// Reads ISO dates and date-times with or without a zone, `YYYYMMDD`
/// (with ` HHMMSS` or ` HH:MM:SS` perhaps), and epochs: 9 or 10 digits are
/// seconds, 12 or 13 milliseconds, 15 or 16 microseconds, 18 or 19
/// nanoseconds.
pub(crate) fn parse(text: &str) -> Option<Stamp> {
    let text = text.trim();
    let whole = text.strip_suffix(".0").unwrap_or(text);
    if !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit()) {
        return digits(whole);
    }
    if let Some(civil) = compact(text) {
        return Some(Stamp::Civil(civil));
    }
    let date = text.get(..10)?;
    if text.len() == 10 {
        return Some(Stamp::Civil(
            date.parse::<Date>().ok()?.to_datetime(Time::midnight()),
        ));
    }
    if let Some(body) = text.strip_suffix(" UTC") {
        return Some(Stamp::Instant(utc(body.trim().parse().ok()?)));
    }
    let has_zone = text.ends_with(['Z', 'z']) || text[10..].contains(['+', '-']);
    if has_zone {
        let timestamp: jiff::Timestamp = text.parse().ok()?;
        Some(Stamp::Instant(timestamp.into()))
    } else {
        Some(Stamp::Civil(text.parse().ok()?))
    }
}

/// An epoch or a compact date.
fn digits(text: &str) -> Option<Stamp> {
    let value: i64 = text.parse().ok()?;
    Some(match text.len() {
        8 => {
            let date = Date::strptime("%Y%m%d", text).ok()?;
            Stamp::Civil(date.to_datetime(Time::midnight()))
        }
        9 | 10 => Stamp::Instant(UnixMillis(value * 1_000)),
        12 | 13 => Stamp::Instant(UnixMillis(value)),
        15 | 16 => Stamp::Instant(UnixMillis(value / 1_000)),
        18 | 19 => Stamp::Instant(UnixMillis(value / 1_000_000)),
        _ => return None,
    })
}

/// `20200101 170000`, `20200101 170000065`, `20200101 17:00:00`.
fn compact(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once(' ')?;
    if date.len() != 8 || !date.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let date = Date::strptime("%Y%m%d", date).ok()?;
    if !time.bytes().all(|b| b.is_ascii_digit()) {
        return Some(date.to_datetime(time.parse().ok()?));
    }
    let part = |range: std::ops::Range<usize>| time.get(range)?.parse::<i8>().ok();
    let millis: i32 = match time.len() {
        6 => 0,
        9 => time[6..].parse().ok()?,
        _ => return None,
    };
    let time = Time::new(part(0..2)?, part(2..4)?, part(4..6)?, millis * 1_000_000).ok()?;
    Some(date.to_datetime(time))
}

/// The stamps of one column, in one zone.
///
/// When no stamp has a time of day the column holds dates: a candle of a day
/// is stamped with midnight UTC of its date, wherever the exchange is.
pub(crate) struct Resolver {
    zone: Option<TimeZone>,
    dates: bool,
    last: UnixMillis,
}

impl Resolver {
    /// For a column with these stamps.
    pub(crate) fn new(
        stamps: impl IntoIterator<Item = Stamp>,
        zone: Option<&str>,
    ) -> Result<Self, ReadError> {
        let dates = stamps.into_iter().all(|stamp| match stamp {
            Stamp::Civil(civil) => civil.time() == Time::midnight(),
            Stamp::Instant(_) => false,
        });
        Ok(Self {
            zone: zone.map(find_zone).transpose()?,
            dates,
            last: UnixMillis(i64::MIN),
        })
    }

    /// Whether a stamp without a zone is read as UTC only because none was
    /// stated.
    pub(crate) fn assumes_utc(&self, stamp: Stamp) -> bool {
        matches!(stamp, Stamp::Civil(_)) && !self.dates && self.zone.is_none()
    }

    /// The instant of the next stamp of the column.
    pub(crate) fn resolve(&mut self, stamp: Stamp) -> Result<UnixMillis, CellProblem> {
        let at = match (stamp, &self.zone) {
            (Stamp::Instant(at), _) => at,
            (Stamp::Civil(civil), Some(zone)) if !self.dates => local(civil, zone, self.last)?,
            (Stamp::Civil(civil), _) => utc(civil),
        };
        self.last = at;
        Ok(at)
    }
}

/// A zone by its IANA name, from the copy that travels with the program.
pub(crate) fn find_zone(name: &str) -> Result<TimeZone, ReadError> {
    TimeZoneDatabase::bundled()
        .get(name)
        .map_err(|_| ReadError::Zone {
            zone: name.to_owned(),
        })
}

fn utc(civil: DateTime) -> UnixMillis {
    civil
        .to_zoned(TimeZone::UTC)
        .map_or(UnixMillis(0), |zoned| zoned.timestamp().into())
}

/// Wall-clock time to an instant. When clocks go back, the hour that happens
/// twice is told apart by the stamp before it.
fn local(civil: DateTime, zone: &TimeZone, last: UnixMillis) -> Result<UnixMillis, CellProblem> {
    let instant = |offset: jiff::tz::Offset| {
        offset
            .to_timestamp(civil)
            .map(UnixMillis::from)
            .map_err(|_| CellProblem::NotATime)
    };
    match zone.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { offset } => instant(offset),
        AmbiguousOffset::Gap { .. } => Err(CellProblem::SkippedTime),
        AmbiguousOffset::Fold { before, after } => {
            let first = instant(before)?;
            if first > last {
                Ok(first)
            } else {
                instant(after)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str], zone: Option<&str>) -> Vec<String> {
        let stamps: Vec<Stamp> = texts.iter().map(|text| parse(text).unwrap()).collect();
        let mut resolver = Resolver::new(stamps.iter().copied(), zone).unwrap();
        stamps
            .into_iter()
            .map(|stamp| resolver.resolve(stamp).unwrap().to_string())
            .collect()
    }

    #[test]
    fn every_spelling_of_one_instant() {
        for text in [
            "2018-01-10T04:55:00Z",
            "2018-01-10 04:55:00+00:00",
            "2018-01-10 04:55:00",
            "2018-01-10 04:55:00.000000",
            "2018-01-10 04:55:00 UTC",
            "2018-01-09T23:55:00-05:00",
            "20180110 045500",
            "20180110 04:55:00",
            "1515560100",
            "1515560100.0",
            "1515560100000",
            "1515560100000000",
            "1515560100000000000",
        ] {
            assert_eq!(read(&[text], None), ["2018-01-10 04:55:00+00:00"], "{text}");
        }
        for text in [
            "",
            "soon",
            "10/01/2018",
            "2018-13-01",
            "2018",
            "20181301",
            "2018-01-10T25:00:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn dates_have_no_zone_and_times_have_one() {
        let zone = Some("America/New_York");
        assert_eq!(
            read(&["2018-01-10", "20180111"], zone)[1],
            "2018-01-11 00:00:00+00:00"
        );
        assert_eq!(
            read(&["2018-01-10T00:00:00"], zone),
            ["2018-01-10 00:00:00+00:00"]
        );
        assert_eq!(
            read(&["2018-01-10 09:00:00"], zone),
            ["2018-01-10 14:00:00+00:00"]
        );
        assert_eq!(
            read(&["2018-07-10 09:00:00"], zone),
            ["2018-07-10 13:00:00+00:00"]
        );
    }

    #[test]
    fn an_hour_that_happens_twice_stays_in_order() {
        let twice = [
            "2018-11-04 00:30",
            "2018-11-04 01:30",
            "2018-11-04 01:30",
            "2018-11-04 02:30",
        ];
        assert_eq!(
            read(&twice, Some("America/New_York")),
            [
                "2018-11-04 04:30:00+00:00",
                "2018-11-04 05:30:00+00:00",
                "2018-11-04 06:30:00+00:00",
                "2018-11-04 07:30:00+00:00",
            ]
        );
    }

    #[test]
    fn an_hour_that_never_happens_is_refused() {
        let stamp = parse("2018-03-11 02:30:00").unwrap();
        let mut resolver = Resolver::new([stamp], Some("America/New_York")).unwrap();
        assert_eq!(resolver.resolve(stamp), Err(CellProblem::SkippedTime));
    }
}
