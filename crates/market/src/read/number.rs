//! Numbers in text: thousands separators and decimal marks.

use fondaco_app::data::Decimal;

/// What the commas and points of one number prove about the decimal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// The mark is known from this number.
    Proves(Decimal),
    /// `1,234`: a thousand, or one and a bit.
    Either,
    /// No mark, or one point: as numbers are mostly written.
    Plain,
}

/// Looks at one number.
pub(crate) fn evidence(text: &str) -> Evidence {
    let (commas, points) = (text.matches(',').count(), text.matches('.').count());
    match (commas, points) {
        (0, 0 | 1) => Evidence::Plain,
        (1, 0) if grouped(text, ',') => Evidence::Either,
        (0, _) | (1, 0) => Evidence::Proves(Decimal::Comma),
        (_, 0) => Evidence::Proves(Decimal::Point),
        _ if text.rfind(',') > text.rfind('.') => Evidence::Proves(Decimal::Comma),
        _ => Evidence::Proves(Decimal::Point),
    }
}

/// Reads a number whose decimal mark is known. Separators must stand where
/// thousands do; anything else is no number.
pub(crate) fn parse(text: &str, decimal: Decimal) -> Option<f64> {
    let text = text.trim();
    if text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'))
        && decimal == Decimal::Point
    {
        return text.parse().ok();
    }
    let (separator, mark) = match decimal {
        Decimal::Point => (',', '.'),
        Decimal::Comma => ('.', ','),
    };
    let (whole, fraction) = match text.split_once(mark) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    if fraction.is_some_and(|fraction| fraction.contains([separator, mark])) {
        return None;
    }
    let whole = match whole.chars().find(|&c| c == separator || is_blank(c)) {
        Some(found) if grouped(whole, found) => whole.replace(found, ""),
        Some(_) => return None,
        None => whole.to_owned(),
    };
    let plain = match fraction {
        Some(fraction) => format!("{whole}.{fraction}"),
        None => whole,
    };
    plain.parse().ok()
}

/// Separators used between groups whatever the decimal mark is.
fn is_blank(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | ' ' | '\u{a0}' | '\u{202f}' | '_')
}

/// `1,234`, `-12,345,678`: one to three digits, then groups of three.
fn grouped(text: &str, separator: char) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut groups = digits.split(separator);
    let all_digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    groups
        .next()
        .is_some_and(|first| (1..=3).contains(&first.len()) && all_digits(first))
        && groups.all(|group| group.len() == 3 && all_digits(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_proven_or_not() {
        use Decimal::{Comma, Point};
        for (text, expected) in [
            ("1,435.1100", Evidence::Proves(Point)),
            ("1.435,11", Evidence::Proves(Comma)),
            ("1,234,567", Evidence::Proves(Point)),
            ("1.234.567", Evidence::Proves(Comma)),
            ("12,5", Evidence::Proves(Comma)),
            ("0,0984", Evidence::Proves(Comma)),
            ("1234,567", Evidence::Proves(Comma)),
            ("1,435", Evidence::Either),
            ("1476.8000", Evidence::Plain),
            ("100", Evidence::Plain),
        ] {
            assert_eq!(evidence(text), expected, "{text}");
        }
    }

    #[test]
    fn separators_must_stand_between_thousands() {
        for (text, decimal, expected) in [
            ("1,435.1100", Decimal::Point, Some(1435.11)),
            ("1.435,11", Decimal::Comma, Some(1435.11)),
            ("-12,345,678", Decimal::Point, Some(-12_345_678.0)),
            ("1'234.5", Decimal::Point, Some(1234.5)),
            ("1 234,5", Decimal::Comma, Some(1234.5)),
            ("9e-7", Decimal::Point, Some(9e-7)),
            (
                "0.09946999000000001",
                Decimal::Point,
                Some(0.099_469_990_000_000_01),
            ),
            ("14,35.11", Decimal::Point, None),
            ("1,43,5.11", Decimal::Point, None),
            ("1.5.2", Decimal::Point, None),
            ("12.3.4,5", Decimal::Comma, None),
            ("1,5,2", Decimal::Comma, None),
            ("", Decimal::Point, None),
            ("12a", Decimal::Point, None),
        ] {
            assert_eq!(parse(text, decimal), expected, "{text}");
        }
        assert!(parse("nan", Decimal::Point).is_some_and(f64::is_nan));
    }
}
