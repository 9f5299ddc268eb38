//! When markets are open, and which candles they should therefore have.

mod forex;
mod shanghai;
mod us;

pub use shanghai::{HolidayList, HolidayListError};

use jiff::civil::{Date, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use crate::time::UnixMillis;
use crate::timeframe::Timeframe;

/// The opening times of a market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Calendar {
    /// Always open: crypto.
    AlwaysOpen,
    /// The New York exchanges: 09:30 to 16:00 in New York, with the holidays,
    /// early closes and unplanned closures from 1998 to 2030.
    UsEquities,
    /// The Shanghai and Shenzhen exchanges: 09:30 to 11:30 and 13:00 to 15:00
    /// in Shanghai, on weekdays that no list closes.
    AShares(HolidayList),
    /// Currencies: Sunday 17:00 to Friday 17:00 in New York, without
    /// Christmas and New Year's Day.
    Forex,
}

/// One trading day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The date the exchange gives it.
    pub date: Date,
    /// When it is open, in order: `[open, close)`.
    pub spans: Vec<(UnixMillis, UnixMillis)>,
}

/// Where candles within a day start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// At multiples of their length: 09:00, 10:00, … of an exchange that
    /// opens at 09:30.
    #[default]
    Clock,
    /// At the opening: 09:30, 10:30, …
    Opening,
}

impl Calendar {
    /// The name in options and JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::AlwaysOpen => "24/7",
            Self::UsEquities => "us-equities",
            Self::AShares(_) => "a-shares",
            Self::Forex => "forex",
        }
    }

    /// Whether the opening times of a date are known.
    pub fn covers(&self, date: Date) -> bool {
        match self {
            Self::AlwaysOpen | Self::Forex => true,
            Self::UsEquities => us::YEARS.contains(&date.year()),
            Self::AShares(holidays) => holidays.covers(date),
        }
    }

    /// The trading day of a date, if it is one.
    pub fn session(&self, date: Date) -> Option<Session> {
        let spans = match self {
            Self::AlwaysOpen => {
                let start = UnixMillis::midnight(date);
                vec![(start, start.plus(Timeframe::DAY.millis()))]
            }
            Self::UsEquities => us::spans(date)?,
            Self::AShares(holidays) => shanghai::spans(date, holidays)?,
            Self::Forex => forex::spans(date)?,
        };
        Some(Session { date, spans })
    }

    /// The trading days of a range of dates, both ends included.
    pub fn sessions(&self, from: Date, to: Date) -> impl Iterator<Item = Session> + '_ {
        from.series(jiff::Span::new().days(1))
            .take_while(move |date| *date <= to)
            .filter_map(|date| self.session(date))
    }

    /// The open times of the candles the market should have within
    /// `[from, to)`, in order.
    ///
    /// A candle shorter than a day is expected when it overlaps a session. A
    /// candle of a day is stamped with midnight UTC of the session's date,
    /// wherever the exchange is; longer ones contain at least one session.
    pub fn expected(
        &self,
        timeframe: Timeframe,
        anchor: Anchor,
        from: UnixMillis,
        to: UnixMillis,
    ) -> Vec<UnixMillis> {
        if to <= from {
            return Vec::new();
        }
        let step = timeframe.millis();
        if *self == Self::AlwaysOpen {
            let first = timeframe.floor(from.plus(step - 1)).0;
            let steps = (to.0 - first + step - 1).div_euclid(step).max(0);
            return (0..steps).map(|n| UnixMillis(first + n * step)).collect();
        }
        // Sessions of neighbouring dates reach into a day of UTC, and a long
        // candle starts before its first session.
        let margin = step.max(2 * Timeframe::DAY.millis());
        let days = self.sessions(from.plus(-margin).date(), to.plus(margin).date());
        let mut all: Vec<UnixMillis> = if timeframe >= Timeframe::DAY {
            days.map(|day| timeframe.floor(UnixMillis::midnight(day.date)))
                .collect()
        } else {
            days.flat_map(|day| day.spans)
                .flat_map(|span| within(span, timeframe, anchor))
                .collect()
        };
        all.dedup();
        all.retain(|stamp| (from..to).contains(stamp));
        all
    }
}

/// The candles that overlap a span.
fn within(
    (open, close): (UnixMillis, UnixMillis),
    timeframe: Timeframe,
    anchor: Anchor,
) -> impl Iterator<Item = UnixMillis> {
    let first = match anchor {
        Anchor::Clock => timeframe.floor(open),
        Anchor::Opening => open,
    };
    (0..)
        .map(move |n| first.plus(n * timeframe.millis()))
        .take_while(move |stamp| *stamp < close)
}

/// A zone from the copy that travels with the program, so that results do not
/// depend on the machine.
fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled()
        .get(name)
        .expect("the zones of exchanges are part of the program")
}

/// A wall-clock time at an exchange. Exchanges do not open in the hour that
/// daylight saving skips or repeats.
fn at(date: Date, time: Time, zone: &TimeZone) -> UnixMillis {
    let civil = date.to_datetime(time);
    zone.to_ambiguous_timestamp(civil)
        .compatible()
        .map_or_else(|_| UnixMillis::midnight(date), UnixMillis::from)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::time::parse_stamp;

    fn stamp(text: &str) -> UnixMillis {
        parse_stamp(text).unwrap()
    }

    fn expected(
        calendar: &Calendar,
        tf: &str,
        anchor: Anchor,
        from: &str,
        to: &str,
    ) -> Vec<String> {
        calendar
            .expected(tf.parse().unwrap(), anchor, stamp(from), stamp(to))
            .into_iter()
            .map(|at| at.to_string()[..16].to_owned())
            .collect()
    }

    #[test]
    fn crypto_never_sleeps() {
        let of = |tf: &str, from: &str, to: &str| {
            expected(&Calendar::AlwaysOpen, tf, Anchor::Clock, from, to)
        };
        assert_eq!(
            of("5m", "2018-01-06T23:51:00Z", "2018-01-07T00:05:00Z"),
            ["2018-01-06 23:55", "2018-01-07 00:00"]
        );
        assert_eq!(of("1d", "2018-01-06", "2018-01-08").len(), 2);
        assert_eq!(of("1w", "2018-01-06", "2018-01-09"), ["2018-01-08 00:00"]);
        assert!(of("1h", "2018-01-06", "2018-01-06").is_empty());
    }

    #[test]
    fn an_hour_at_new_york_starts_on_the_clock_or_at_the_opening() {
        let of =
            |anchor, from: &str, to: &str| expected(&Calendar::UsEquities, "1h", anchor, from, to);
        // The clocks change on 2025-11-02; the day after Thanksgiving is short.
        let friday = of(Anchor::Clock, "2025-10-31", "2025-11-01");
        assert_eq!((friday.len(), friday[0].as_str()), (7, "2025-10-31 13:00"));
        assert_eq!(
            of(Anchor::Opening, "2025-11-28", "2025-12-01"),
            [
                "2025-11-28 14:30",
                "2025-11-28 15:30",
                "2025-11-28 16:30",
                "2025-11-28 17:30"
            ]
        );
    }

    #[test]
    fn shanghai_rests_at_noon() {
        let list = HolidayList::new([2025], [date(2025, 10, 1)]).unwrap();
        let calendar = Calendar::AShares(list);
        assert_eq!(
            expected(&calendar, "1h", Anchor::Opening, "2025-09-30", "2025-10-02"),
            [
                "2025-09-30 01:30",
                "2025-09-30 02:30",
                "2025-09-30 05:00",
                "2025-09-30 06:00"
            ]
        );
        assert_eq!(
            expected(&calendar, "1d", Anchor::Clock, "2025-09-26", "2025-10-03"),
            [
                "2025-09-26 00:00",
                "2025-09-29 00:00",
                "2025-09-30 00:00",
                "2025-10-02 00:00"
            ]
        );
        assert!(!calendar.covers(date(2024, 5, 1)));
    }

    #[test]
    fn currencies_trade_from_sunday_to_friday_evening() {
        let hours = expected(
            &Calendar::Forex,
            "1h",
            Anchor::Clock,
            "2017-04-21",
            "2017-04-25",
        );
        let around: Vec<&str> = hours.iter().map(String::as_str).collect();
        let friday = around
            .iter()
            .position(|it| *it == "2017-04-21 20:00")
            .unwrap();
        assert_eq!(around[friday + 1], "2017-04-23 21:00");
        let days = expected(
            &Calendar::Forex,
            "1d",
            Anchor::Clock,
            "2017-12-20",
            "2017-12-28",
        );
        assert_eq!(days.len(), 5);
    }

    #[test]
    fn a_week_is_expected_when_a_day_of_it_is() {
        let list = HolidayList::new([2025], (1..=8).map(|day| date(2025, 10, day))).unwrap();
        assert_eq!(
            expected(
                &Calendar::AShares(list),
                "1w",
                Anchor::Clock,
                "2025-09-22",
                "2025-10-13"
            ),
            ["2025-09-22 00:00", "2025-09-29 00:00", "2025-10-06 00:00"]
        );
    }
}
