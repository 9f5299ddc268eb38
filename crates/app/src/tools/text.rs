//! Text that others wrote, and numbers, as a model is shown them.

use fondaco_domain::{Timeframe, UnixMillis};
use serde_json::Value;

/// One line of some letters at most. Control characters, and characters that
/// are not seen but change what is seen around them, are left out: what
/// remains reads to a model as it reads to a person.
pub(super) fn plain(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut count = 0;
    let mut gap = false;
    for letter in text.chars() {
        if letter.is_whitespace() {
            gap = count > 0;
            continue;
        }
        if is_hidden(letter) {
            continue;
        }
        let room = count + usize::from(gap) + 1 < most;
        if !room {
            out.push('…');
            break;
        }
        if gap {
            out.push(' ');
            count += 1;
            gap = false;
        }
        out.push(letter);
        count += 1;
    }
    out
}

/// Controls, marks of direction, joiners, tags and places of private use.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            u32::from(letter),
            0xAD | 0x34F
                | 0x61C
                | 0x115F..=0x1160
                | 0x17B4..=0x17B5
                | 0x180B..=0x180F
                | 0x200B..=0x200F
                | 0x202A..=0x202E
                | 0x2060..=0x206F
                | 0x3164
                | 0xE000..=0xF8FF
                | 0xFE00..=0xFE0F
                | 0xFEFF
                | 0xFFA0
                | 0xFFF0..=0xFFFB
                | 0xE0000..
        )
}

/// JSON in which no angle bracket appears: what a model's template takes for
/// a mark cannot stand in it.
pub(super) fn json(value: &Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
}

/// An instant as RFC 3339.
pub(super) fn instant(at: UnixMillis) -> String {
    at.timestamp().to_string()
}

/// When a candle opened: its day where it is a day or longer.
pub(super) fn opened(at: UnixMillis, timeframe: Timeframe) -> String {
    if timeframe >= Timeframe::DAY {
        at.date().to_string()
    } else {
        instant(at)
    }
}

/// A number of so many significant digits; `null` where it is none.
pub(super) fn number(value: f64, digits: usize) -> Value {
    if !value.is_finite() {
        return Value::Null;
    }
    let short = format!("{:.*e}", digits.saturating_sub(1), value);
    let short: f64 = short.parse().unwrap_or(value);
    // A negative zero is a zero.
    Value::from(short + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_left_out() {
        for (written, shown) in [
            ("  Apple \n\n rises\t3 %  ", "Apple rises 3 %"),
            ("a\u{0}b\u{1b}[31mc", "ab[31mc"),
            ("pay\u{202e}load\u{200b}s", "payloads"),
            ("\u{e0041}\u{e0042}tags", "tags"),
            ("", ""),
        ] {
            assert_eq!(plain(written, 100), shown);
        }
        assert_eq!(plain("abcdef", 4), "abc…");
        assert_eq!(plain("abc", 4), "abc");
    }

    #[test]
    fn no_angle_bracket_stands_in_json() {
        let text = json(&Value::from("<|system|> </tool>"));
        assert!(!text.contains(['<', '>']), "{text}");
        let back: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back, Value::from("<|system|> </tool>"));
    }

    #[test]
    fn numbers_are_short_and_never_lost() {
        assert_eq!(number(0.1 + 0.2, 6), Value::from(0.3));
        assert_eq!(number(123_456_789.0, 6), Value::from(123_457_000.0));
        assert_eq!(number(0.000_012_345_678, 6), Value::from(0.000_012_345_7));
        assert_eq!(number(-0.0, 6).to_string(), "0.0");
        assert_eq!(number(f64::NAN, 6), Value::Null);
        assert_eq!(number(f64::INFINITY, 6), Value::Null);
    }
}
