//! What a model passes to a tool, read strictly.

use fondaco_domain::{Symbol, Timeframe, UnixMillis, time};
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::text;

/// The arguments of one call. Each method says what is wanted where something
/// else was passed.
pub(super) struct Arguments<'a> {
    given: Option<&'a Map<String, Value>>,
}

/// Arguments that a tool has no use for and names in its answer, at most.
const IGNORED: usize = 8;

/// Letters of such a name.
const IGNORED_NAME: usize = 40;

impl<'a> Arguments<'a> {
    /// An object; `null` is an empty one.
    pub(super) fn of(arguments: &'a Value) -> Result<Self, String> {
        match arguments {
            Value::Null => Ok(Self { given: None }),
            Value::Object(given) => Ok(Self { given: Some(given) }),
            other => Err(format!(
                "arguments are {}; an object is wanted",
                kind(other)
            )),
        }
    }

    /// The names that a tool has no use for, cut and counted so that they
    /// cannot make its answer long.
    pub(super) fn ignored(&self, parameters: &Value) -> Vec<String> {
        let used = |name: &String| parameters["properties"].get(name.as_str()).is_some();
        let given = self.given.into_iter().flat_map(Map::keys);
        let mut ignored: Vec<_> = given
            .filter(|name| !used(name))
            .map(|name| text::plain(name, IGNORED_NAME))
            .collect();
        ignored.sort();
        ignored.truncate(IGNORED);
        ignored
    }

    /// An instrument that has to be named.
    pub(super) fn symbol(&self) -> Result<Symbol, String> {
        let symbol = self.maybe_symbol()?;
        symbol.ok_or_else(|| "`symbol` is missing: name an instrument, such as AAPL".to_owned())
    }

    /// An instrument that may be named.
    pub(super) fn maybe_symbol(&self) -> Result<Option<Symbol>, String> {
        let read = |word: &str| {
            let symbol: Result<Symbol, _> = word.trim().parse();
            symbol.map_err(|_| {
                let word = text::plain(word, IGNORED_NAME);
                format!("`symbol` is `{word}`: name an instrument, such as AAPL or BTC/USDT")
            })
        };
        self.word("symbol")?.map(read).transpose()
    }

    /// The length of a candle.
    pub(super) fn timeframe(&self) -> Result<Option<Timeframe>, String> {
        let read = |word: &str| {
            let timeframe: Result<Timeframe, _> = word.trim().parse();
            timeframe.map_err(|_| {
                let word = text::plain(word, IGNORED_NAME);
                format!("`timeframe` is `{word}`: write a number and s, m, h, d or w, such as 1d")
            })
        };
        self.word("timeframe")?.map(read).transpose()
    }

    /// The end of a day, or an instant, up to which to look.
    pub(super) fn until(&self) -> Result<Option<UnixMillis>, String> {
        let read = |word: &str| {
            instant_of(word.trim()).ok_or_else(|| {
                let word = text::plain(word, IGNORED_NAME);
                format!("`until` is `{word}`: write a day, such as 2025-03-04")
            })
        };
        self.word("until")?.map(read).transpose()
    }

    /// A whole number from 1 to a limit.
    pub(super) fn count(&self, name: &str, usual: usize, most: usize) -> Result<usize, String> {
        let wanted = || format!("a whole number from 1 to {most} is wanted");
        let Some(value) = self.value(name) else {
            return Ok(usual);
        };
        let Some(number) = value.as_f64() else {
            return Err(format!("`{name}` is {}: {}", kind(value), wanted()));
        };
        if number.fract() == 0.0 && (1.0..=most as f64).contains(&number) {
            Ok(number as usize)
        } else {
            Err(format!("`{name}` is {number}: {}", wanted()))
        }
    }

    /// Text that has to be there, of some letters at most.
    pub(super) fn text(&self, name: &str, most: usize) -> Result<&'a str, String> {
        self.maybe_text(name, most)?
            .ok_or_else(|| format!("`{name}` is missing: text is wanted"))
    }

    /// Text that may be there; blank is none.
    pub(super) fn maybe_text(&self, name: &str, most: usize) -> Result<Option<&'a str>, String> {
        let Some(text) = self.word(name)? else {
            return Ok(None);
        };
        if text.chars().count() > most {
            return Err(format!("`{name}` is longer than {most} letters"));
        }
        Ok(Some(text).filter(|text| !text.trim().is_empty()))
    }

    fn word(&self, name: &str) -> Result<Option<&'a str>, String> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(word)) => Ok(Some(word)),
            Some(other) => Err(format!("`{name}` is {}: text is wanted", kind(other))),
        }
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        let value = self.given?.get(name)?;
        (!value.is_null()).then_some(value)
    }
}

/// The end of a day, or an instant.
fn instant_of(word: &str) -> Option<UnixMillis> {
    let is_day = word.len() == 10 && word.bytes().filter(|byte| *byte == b'-').count() == 2;
    if is_day {
        let day: Date = word.parse().ok()?;
        return Some(UnixMillis::midnight(day.tomorrow().ok()?));
    }
    time::parse_stamp(word).ok()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
