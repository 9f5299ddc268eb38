//! What all functions have in common: arguments read, an answer made short,
//! its provenance written down.

use std::sync::Arc;

use fondaco_contract::v1alpha1::analysis::Read;
use fondaco_domain::{ContentHash, Symbol, UnixMillis};
use serde_json::{Map, Value, json};

use super::arguments::Arguments;
use super::known::{Absent, Known, Sources};
use super::text;
use super::{Answer, Scope, Tool, ToolError};
use crate::ports::Failure;
use crate::ports::model::ToolSpec;

/// A function of the box, without its sources.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// To the model.
    pub(super) description: &'static str,
    /// The JSON Schema of its arguments.
    pub(super) parameters: fn() -> Value,
    pub(super) answer: fn(&Arguments<'_>, &Known<'_>) -> Result<Said, Trouble>,
}

/// An answer before it is text.
pub(super) struct Said {
    body: Map<String, Value>,
    /// The list that is made shorter where the text is too long.
    shortened: Option<(&'static str, End)>,
    read: Vec<Source>,
}

/// An end of a list.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    First,
    Last,
}

/// What an answer rests on.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) from: Option<UnixMillis>,
    pub(super) until: Option<UnixMillis>,
    pub(super) rows: usize,
}

/// Why there is no answer.
pub(super) enum Trouble {
    /// What is wanted in place of what was passed.
    Arguments(String),
    /// A source cannot be read.
    Source(Failure),
}

impl From<String> for Trouble {
    fn from(problem: String) -> Self {
        Self::Arguments(problem)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Source(failure)
    }
}

/// Bytes of an answer at most.
pub(super) const LONGEST: usize = 48 << 10;

impl Said {
    /// An object.
    pub(super) fn new(body: Value) -> Self {
        let body = match body {
            Value::Object(body) => body,
            other => Map::from_iter([("value".to_owned(), other)]),
        };
        Self {
            body,
            shortened: None,
            read: Vec::new(),
        }
    }

    /// Which list of it is cut, and where, should it become too long.
    pub(super) fn shortened_at(mut self, list: &'static str, end: End) -> Self {
        self.shortened = Some((list, end));
        self
    }

    /// With what it rests on.
    pub(super) fn read(mut self, source: Source) -> Self {
        self.read.push(source);
        self
    }

    /// That there is nothing of what was asked for.
    pub(super) fn absent(symbol: &Symbol, absent: Absent) -> Self {
        let error = match absent {
            Absent::Symbol { nearest } => json!({
                "kind": "unknown_symbol",
                "message": format!("nothing was known of `{symbol}`"),
                "nearest": nearest,
            }),
            Absent::Timeframe { wanted, known } => json!({
                "kind": "unknown_timeframe",
                "message": format!("there were no {wanted} candles of `{symbol}`"),
                "nearest": known,
            }),
        };
        Self::new(json!({"symbol": symbol, "error": error}))
    }

    /// The text, no longer than an answer may be.
    fn text(&mut self) -> String {
        let mut left_out = 0;
        loop {
            let text = text::json(&Value::Object(self.body.clone()));
            let list = self.shortened.and_then(|(name, end)| {
                let list = self.body.get_mut(name)?.as_array_mut()?;
                (text.len() > LONGEST && !list.is_empty()).then_some((list, end))
            });
            let Some((list, end)) = list else {
                return text;
            };
            // A tenth at a time: the text is not made anew for every row.
            let away = list.len().div_ceil(10);
            match end {
                End::First => list.drain(..away),
                End::Last => list.drain(list.len() - away..),
            };
            left_out += away;
            self.body.insert("left_out".into(), left_out.into());
        }
    }
}

/// A function and its sources.
pub(super) struct Bound {
    pub(super) function: &'static Function,
    pub(super) sources: Arc<Sources>,
}

impl Tool for Bound {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: self.function.name.to_owned(),
            description: self.function.description.to_owned(),
            parameters: (self.function.parameters)(),
        }
    }

    fn call(&self, arguments: &Value, scope: &Scope) -> Result<Answer, ToolError> {
        let tool = self.function.name.to_owned();
        self.said(arguments, scope)
            .map(|said| self.answer(said))
            .map_err(|trouble| match trouble {
                Trouble::Arguments(problem) => ToolError::Arguments { tool, problem },
                Trouble::Source(source) => ToolError::Source { tool, source },
            })
    }
}

impl Bound {
    fn said(&self, arguments: &Value, scope: &Scope) -> Result<Said, Trouble> {
        let arguments = Arguments::of(arguments)?;
        let known = Known::new(&self.sources, scope);
        let mut said = (self.function.answer)(&arguments, &known)?;
        // Whatever was asked for, the model is told up to when it was answered.
        let clock = text::instant(scope.clock);
        said.body.insert("clock".into(), clock.into());
        let ignored = arguments.ignored(&(self.function.parameters)());
        if !ignored.is_empty() {
            said.body.insert("ignored".into(), ignored.into());
        }
        Ok(said)
    }

    fn answer(&self, mut said: Said) -> Answer {
        let text = said.text();
        let hash = ContentHash::of(text.as_bytes()).to_string();
        let read = said.read.into_iter().map(|source| Read {
            tool: self.function.name.to_owned(),
            source: source.name,
            from: source.from.map(text::instant),
            until: source.until.map(text::instant),
            rows: source.rows as u64,
            hash: hash.clone(),
        });
        Answer {
            read: read.collect(),
            text,
        }
    }
}

/// The schema of an object with these members.
pub(super) fn schema(properties: &[(&str, Value)], required: &[&str]) -> Value {
    let properties: Map<String, Value> = properties
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// The schema of an instrument.
pub(super) fn symbol() -> Value {
    json!({"type": "string", "description": "The instrument, such as AAPL or BTC/USDT."})
}

/// The schema of the length of a candle.
pub(super) fn timeframe() -> Value {
    json!({
        "type": "string",
        "pattern": "^[0-9]+[smhdw]$",
        "description": "Length of a candle, such as 1d or 1h; left out, the usual one.",
    })
}

/// The schema of a day up to which to look.
pub(super) fn until() -> Value {
    json!({
        "type": "string",
        "description": "Look no further than the end of this day, such as 2025-03-04. \
                        A day after the clock changes nothing.",
    })
}

/// The schema of a count.
pub(super) fn count(what: &str, usual: usize, most: usize) -> Value {
    json!({"type": "integer", "minimum": 1, "maximum": most, "default": usual, "description": what})
}
