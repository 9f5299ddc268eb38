//! Which numbers of a text were read by who wrote it.
//!
//! What a node was given stands in its questions: data of tools, and what
//! others said before. A number that is in none of them, nor follows from one
//! by rounding or as a percentage, was not read: it is marked. Small whole
//! numbers, years and parts of dates are no figures.

use std::collections::BTreeSet;

use fondaco_contract::v1alpha1::analysis::NodeReport;
use serde_json::Value;

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    /// Whether it is a figure that was not read.
    pub(super) unread: bool,
}

/// The numbers that a node was given.
#[derive(Debug, Default)]
pub(super) struct Given {
    numbers: BTreeSet<u64>,
    whole: bool,
}

/// How many figures there are in texts, and which of them were not read.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Figures {
    pub(super) all: usize,
    pub(super) unread: Vec<String>,
}

impl Given {
    /// What the questions of a node hold. Without questions nothing can be
    /// said of its figures.
    pub(super) fn of(report: &NodeReport) -> Self {
        let mut given = Self::default();
        for call in &report.calls {
            given.whole = true;
            let messages = call.request.get("messages");
            given.take(messages.unwrap_or(&call.request));
        }
        given
    }

    /// Whether anything is known of what was given.
    pub(super) fn is_known(&self) -> bool {
        self.whole
    }

    fn take(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.take_text(text),
            Value::Number(number) => self.numbers.extend(number.as_f64().map(key)),
            Value::Array(values) => values.iter().for_each(|value| self.take(value)),
            Value::Object(fields) => fields.values().for_each(|value| self.take(value)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn take_text(&mut self, text: &str) {
        for (from, until) in numbers(text) {
            let number = plain(&text[from..until]).parse::<f64>();
            self.numbers.extend(number.ok().map(key));
        }
    }

    /// Whether a figure, as it is written, is one of those given: rounded to
    /// its decimals, as it is or in per cent, with or without its sign.
    fn has(&self, written: &str) -> bool {
        let plain = plain(written);
        let Ok(number) = plain.parse::<f64>() else {
            return true;
        };
        let decimals = plain.split_once('.').map_or(0, |(_, rest)| rest.len());
        let half = 0.5 * 10_f64.powi(-i32::try_from(decimals).unwrap_or(i32::MAX)) * (1.0 + 1e-9);
        // Thousands, millions and billions are written in units of their own.
        [1.0, 0.01, 100.0, 1e3, 1e6, 1e9].into_iter().any(|unit| {
            let (low, high) = ((number - half) * unit, (number + half) * unit);
            self.numbers
                .range(key(low.max(0.0))..=key(high))
                .next()
                .is_some()
        })
    }
}

/// Numbers from 0 on in the order of their values: signs are not looked at.
fn key(number: f64) -> u64 {
    number.abs().to_bits()
}

/// A text in pieces, with its figures that were not read apart.
pub(super) fn pieces<'a>(text: &'a str, given: &Given) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut done = 0;
    for (from, until) in figures_of(text) {
        if given.is_known() && !given.has(&text[from..until]) {
            pieces.push(Piece {
                text: &text[done..from],
                unread: false,
            });
            pieces.push(Piece {
                text: &text[from..until],
                unread: true,
            });
            done = until;
        }
    }
    pieces.push(Piece {
        text: &text[done..],
        unread: false,
    });
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

/// The figures of texts.
pub(super) fn figures<'a>(texts: impl Iterator<Item = &'a str>, given: &Given) -> Figures {
    let mut found = Figures::default();
    for text in texts {
        found.all += figures_of(text).count();
        let unread = pieces(text, given).into_iter().filter(|piece| piece.unread);
        found
            .unread
            .extend(unread.map(|piece| piece.text.to_owned()));
    }
    found
}

/// Numbers that say something: no years, no small counts, no dates.
fn figures_of(text: &str) -> impl Iterator<Item = (usize, usize)> {
    numbers(text).into_iter().filter(move |(from, until)| {
        let written = &text[*from..*until];
        let count = written.len() <= 2 && !written.contains('.');
        let year =
            written.len() == 4 && matches!(written.as_bytes(), [b'1' | b'2', b'9' | b'0', ..]);
        !count && !year && !is_in_a_name(text, *from, *until)
    })
}

/// Whether it stands in a date or a name, such as `2025-03-04` or `sma_200`.
fn is_in_a_name(text: &str, from: usize, until: usize) -> bool {
    let before = text[..from].chars().next_back();
    let after = text[until..].chars().next();
    let joins = |c: char| c.is_alphabetic() || matches!(c, '_' | '/' | ':' | '-');
    let unit = |c: char| matches!(c, 'k' | 'K' | 'm' | 'M' | 'b' | 'B' | 'x' | '-');
    before.is_some_and(|c| joins(c) && !(c == '-' && starts_word(text, from)))
        || after.is_some_and(|c| joins(c) && !unit(c))
}

/// Whether a minus before a number is its sign.
fn starts_word(text: &str, from: usize) -> bool {
    let before = text[..from - 1].chars().next_back();
    before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '[' | '$'))
}

/// The places of numbers: digits with separators of thousands and one decimal
/// point.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !is_digit(at) {
            at += 1;
            continue;
        }
        let from = at;
        let mut point = false;
        while is_digit(at)
            || (matches!(bytes.get(at), Some(b',' | b'.')) && is_digit(at + 1) && !point)
        {
            point |= bytes[at] == b'.';
            at += 1;
        }
        found.push((from, at));
    }
    found
}

/// Without separators of thousands.
fn plain(written: &str) -> String {
    written.replace(',', "")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn given(text: &str) -> Given {
        let mut given = Given {
            whole: true,
            ..Given::default()
        };
        given.take(&json!([{"text": text}]));
        given
    }

    fn unread(text: &str, read: &str) -> Vec<String> {
        figures([text].into_iter(), &given(read)).unread
    }

    #[test]
    fn what_was_read_may_be_rounded_and_in_per_cent() {
        let read = r#"{"close":238.0412,"rsi_14":61.27,"return_20":0.0731,"rows":[["2025-03-04",1234567.0]],"loss":-0.125}"#;
        for said in [
            "It closed at 238.04.",
            "The RSI stands at 61.3, and 7.31 % were gained in 20 days.",
            "A loss of 12.5 %, -0.125 in all, on 1,234,567 shares (1.23M).",
            "On 2025-03-04 the sma_200 was above; see 10 days of 2024.",
        ] {
            assert_eq!(unread(said, read), [""; 0], "{said}");
        }
        assert_eq!(
            unread("It closed at 239.04, up 9.31 %.", read),
            ["239.04", "9.31"]
        );
    }

    #[test]
    fn of_who_was_asked_nothing_nothing_is_said() {
        let nothing = Given::default();
        assert_eq!(figures(["240.5"].into_iter(), &nothing).unread, [""; 0]);
    }

    #[test]
    fn a_text_is_whole_in_its_pieces() {
        let text = "Ünread: 240.5 and 238.04, 99.9!";
        let pieces = pieces(text, &given("238.04"));
        let whole: String = pieces.iter().map(|piece| piece.text).collect();
        assert_eq!(whole, text);
        let marked: Vec<&str> = pieces
            .iter()
            .filter(|one| one.unread)
            .map(|one| one.text)
            .collect();
        assert_eq!(marked, ["240.5", "99.9"]);
    }
}
