//! Words after the question mark, read one by one.

use std::collections::BTreeMap;

use fondaco_domain::{UnixMicros, UnixMillis};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::compat::s002::detail::Detail;
use crate::compat::s002::form::{UNCLEAR_TRUTH, truth_of};

/// The words of a request.
#[derive(Debug)]
pub(super) struct Words(pub(super) BTreeMap<String, String>);

impl Words {
    /// A word that is there and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    }

    /// A truth; `false` where it is absent.
    pub(super) fn truth(&self, name: &str) -> Result<bool, Detail> {
        let Some(text) = self.0.get(name) else {
            return Ok(false);
        };
        truth_of(text).ok_or_else(|| fault("bool_parsing", name, UNCLEAR_TRUTH, text, None))
    }

    /// One of a closed list; the first of it where it is absent.
    pub(super) fn one_of<T: Copy>(
        &self,
        name: &str,
        all: &[(&'static str, T)],
    ) -> Result<T, Detail> {
        let Some(text) = self.0.get(name) else {
            return Ok(all[0].1);
        };
        let found = all.iter().find(|(word, _)| word == text);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let quoted: Vec<String> = all.iter().map(|(word, _)| format!("'{word}'")).collect();
            let (last, others) = quoted.split_last().unwrap_or((&quoted[0], &[]));
            let expected = format!("{} or {last}", others.join(", "));
            let problem = format!("Input should be {expected}");
            let context = json!({"expected": expected});
            fault("literal_error", name, &problem, text, Some(context))
        })
    }
}

fn fault(kind: &str, name: &str, problem: &str, input: &str, context: Option<Value>) -> Detail {
    let mut fault = json!({
        "type": kind, "loc": ["query", name], "msg": problem, "input": input,
    });
    if let Some(context) = context {
        fault["ctx"] = context;
    }
    Detail::of_fields(&[fault])
}

/// Today, in UTC.
pub(super) fn today(now: UnixMicros) -> Date {
    UnixMillis(now.0.div_euclid(1_000)).date()
}

/// A day as `YYYY-MM-DD`, and nothing else.
pub(super) fn strict_day(text: &str) -> Option<Date> {
    let day: Date = text.parse().ok()?;
    (day.to_string() == text).then_some(day)
}

/// A day whose month and day may be of one digit, as the original took it.
pub(super) fn day(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let part = |part: Option<&str>, least: usize, most: usize| -> Option<i16> {
        let part = part?;
        let is_digits = part.bytes().all(|byte| byte.is_ascii_digit());
        ((least..=most).contains(&part.len()) && is_digits)
            .then(|| part.parse().ok())
            .flatten()
    };
    let year = part(parts.next(), 4, 4)?;
    let month = part(parts.next(), 1, 2)?;
    let day = part(parts.next(), 1, 2)?;
    if parts.next().is_some() {
        return None;
    }
    Date::new(year, month as i8, day as i8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_the_original_read_them() {
        let date = |y, m, d| Some(Date::new(y, m, d).unwrap());
        for (text, strict, lenient) in [
            ("2025-01-16", date(2025, 1, 16), date(2025, 1, 16)),
            ("2025-1-6", None, date(2025, 1, 6)),
            ("2025-02-30", None, None),
            ("2025-01-16T00:00", None, None),
            ("25-01-16", None, None),
            ("2025/01/16", None, None),
            ("2025-01-16-1", None, None),
            ("+025-01-16", None, None),
            ("", None, None),
        ] {
            assert_eq!((strict_day(text), day(text)), (strict, lenient), "{text}");
        }
    }
}
