//! Whether candles reach to the present, as their market counts it.
//!
//! A data set is fresh when it has the newest candle that its market has
//! finished: Friday's daily candle of a share is fresh until Monday's close,
//! and a coin's is stale a day after its midnight. How old a candle is in hours
//! says nothing of that.

use std::time::Duration;

use fondaco_domain::calendar::{Anchor, Calendar, Session};
use fondaco_domain::{Timeframe, UnixMillis};
use jiff::civil::Date;
use serde::Serialize;

use super::check::calendar_of;
use super::{CalendarName, CheckRules, DataError, DatasetId, Listed, Selector, guess, list};
use crate::ports::BarStore;

/// How late candles may come.
#[derive(Debug, Clone, Default)]
pub struct FreshnessRules {
    /// What the market is: its calendar, and the closed days it needs.
    pub market: CheckRules,
    /// A candle may be this late; one length of it, and an hour at most, where
    /// nothing is said.
    pub grace: Option<Duration>,
}

/// Why nobody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Untold {
    /// The mainland exchanges announce their closed days each year, and there
    /// is no list of them.
    NoHolidays,
    /// The calendar does not know the year.
    NotInCalendar,
}

/// What is to be said of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It has all that there should be.
    Fresh,
    /// A candle that should be there is not.
    Stale,
    /// Nobody can tell. Not fresh.
    Unknown(Untold),
}

/// How far a data set reaches.
#[derive(Debug, Clone, PartialEq)]
pub struct Freshness {
    /// The data set, and its newest version.
    pub listed: Listed,
    /// The calendar it was held against.
    pub calendar: CalendarName,
    /// Whether that was guessed from the name.
    pub calendar_guessed: bool,
    /// Open time of the newest candle that should be there, where one can
    /// tell.
    pub expected: Option<UnixMillis>,
    /// What follows.
    pub verdict: Verdict,
}

impl Freshness {
    /// Whether it has all that there should be; what nobody can tell is not.
    pub fn is_fresh(&self) -> bool {
        self.verdict == Verdict::Fresh
    }
}

/// How far the data sets meant reach, in order; at least one.
pub async fn freshness(
    store: &dyn BarStore,
    selector: &Selector,
    rules: &FreshnessRules,
    now: UnixMillis,
) -> Result<Vec<Freshness>, DataError> {
    let all = list(store, selector).await?;
    if all.is_empty() {
        return Err(DataError::NoMatch(selector.clone()));
    }
    Ok(all
        .into_iter()
        .map(|listed| judge(listed, rules, now))
        .collect())
}

/// How far one data set reaches.
pub fn judge(listed: Listed, rules: &FreshnessRules, now: UnixMillis) -> Freshness {
    let DatasetId {
        symbol, timeframe, ..
    } = &listed.dataset;
    let calendar = rules.market.calendar.unwrap_or_else(|| guess(symbol));
    let by = now.plus(-millis(
        rules.grace.unwrap_or_else(|| usual_grace(*timeframe)),
    ));
    let last = listed.version.last;
    let (expected, verdict) = match calendar_of(calendar, &rules.market, symbol) {
        Err(_) => (None, Verdict::Unknown(Untold::NoHolidays)),
        Ok(market) => match newest_complete(&market, *timeframe, anchor(last, *timeframe), by) {
            Some(expected) if timeframe.floor(last) >= timeframe.floor(expected) => {
                (Some(expected), Verdict::Fresh)
            }
            Some(expected) => (Some(expected), Verdict::Stale),
            None => (None, Verdict::Unknown(Untold::NotInCalendar)),
        },
    };
    Freshness {
        calendar,
        calendar_guessed: rules.market.calendar.is_none(),
        expected,
        verdict,
        listed,
    }
}

/// One candle, and an hour at most.
fn usual_grace(timeframe: Timeframe) -> Duration {
    let seconds = timeframe.seconds().min(Timeframe::HOUR.seconds());
    Duration::from_secs(seconds.unsigned_abs())
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 4)
}

/// Where the candles of a day begin, judged by one of them.
fn anchor(stamp: UnixMillis, timeframe: Timeframe) -> Anchor {
    if timeframe >= Timeframe::DAY || timeframe.floor(stamp) == stamp {
        Anchor::Clock
    } else {
        Anchor::Opening
    }
}

/// Days that are looked through for a session, beside those of the candle
/// itself: markets have never rested longer.
const LONGEST_REST: i64 = 40;

/// Open time of the newest candle that was over by some time: the market had
/// closed, or its length had passed. None where the calendar does not know the
/// days.
pub fn newest_complete(
    calendar: &Calendar,
    timeframe: Timeframe,
    anchor: Anchor,
    by: UnixMillis,
) -> Option<UnixMillis> {
    let step = timeframe.millis();
    if *calendar == Calendar::AlwaysOpen {
        return Some(timeframe.floor(by).plus(-step));
    }
    let day = Timeframe::DAY.millis();
    let days = LONGEST_REST + 2 * step / day;
    // An exchange in the east opens on a date that has not begun in UTC.
    let sessions = (-1..days).map(|back| by.plus(-back * day).date());
    for date in sessions {
        if !calendar.covers(date) {
            return None;
        }
        let Some(session) = calendar.session(date) else {
            continue;
        };
        let found = if timeframe >= Timeframe::DAY {
            long(calendar, timeframe, date, by)
        } else {
            short(&session, timeframe, anchor, by)
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// The candle of days that holds a session, where its last session is over.
fn long(
    calendar: &Calendar,
    timeframe: Timeframe,
    date: Date,
    by: UnixMillis,
) -> Option<UnixMillis> {
    let stamp = timeframe.floor(UnixMillis::midnight(date));
    let last_day = stamp.plus(timeframe.millis() - 1).date();
    let last = calendar.sessions(date, last_day).last()?;
    (end(&last)? <= by).then_some(stamp)
}

/// The newest candle of a session that is over.
fn short(
    session: &Session,
    timeframe: Timeframe,
    anchor: Anchor,
    by: UnixMillis,
) -> Option<UnixMillis> {
    let step = timeframe.millis();
    let newest = |(open, close): &(UnixMillis, UnixMillis)| {
        let first = match anchor {
            Anchor::Clock => timeframe.floor(*open),
            Anchor::Opening => *open,
        };
        let last = close.0.min(by.0) - 1;
        let count = (last - first.0).div_euclid(step);
        (0..=count)
            .rev()
            .map(|n| first.plus(n * step))
            .find(|stamp| over_at(session, *stamp, step) <= by)
    };
    session.spans.iter().rev().find_map(newest)
}

/// When a candle is over: when it ends, or when the market closes for the last
/// time within it.
fn over_at(session: &Session, stamp: UnixMillis, step: i64) -> UnixMillis {
    let end = stamp.plus(step);
    let touched = session.spans.iter().rev().find(|(open, _)| *open < end);
    touched.map_or(end, |(_, close)| end.min(*close))
}

fn end(session: &Session) -> Option<UnixMillis> {
    session.spans.last().map(|(_, close)| *close)
}

#[cfg(test)]
mod tests {
    use fondaco_domain::ContentHash;
    use fondaco_domain::calendar::HolidayList;
    use fondaco_domain::time::parse_stamp;

    use super::*;
    use crate::data::{CandleKind, Version};

    fn at(text: &str) -> UnixMillis {
        parse_stamp(text).unwrap()
    }

    fn listed(symbol: &str, timeframe: &str, last: &str) -> Listed {
        Listed {
            dataset: DatasetId {
                venue: "local".parse().unwrap(),
                symbol: symbol.parse().unwrap(),
                timeframe: timeframe.parse().unwrap(),
                kind: CandleKind::Trades,
            },
            version: Version {
                number: 1,
                id: ContentHash::of(b"x"),
                parent: None,
                rows: 1,
                first: UnixMillis(0),
                last: at(last),
                source: String::new(),
                created_at: UnixMillis(0),
            },
        }
    }

    /// Each line: a data set by its newest candle, a time, and what is to be
    /// said then when nothing may be late.
    const CASES: &str = "
        # A share: Friday's candle through the weekend, until Monday's
        # close at 20:00 UTC (summer time).
        AAPL 1d 2025-09-12 2025-09-12T19:59:59Z fresh
        AAPL 1d 2025-09-11 2025-09-12T19:59:59Z fresh
        AAPL 1d 2025-09-11 2025-09-12T20:00:00Z stale
        AAPL 1d 2025-09-12 2025-09-14T12:00:00Z fresh
        AAPL 1d 2025-09-12 2025-09-15T19:59:59Z fresh
        AAPL 1d 2025-09-12 2025-09-15T20:00:00Z stale
        # Labor Day is a Monday; the winter's close is at 21:00 UTC, that
        # of the day after Thanksgiving at 18:00.
        AAPL 1d 2025-08-29 2025-09-02T19:00:00Z fresh
        AAPL 1d 2025-08-29 2025-09-02T20:00:00Z stale
        AAPL 1d 2025-11-26 2025-11-28T17:59:00Z fresh
        AAPL 1d 2025-11-26 2025-11-28T18:00:00Z stale
        AAPL 1d 2025-12-09 2025-12-10T20:59:00Z fresh
        # An hour of a share, on the clock and from the opening.
        AAPL 1h 2025-09-12T19:00:00Z 2025-09-15T14:00:00Z stale
        AAPL 1h 2025-09-12T19:00:00Z 2025-09-15T13:59:00Z fresh
        AAPL 1h 2025-09-12T19:30:00Z 2025-09-15T14:29:00Z fresh
        AAPL 1h 2025-09-12T19:30:00Z 2025-09-15T14:30:00Z stale
        AAPL 1h 2025-09-12T18:30:00Z 2025-09-13T09:00:00Z stale
        # A week of a share is over on Friday evening.
        AAPL 1w 2025-09-01 2025-09-12T19:00:00Z fresh
        AAPL 1w 2025-09-01 2025-09-12T20:00:00Z stale
        AAPL 1w 2025-09-08 2025-09-12T20:00:00Z fresh
        # A coin never rests.
        BTC/USDT 1d 2025-09-12 2025-09-13T23:59:59Z fresh
        BTC/USDT 1d 2025-09-12 2025-09-14T00:00:00Z stale
        BTC/USDT 5m 2025-09-13T11:50:00Z 2025-09-13T11:59:59Z fresh
        BTC/USDT 5m 2025-09-13T11:50:00Z 2025-09-13T12:00:00Z stale
        # Currencies close on Friday at 17:00 in New York.
        EURUSD 1h 2025-09-12T20:00:00Z 2025-09-14T20:00:00Z fresh
        EURUSD 1h 2025-09-12T20:00:00Z 2025-09-14T22:00:00Z stale
        # Golden Week; the exchange rests at noon.
        600519.SHH 1d 2025-09-30 2025-10-09T06:59:00Z fresh
        600519.SHH 1d 2025-09-30 2025-10-09T07:00:00Z stale
        600519.SHH 1h 2025-10-09T03:00:00Z 2025-10-09T05:30:00Z fresh
        600519.SHH 1h 2025-10-09T03:00:00Z 2025-10-09T06:00:00Z stale
        # A year that no list and no table knows.
        600519.SHH 1d 2025-12-31 2026-01-05T09:00:00Z unknown
        AAPL 1d 2030-12-31 2031-01-03T09:00:00Z unknown
    ";

    #[test]
    fn what_is_fresh_when() {
        let list = HolidayList::new([2025], (1..=8).map(|day| jiff::civil::date(2025, 10, day)));
        let rules = FreshnessRules {
            market: CheckRules {
                holidays: Some(list.unwrap()),
                ..CheckRules::default()
            },
            grace: Some(Duration::ZERO),
        };
        let lines = CASES.lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            let [symbol, timeframe, last, now, expected] = words[..] else {
                panic!("{line}");
            };
            let found = judge(listed(symbol, timeframe, last), &rules, at(now)).verdict;
            let said = match found {
                Verdict::Fresh => "fresh",
                Verdict::Stale => "stale",
                Verdict::Unknown(Untold::NotInCalendar) => "unknown",
                Verdict::Unknown(Untold::NoHolidays) => "no list",
            };
            assert_eq!(said, expected, "{line}");
        }
    }

    #[test]
    fn a_candle_may_be_late_by_the_grace() {
        let verdict = |grace, now: &str| {
            let rules = FreshnessRules {
                grace,
                ..FreshnessRules::default()
            };
            judge(listed("AAPL", "1d", "2025-09-12"), &rules, at(now)).verdict
        };
        assert_eq!(verdict(None, "2025-09-15T20:59:00Z"), Verdict::Fresh);
        assert_eq!(verdict(None, "2025-09-15T21:00:00Z"), Verdict::Stale);
        let day = Some(Duration::from_hours(24));
        assert_eq!(verdict(day, "2025-09-16T19:59:00Z"), Verdict::Fresh);
        assert_eq!(verdict(day, "2025-09-16T20:00:00Z"), Verdict::Stale);
    }

    #[test]
    fn without_a_list_of_closed_days_nobody_can_tell() {
        let listed = listed("600519.SHH", "1d", "2025-09-30");
        let found = judge(listed, &FreshnessRules::default(), at("2025-10-01"));
        assert_eq!(found.verdict, Verdict::Unknown(Untold::NoHolidays));
        assert!(!found.is_fresh());
    }
}
