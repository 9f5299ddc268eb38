//! The New York exchanges, by their published rules and what history added.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday, date, time};
use jiff::tz::TimeZone;

use super::{at, zone};
use crate::time::UnixMillis;

/// The years whose closures are known.
pub(super) const YEARS: RangeInclusive<i16> = 1998..=2030;

const OPEN: Time = time(9, 30, 0, 0);
const CLOSE: Time = time(16, 0, 0, 0);
const EARLY: Time = time(13, 0, 0, 0);

/// Closed for events: the attacks of 2001, presidents' funerals, a storm.
const CLOSURES: [Date; 10] = [
    date(2001, 9, 11),
    date(2001, 9, 12),
    date(2001, 9, 13),
    date(2001, 9, 14),
    date(2004, 6, 11),
    date(2007, 1, 2),
    date(2012, 10, 29),
    date(2012, 10, 30),
    date(2018, 12, 5),
    date(2025, 1, 9),
];

/// Closed at 13:00 beside the rules.
const EARLY_CLOSES: [Date; 2] = [date(1999, 12, 31), date(2003, 12, 26)];

/// Opened at noon, a year after the attacks.
const NOON_OPENING: Date = date(2002, 9, 11);

static NEW_YORK: LazyLock<TimeZone> = LazyLock::new(|| zone("America/New_York"));

/// The regular session of a date.
pub(super) fn spans(day: Date) -> Option<Vec<(UnixMillis, UnixMillis)>> {
    if is_weekend(day) || is_holiday(day) || CLOSURES.contains(&day) {
        return None;
    }
    let open = if day == NOON_OPENING {
        time(12, 0, 0, 0)
    } else {
        OPEN
    };
    let close = if closes_early(day) { EARLY } else { CLOSE };
    Some(vec![(at(day, open, &NEW_YORK), at(day, close, &NEW_YORK))])
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn is_holiday(day: Date) -> bool {
    let year = day.year();
    let nth = |month: i8, n: i8, weekday| {
        date(year, month, 1).nth_weekday_of_month(n, weekday).ok() == Some(day)
    };
    // Saturday's New Year is not made up for: the books of a year stay open
    // until its last working day.
    let new_year = date(year, 1, 1);
    (day == observed(new_year) && new_year.weekday() != Weekday::Saturday)
        || nth(1, 3, Weekday::Monday)
        || nth(2, 3, Weekday::Monday)
        || Some(day) == easter(year).checked_sub(2.days()).ok()
        || nth(5, -1, Weekday::Monday)
        || (year >= 2022 && day == observed(date(year, 6, 19)))
        || day == observed(date(year, 7, 4))
        || nth(9, 1, Weekday::Monday)
        || nth(11, 4, Weekday::Thursday)
        || day == observed(date(year, 12, 25))
}

fn closes_early(day: Date) -> bool {
    let year = day.year();
    let thanksgiving = date(year, 11, 1).nth_weekday_of_month(4, Weekday::Thursday);
    let after_thanksgiving = thanksgiving
        .and_then(Date::tomorrow)
        .is_ok_and(|friday| friday == day);
    let christmas_eve = day == date(year, 12, 24);
    after_thanksgiving
        || christmas_eve
        || before_independence_day(day)
        || EARLY_CLOSES.contains(&day)
}

/// The third of July; until 2012, when the fourth was a Thursday, the Friday
/// after it instead.
fn before_independence_day(day: Date) -> bool {
    let year = day.year();
    let thursday = date(year, 7, 4).weekday() == Weekday::Thursday;
    if thursday && year < 2013 {
        day == date(year, 7, 5)
    } else {
        day == date(year, 7, 3)
    }
}

/// Sunday's holidays are kept on Monday, Saturday's on Friday.
fn observed(day: Date) -> Date {
    let kept = match day.weekday() {
        Weekday::Sunday => day.tomorrow(),
        Weekday::Saturday => day.yesterday(),
        _ => Ok(day),
    };
    kept.unwrap_or(day)
}

/// Easter Sunday of the Gregorian calendar, by the method of Meeus, Jones and
/// Butcher (J. Meeus, Astronomical Algorithms, 1991, chapter 8).
fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let a = y % 19;
    let (b, c) = (y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let days = h + l - 7 * m + 114;
    date(year, (days / 31) as i8, (days % 31 + 1) as i8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_falls_where_almanacs_put_it() {
        for (year, month, day) in [
            (1998, 4, 12),
            (2000, 4, 23),
            (2008, 3, 23),
            (2011, 4, 24),
            (2025, 4, 20),
            (2030, 4, 21),
        ] {
            assert_eq!(easter(year), date(year, month, day));
        }
    }

    #[test]
    fn the_exchange_publishes_these_closures() {
        let closed = |year: i16| -> Vec<String> {
            date(year, 1, 1)
                .series(1.day())
                .take_while(|day| day.year() == year)
                .filter(|day| !is_weekend(*day) && spans(*day).is_none())
                .map(|day| day.strftime("%m-%d").to_string())
                .collect()
        };
        // From the exchange's lists of holidays.
        assert_eq!(
            closed(2025),
            [
                "01-01", "01-09", "01-20", "02-17", "04-18", "05-26", "06-19", "07-04", "09-01",
                "11-27", "12-25"
            ]
        );
        assert_eq!(
            closed(2022),
            [
                "01-17", "02-21", "04-15", "05-30", "06-20", "07-04", "09-05", "11-24", "12-26"
            ]
        );
        assert_eq!(
            closed(2021),
            [
                "01-01", "01-18", "02-15", "04-02", "05-31", "07-05", "09-06", "11-25", "12-24"
            ]
        );
        assert_eq!(closed(2012).len(), 11);
        assert_eq!(closed(2001).len(), 13);
    }

    #[test]
    fn short_days() {
        let short = |year: i16| -> Vec<String> {
            date(year, 1, 1)
                .series(1.day())
                .take_while(|day| day.year() == year)
                .filter(|day| spans(*day).is_some_and(|it| it[0].1.0 - it[0].0.0 < 6 * 3_600_000))
                .map(|day| day.strftime("%m-%d").to_string())
                .collect()
        };
        assert_eq!(short(2025), ["07-03", "11-28", "12-24"]);
        assert_eq!(short(2024), ["07-03", "11-29", "12-24"]);
        assert_eq!(short(2021), ["11-26"]);
        assert_eq!(short(2002), ["07-05", "09-11", "11-29", "12-24"]);
        assert_eq!(short(2013), ["07-03", "11-29", "12-24"]);
    }
}
