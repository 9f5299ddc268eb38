//! Reading typed values out of a TOML document, keeping places and refusing
//! keys that nothing reads.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::strategy::error::{Problem, StrategyError};
use crate::strategy::place::Place;
use crate::strategy::suggest::suggest;

/// A table being read. Every key asked for counts as known.
pub(super) struct Table<'a> {
    text: &'a str,
    name: String,
    at: Range<usize>,
    entries: &'a DeTable<'a>,
    known: Vec<&'static str>,
}

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct Item<'a> {
    text: &'a str,
    /// Full name, such as `risk.stoploss`.
    pub(super) key: String,
    at: Range<usize>,
    value: &'a DeValue<'a>,
}

impl<'a> Table<'a> {
    /// The document itself.
    pub(super) fn root(text: &'a str, entries: &'a DeTable<'a>) -> Self {
        Self {
            text,
            name: String::new(),
            at: 0..0,
            entries,
            known: Vec::new(),
        }
    }

    /// The value of a key, if it is there.
    pub(super) fn get(&mut self, key: &'static str) -> Option<Item<'a>> {
        self.known.push(key);
        let value = self.entries.get(key)?;
        Some(self.item(key, value))
    }

    /// The value of a setting that has several spellings.
    pub(super) fn any(
        &mut self,
        keys: &[&'static str],
    ) -> Result<Option<(&'static str, Item<'a>)>, StrategyError> {
        let mut found: Option<(&'static str, Item<'a>)> = None;
        for &key in keys {
            let Some(item) = self.get(key) else { continue };
            if let Some((first, _)) = &found {
                return Err(item.error(Problem::TwoSpellings { first, second: key }));
            }
            found = Some((key, item));
        }
        Ok(found)
    }

    /// The value of a key that must be there.
    pub(super) fn require(
        &mut self,
        key: &'static str,
        example: &'static str,
    ) -> Result<Item<'a>, StrategyError> {
        if let Some(item) = self.get(key) {
            return Ok(item);
        }
        let misspelt = self
            .entries
            .keys()
            .find(|found| suggest(found.get_ref(), [key]).is_some());
        Err(match misspelt {
            Some(found) => self.unknown(found),
            None => self.error(Problem::Missing {
                key,
                table: self.label(),
                example,
            }),
        })
    }

    /// Every value under the key it has, in file order.
    pub(super) fn named(&self) -> Vec<(&'a str, Item<'a>, Place)> {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
            .into_iter()
            .map(|(key, value)| {
                let at = Place::of(self.text, key.span());
                let name: &str = key.get_ref();
                (name, self.item(name, value), at)
            })
            .collect()
    }

    /// Refuses keys nobody asked for.
    pub(super) fn finish(self) -> Result<(), StrategyError> {
        let unknown = self
            .entries
            .keys()
            .filter(|key| !self.known.contains(&key.get_ref().as_ref()))
            .min_by_key(|key| key.span().start);
        unknown.map_or(Ok(()), |key| Err(self.unknown(key)))
    }

    fn unknown(&self, key: &Spanned<DeString<'_>>) -> StrategyError {
        let name = key.get_ref().to_string();
        StrategyError {
            at: Place::of(self.text, key.span()),
            problem: Problem::UnknownKey {
                advice: Some(advice(&name, &self.known)),
                key: name,
                table: self.label(),
            },
        }
    }

    /// An error at the head of the table.
    pub(super) fn error(&self, problem: Problem) -> StrategyError {
        StrategyError {
            at: Place::of(self.text, self.at.clone()),
            problem,
        }
    }

    fn item(&self, key: &str, value: &'a Spanned<DeValue<'a>>) -> Item<'a> {
        Item {
            text: self.text,
            key: if self.name.is_empty() {
                key.to_owned()
            } else {
                format!("{}.{key}", self.name)
            },
            at: value.span(),
            value: value.get_ref(),
        }
    }

    fn label(&self) -> String {
        if self.name.is_empty() {
            "the file".to_owned()
        } else {
            format!("[{}]", self.name)
        }
    }
}

/// What to write in place of an unknown key.
fn advice(key: &str, known: &[&'static str]) -> String {
    match suggest(key, known.iter().copied()) {
        Some(close) => format!("did you mean `{close}`?"),
        None => format!("known keys here: {}", known.join(", ")),
    }
}

impl<'a> Item<'a> {
    /// An error at the value.
    pub(super) fn error(&self, problem: Problem) -> StrategyError {
        StrategyError {
            at: Place::of(self.text, self.at.clone()),
            problem,
        }
    }

    /// An error that the value is outside its range.
    pub(super) fn out_of_range(&self, expected: &'static str) -> StrategyError {
        let value = self.text.get(self.at.clone()).unwrap_or("").to_owned();
        self.error(Problem::OutOfRange {
            key: self.key.clone(),
            value,
            expected,
        })
    }

    /// An error that the value is of another type.
    pub(super) fn wrong_type(&self, expected: &'static str) -> StrategyError {
        let found = match self.value {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        self.error(Problem::WrongType {
            key: self.key.clone(),
            expected,
            found,
        })
    }

    /// A text.
    pub(super) fn string(&self) -> Result<&'a str, StrategyError> {
        self.value
            .as_str()
            .ok_or_else(|| self.wrong_type("a string"))
    }

    /// A text, when it is one.
    pub(super) fn as_str(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// True or false.
    pub(super) fn bool(&self) -> Result<bool, StrategyError> {
        self.value
            .as_bool()
            .ok_or_else(|| self.wrong_type("true or false"))
    }

    /// Whether the value is written as a whole number.
    pub(super) fn is_integer(&self) -> bool {
        self.value.is_integer()
    }

    /// A finite number.
    pub(super) fn number(&self) -> Result<f64, StrategyError> {
        let text = match self.value {
            DeValue::Integer(integer) => {
                return i64::from_str_radix(integer.as_str(), integer.radix())
                    .map(|value| value as f64)
                    .map_err(|_| self.out_of_range("a number of at most 19 digits"));
            }
            DeValue::Float(float) => float.as_str(),
            _ => return Err(self.wrong_type("a number")),
        };
        text.parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
            .ok_or_else(|| self.out_of_range("a finite number"))
    }

    /// A number that satisfies a condition.
    pub(super) fn number_where(
        &self,
        expected: &'static str,
        condition: impl Fn(f64) -> bool,
    ) -> Result<f64, StrategyError> {
        let value = self.number()?;
        if condition(value) {
            Ok(value)
        } else {
            Err(self.out_of_range(expected))
        }
    }

    /// A whole number from `least` on.
    pub(super) fn count(&self, least: u32, expected: &'static str) -> Result<u32, StrategyError> {
        let DeValue::Integer(integer) = self.value else {
            return Err(self.wrong_type("a whole number"));
        };
        u32::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .filter(|&value| value >= least)
            .ok_or_else(|| self.out_of_range(expected))
    }

    /// A table.
    pub(super) fn table(&self) -> Result<Table<'a>, StrategyError> {
        self.as_table().ok_or_else(|| self.wrong_type("a table"))
    }

    /// A table, when it is one.
    pub(super) fn as_table(&self) -> Option<Table<'a>> {
        let DeValue::Table(entries) = self.value else {
            return None;
        };
        Some(Table {
            text: self.text,
            name: self.key.clone(),
            at: self.at.clone(),
            entries,
            known: Vec::new(),
        })
    }

    /// One table or an array of them.
    pub(super) fn tables(&self) -> Result<Vec<Table<'a>>, StrategyError> {
        let DeValue::Array(items) = self.value else {
            return Ok(vec![self.table()?]);
        };
        items
            .iter()
            .map(|item| {
                Item {
                    text: self.text,
                    key: self.key.clone(),
                    at: item.span(),
                    value: item.get_ref(),
                }
                .table()
            })
            .collect()
    }

    /// The place of the first character between the quotes of a string.
    pub(super) fn inner_place(&self) -> Place {
        let raw = &self.text[self.at.clone()];
        let quotes = if raw.starts_with("\"\"\"") || raw.starts_with("'''") {
            let newline = raw[3..]
                .strip_prefix("\r\n")
                .map(|_| 2)
                .or_else(|| raw[3..].strip_prefix('\n').map(|_| 1));
            3 + newline.unwrap_or(0)
        } else {
            1
        };
        let start = self.at.start + quotes;
        Place::of(self.text, start..self.at.end.saturating_sub(1).max(start))
    }
}
