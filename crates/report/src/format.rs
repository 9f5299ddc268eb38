//! Numbers and times as people read them.

use fondaco_domain::UnixMillis;

/// What stands where a figure is not defined.
pub(crate) const NOTHING: &str = "–";

/// How money of a run is written: its currency and decimals, which follow from
/// the size of the account.
#[derive(Debug, Clone)]
pub(crate) struct Money {
    pub(crate) currency: String,
    pub(crate) decimals: usize,
}

impl Money {
    /// About six digits of the starting money: 2 decimals of 10,000, 5 of 10.
    pub(crate) fn of(currency: &str, starting_balance: f64) -> Self {
        let size = starting_balance.abs().max(1e-8).log10().floor() as i32;
        Self {
            currency: currency.to_owned(),
            decimals: (6 - size).clamp(2, 8).unsigned_abs() as usize,
        }
    }

    /// `12,345.60`.
    pub(crate) fn amount(&self, value: f64) -> String {
        number(value, self.decimals)
    }

    /// `+12,345.60`.
    pub(crate) fn change(&self, value: f64) -> String {
        signed(value, self.decimals)
    }
}

/// With thousands separators and a real minus sign.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    let plain = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let is_zero = plain.chars().all(|c| matches!(c, '0' | '.'));
    let mut text = String::with_capacity(plain.len() + 8);
    if value < 0.0 && !is_zero {
        text.push('−');
    }
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// As [`number`], with a plus where it is above zero.
pub(crate) fn signed(value: f64, decimals: usize) -> String {
    let text = number(value, decimals);
    let is_zero = text.chars().all(|c| matches!(c, '0' | '.'));
    if value > 0.0 && !is_zero {
        format!("+{text}")
    } else {
        text
    }
}

/// A ratio as a percentage: `12.34 %`.
pub(crate) fn percent(ratio: f64) -> String {
    format!("{}\u{a0}%", number(ratio * 100.0, 2))
}

/// A ratio as a change in percent: `+12.34 %`.
pub(crate) fn change(ratio: f64) -> String {
    format!("{}\u{a0}%", signed(ratio * 100.0, 2))
}

/// A figure that may not be defined.
pub(crate) fn or_nothing(value: Option<f64>, write: impl Fn(f64) -> String) -> String {
    value
        .filter(|value| value.is_finite())
        .map_or_else(|| NOTHING.to_owned(), write)
}

/// `2018-01-10 09:55`, in UTC.
pub(crate) fn minute(ms: i64) -> String {
    UnixMillis(ms).to_string()[..16].to_owned()
}

/// `2018-01-10`, in UTC.
pub(crate) fn day(ms: i64) -> String {
    UnixMillis(ms).to_string()[..10].to_owned()
}

/// `45 s`, `35 min`, `3 h 20 min`, `12 d 4 h`.
pub(crate) fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{}\u{a0}s", number(seconds, 0));
    }
    let minutes = (seconds / 60.0).round() as i64;
    let (big, small, names) = match minutes {
        ..60 => return format!("{minutes}\u{a0}min"),
        60..1440 => (minutes / 60, minutes % 60, ("h", "min")),
        _ => (minutes / 1440, minutes % 1440 / 60, ("d", "h")),
    };
    if small == 0 {
        return format!("{big}\u{a0}{}", names.0);
    }
    format!("{big}\u{a0}{} {small}\u{a0}{}", names.0, names.1)
}

/// The class that colours a value: gain, loss or neither.
pub(crate) fn tone(value: f64) -> &'static str {
    if value > 0.0 {
        "gain"
    } else if value < 0.0 {
        "loss"
    } else {
        "flat"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_people_read_them() {
        assert_eq!(number(-1_234_567.891, 2), "−1,234,567.89");
        assert_eq!(number(-0.001, 2), "0.00");
        assert_eq!(number(f64::NAN, 2), "–");
        assert_eq!(signed(999.999, 2), "+1,000.00");
        assert_eq!(change(-0.12345), "−12.35\u{a0}%");
        assert_eq!(duration(30.0), "30\u{a0}s");
        assert_eq!(duration(12_000.0), "3\u{a0}h 20\u{a0}min");
        assert_eq!(duration(1_051_200.0), "12\u{a0}d 4\u{a0}h");
        assert_eq!(minute(1_515_578_100_000), "2018-01-10 09:55");
        assert_eq!(Money::of("BTC", 10.0).change(-0.18564), "−0.18564");
        assert_eq!(Money::of("USDT", 10_000.0).amount(9_814.356), "9,814.36");
    }
}
