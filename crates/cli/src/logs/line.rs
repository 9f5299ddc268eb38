//! A fact as a line.

use std::fmt::{self, Write as _};

use fondaco_domain::UnixMicros;
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// What happened.
#[derive(Debug, Default)]
pub(super) struct Fact {
    at: String,
    level: &'static str,
    /// A short name that stays the same.
    name: Option<&'static str>,
    message: String,
    fields: Map<String, Value>,
}

impl Fact {
    pub(super) fn of(event: &Event<'_>, at: UnixMicros) -> Self {
        let about = event.metadata();
        let mut fact = Self {
            at: at.to_string(),
            level: name(*about.level()),
            // Where nobody names it, it is called after a line of the source.
            name: Some(about.name()).filter(|name| !name.starts_with("event ")),
            ..Self::default()
        };
        event.record(&mut fact);
        fact
    }

    /// The time, how bad it is unless it is not, the words, and the fields
    /// that the words do not say already.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{}  ", self.at);
        if matches!(self.level, "error" | "warn") {
            let _ = write!(text, "{}: ", self.level);
        }
        text.push_str(&one_line(&self.message));
        for (name, value) in &self.fields {
            let value = match value {
                Value::String(text) if is_plain(text) => text.clone(),
                other => other.to_string(),
            };
            if self.message.contains(&value) {
                continue;
            }
            let _ = write!(text, "  {name}={value}");
        }
        text.push('\n');
        text
    }

    pub(super) fn json(&self) -> String {
        let mut document = Map::new();
        document.insert("at".to_owned(), json!(self.at));
        document.insert("level".to_owned(), json!(self.level));
        document.insert("fact".to_owned(), json!(self.name));
        document.insert("message".to_owned(), json!(self.message));
        for (name, value) in &self.fields {
            document.entry(name).or_insert_with(|| value.clone());
        }
        Value::Object(document).to_string() + "\n"
    }

    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => {
                self.fields.insert(name.to_owned(), value);
            }
        }
    }
}

impl Visit for Fact {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, json!(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, json!(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, json!(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field, json!(crate::errors::in_words(value)));
    }
}

fn name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// Whether a reader sees where it ends without quotes.
fn is_plain(text: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_graphic() && letter != '"';
    !text.is_empty() && text.chars().all(plain)
}

/// What others wrote must not look like lines of ours.
fn one_line(text: &str) -> String {
    let one = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(level: &'static str) -> Fact {
        let fields = json!({"run_id": "0190", "attempt": 2, "error": "no space\nleft"});
        Fact {
            at: "2025-01-31T12:00:00Z".to_owned(),
            level,
            name: Some("lease_lost"),
            message: "the lease\nis lost".to_owned(),
            fields: fields.as_object().unwrap().clone(),
        }
    }

    #[test]
    fn a_fact_is_one_line_for_people() {
        insta::assert_snapshot!(
            fact("info").text() + &fact("warn").text(),
            @r#"
        2025-01-31T12:00:00Z  the lease is lost  run_id=0190  attempt=2  error="no space\nleft"
        2025-01-31T12:00:00Z  warn: the lease is lost  run_id=0190  attempt=2  error="no space\nleft"
        "#
        );
    }

    #[test]
    fn a_fact_is_one_document_for_programs() {
        insta::assert_snapshot!(
            fact("info").json(),
            @r#"{"at":"2025-01-31T12:00:00Z","level":"info","fact":"lease_lost","message":"the lease\nis lost","run_id":"0190","attempt":2,"error":"no space\nleft"}"#
        );
    }
}
