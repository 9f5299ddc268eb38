//! What figures and states are called.

use fondaco_contract::v1alpha1::simulation::{DayStatus, SimDate};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::format::{NOTHING, number, or_nothing, signed};

/// For drawing and for words; sums are made before.
pub(super) fn float(value: Decimal) -> f64 {
    value.to_f64().unwrap_or(f64::NAN)
}

/// A figure in per cent as a change: `+1.23 %`.
pub(super) fn change(pct: Option<f64>) -> String {
    or_nothing(pct, |pct| format!("{}\u{a0}%", signed(pct, 2)))
}

/// A figure in per cent: `−1.23 %`.
pub(super) fn percent(pct: Option<f64>) -> String {
    or_nothing(pct, |pct| format!("{}\u{a0}%", number(pct, 2)))
}

/// A quantity with as many digits as it has: `1,200` or `0.0125`.
pub(super) fn quantity(value: Decimal) -> String {
    let value = value.normalize();
    number(float(value), value.scale() as usize)
}

/// A price: two digits where it is large, more where it is small.
pub(super) fn price(value: Decimal) -> String {
    let value = value.normalize();
    let digits = (value.scale() as usize).clamp(2, 8);
    let most = match float(value).abs() {
        size if size >= 1.0 => 4,
        _ => 8,
    };
    number(float(value), digits.min(most))
}

/// Billionths of a dollar.
pub(super) fn dollars(nano: i64) -> String {
    crate::analysis::dollars(nano)
}

/// `1 day`, `3 days`.
pub(super) fn count(many: u64, one: &str, more: &str) -> String {
    format!(
        "{}\u{a0}{}",
        number(many as f64, 0),
        if many == 1 { one } else { more }
    )
}

/// Steps as ranges of those that follow each other in the plan:
/// `2025-03-03 to 2025-03-07, 2025-03-12`.
pub(super) fn ranges(steps: &[SimDate], all: &[SimDate]) -> String {
    let mut told: Vec<String> = Vec::new();
    let mut run: Option<(SimDate, SimDate, usize)> = None;
    let close = |run: (SimDate, SimDate, usize)| match run {
        (first, last, _) if first == last => first.to_string(),
        (first, last, _) => format!("{first} to {last}"),
    };
    for step in steps {
        let place = all.binary_search(step).unwrap_or(usize::MAX);
        run = Some(match run.take() {
            Some((first, _, before)) if before.wrapping_add(1) == place => (first, *step, place),
            other => {
                told.extend(other.map(close));
                (*step, *step, place)
            }
        });
    }
    told.extend(run.map(close));
    if told.is_empty() {
        return NOTHING.to_owned();
    }
    told.join(", ")
}

/// What a model-day that is not completed is called.
pub(super) fn status(status: DayStatus) -> &'static str {
    match status {
        DayStatus::Pending => "Not begun",
        DayStatus::Running => "Being done",
        DayStatus::Completed => "Completed",
        DayStatus::Failed => "Failed",
        DayStatus::Skipped => "Skipped",
    }
}

/// `2025-03-05 06:30` of an instant in RFC 3339 and UTC.
pub(super) fn minute(at: &str) -> String {
    at.chars().take(16).collect::<String>().replace('T', " ")
}

/// The beginning of a text, no longer than so many bytes; how many characters
/// were left out.
pub(super) fn beginning(text: &str, bytes: usize) -> (&str, usize) {
    if text.len() <= bytes {
        return (text, 0);
    }
    let cut = text.floor_char_boundary(bytes);
    (&text[..cut], text[cut..].chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_follow_each_other_are_told_as_one() {
        let step = |day: u32| format!("2025-03-{day:02}").parse::<SimDate>().unwrap();
        let all: Vec<SimDate> = [3, 4, 5, 6, 7, 10, 11].map(step).to_vec();
        let told =
            |days: &[u32]| ranges(&days.iter().map(|day| step(*day)).collect::<Vec<_>>(), &all);
        assert_eq!(told(&[]), "–");
        assert_eq!(told(&[4]), "2025-03-04");
        // The weekend is no step.
        assert_eq!(
            told(&[3, 5, 6, 7, 10]),
            "2025-03-03, 2025-03-05 to 2025-03-10"
        );
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(beginning("čáp", 10), ("čáp", 0));
        assert_eq!(beginning("čáp", 3), ("č", 2));
        assert_eq!(beginning("", 0), ("", 0));
    }

    #[test]
    fn quantities_and_prices() {
        let told = |text: &str| {
            let value: Decimal = text.parse().unwrap();
            (quantity(value), price(value))
        };
        assert_eq!(told("1200"), ("1,200".into(), "1,200.00".into()));
        assert_eq!(told("0.01250"), ("0.0125".into(), "0.0125".into()));
        assert_eq!(told("174.123456"), ("174.123456".into(), "174.1235".into()));
    }
}
