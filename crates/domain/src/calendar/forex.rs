//! Currencies: five days that end at 17:00 in New York.

use std::sync::LazyLock;

use jiff::civil::{Date, Time, Weekday, time};
use jiff::tz::TimeZone;

use super::{at, zone};
use crate::time::UnixMillis;

const TURN: Time = time(17, 0, 0, 0);

static NEW_YORK: LazyLock<TimeZone> = LazyLock::new(|| zone("America/New_York"));

/// From the evening before to the evening of a date.
pub(super) fn spans(day: Date) -> Option<Vec<(UnixMillis, UnixMillis)>> {
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let holiday = matches!((day.month(), day.day()), (12, 25) | (1, 1));
    let before = day.yesterday().ok()?;
    (!weekend && !holiday).then(|| vec![(at(before, TURN, &NEW_YORK), at(day, TURN, &NEW_YORK))])
}
