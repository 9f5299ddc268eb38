//! Profit of days and periods by the formulas of the model-day server.
//!
//! A day is told open to open: what the evening before is worth at today's
//! open, minus what it was worth then. A day's own trades never change that
//! day's profit.

/// What holding overnight came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayProfit {
    /// `value_now - value_before`, in money.
    pub profit: f64,
    /// `100 · profit / value_before`; 0 where that is not above zero.
    pub return_pct: f64,
}

/// The profit of a day: `value_now` is yesterday's ending cash and holdings at
/// today's opens, `value_before` yesterday's ending value. Without a day
/// before there is no profit.
pub fn day_profit(value_before: Option<f64>, value_now: f64) -> DayProfit {
    let Some(before) = value_before else {
        return DayProfit {
            profit: 0.0,
            return_pct: 0.0,
        };
    };
    let profit = value_now - before;
    DayProfit {
        profit,
        return_pct: if before > 0.0 {
            100.0 * profit / before
        } else {
            0.0
        },
    }
}

/// `100 · (end / start - 1)`, rounded to two places; 0 where `start` is zero or
/// `end` is not above zero.
pub fn period_return_pct(start: f64, end: f64) -> f64 {
    if start == 0.0 || end <= 0.0 {
        return 0.0;
    }
    two_places(100.0 * (end / start - 1.0))
}

/// `100 · ((end / start)^(365 / days) - 1)`, rounded to two places, where
/// `calendar_days` counts both ends; 0 where `start` is zero, `end` is not
/// above zero, or there are no days.
pub fn annualised_return_pct(start: f64, end: f64, calendar_days: u32) -> f64 {
    if start == 0.0 || end <= 0.0 || calendar_days == 0 {
        return 0.0;
    }
    two_places(100.0 * ((end / start).powf(365.0 / f64::from(calendar_days)) - 1.0))
}

/// Rounded to two places as Python's `round(x, 2)` does: the exact value of
/// the double decides, ties go to the even digit.
pub fn two_places(value: f64) -> f64 {
    format!("{value:.2}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_day_earns_nothing_and_later_ones_what_the_night_did() {
        let first = day_profit(None, 10_000.0);
        assert_eq!((first.profit, first.return_pct), (0.0, 0.0));
        let next = day_profit(Some(10_000.0), 10_250.0);
        assert_eq!((next.profit, next.return_pct), (250.0, 2.5));
        // Nothing left, or less than nothing: a percentage of it says nothing.
        assert_eq!(day_profit(Some(0.0), 5.0).return_pct, 0.0);
        assert_eq!(day_profit(Some(-5.0), 5.0).return_pct, 0.0);
        assert_eq!(day_profit(Some(-5.0), 5.0).profit, 10.0);
    }

    #[test]
    fn periods_are_rounded_to_two_places_and_zero_where_they_have_no_meaning() {
        for (start, end, days, period, annual) in [
            (10_000.0, 10_500.0, 365, 5.0, 5.0),
            (10_000.0, 11_000.0, 73, 10.0, 61.05),
            (10_000.0, 10_000.0, 1, 0.0, 0.0),
            (10_000.0, 9_876.4, 365, -1.24, -1.24),
            (0.0, 9_000.0, 30, 0.0, 0.0),
            (10_000.0, 0.0, 30, 0.0, 0.0),
            (10_000.0, -1.0, 30, 0.0, 0.0),
        ] {
            assert_eq!(period_return_pct(start, end), period, "{start} {end}");
            assert_eq!(annualised_return_pct(start, end, days), annual, "{days}");
        }
        assert_eq!(annualised_return_pct(1.0, 2.0, 0), 0.0);
    }

    #[test]
    fn halves_go_to_the_even_digit() {
        for (value, rounded) in [(0.125, 0.12), (0.375, 0.38), (-0.125, -0.12), (2.675, 2.67)] {
            assert_eq!(two_places(value), rounded);
        }
    }
}
