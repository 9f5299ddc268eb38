//! Bodies of requests, read field by field: every field that is absent or of
//! the wrong type is told at once, each with its place and what stands there.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use serde_json::{Map, Value, json};

use super::detail::Detail;

/// A body that is being read.
pub(in crate::compat) struct Form {
    body: Map<String, Value>,
    faults: Vec<Value>,
}

/// One object of a body, and where it stands.
pub(in crate::compat) struct At<'a> {
    fields: &'a Map<String, Value>,
    place: Vec<Value>,
    faults: &'a mut Vec<Value>,
}

impl Form {
    /// A body that must be an object.
    pub(in crate::compat) fn read(bytes: Result<Bytes, BytesRejection>) -> Result<Self, Detail> {
        let bytes =
            bytes.map_err(|rejection| Detail::new(rejection.status(), rejection.body_text()))?;
        if bytes.is_empty() {
            let fault =
                json!({"type": "missing", "loc": ["body"], "msg": "Field required", "input": null});
            return Err(Detail::of_fields(&[fault]));
        }
        Self::of(&bytes)
    }

    /// A body that may be absent.
    pub(in crate::compat) fn read_any(
        bytes: Result<Bytes, BytesRejection>,
    ) -> Result<Self, Detail> {
        match bytes {
            Ok(bytes) if bytes.is_empty() => Ok(Self {
                body: Map::new(),
                faults: Vec::new(),
            }),
            bytes => Self::read(bytes),
        }
    }

    fn of(bytes: &[u8]) -> Result<Self, Detail> {
        let body: Value = serde_json::from_slice(bytes).map_err(|error| {
            let place = place_of(bytes, &error);
            let fault = json!({
                "type": "json_invalid", "loc": ["body", place], "msg": "JSON decode error",
                "input": {}, "ctx": {"error": error.to_string()},
            });
            Detail::of_fields(&[fault])
        })?;
        match body {
            Value::Object(body) => Ok(Self {
                body,
                faults: Vec::new(),
            }),
            input => Err(Detail::of_fields(&[json!({
                "type": "model_attributes_type", "loc": ["body"],
                "msg": "Input should be a valid dictionary or object to extract fields from",
                "input": input,
            })])),
        }
    }

    /// The whole of it.
    pub(in crate::compat) fn root(&mut self) -> At<'_> {
        At {
            fields: &self.body,
            place: vec!["body".into()],
            faults: &mut self.faults,
        }
    }

    /// What was read, where nothing was wrong.
    pub(in crate::compat) fn done<T>(self, read: T) -> Result<T, Detail> {
        if self.faults.is_empty() {
            Ok(read)
        } else {
            Err(Detail::of_fields(&self.faults))
        }
    }
}

impl At<'_> {
    /// A text; absent and `null` are nothing.
    pub(in crate::compat) fn text(&mut self, name: &str) -> Option<String> {
        match self.given(name)? {
            Value::String(text) => Some(text.clone()),
            other => self.wrong(name, "string_type", "Input should be a valid string", other),
        }
    }

    /// A text, or a number that is written as one.
    pub(in crate::compat) fn word(&mut self, name: &str) -> Option<String> {
        match self.given(name)? {
            Value::Number(number) => Some(number.to_string()),
            _ => self.text(name),
        }
    }

    /// A field that must be there.
    pub(in crate::compat) fn require(&mut self, name: &str) {
        if !self.fields.contains_key(name) {
            let input = Value::Object(self.fields.clone());
            self.fault(&[name.into()], "missing", "Field required", &input);
        }
    }

    /// A truth; absent is nothing. Words and numbers of a truth are one, too.
    pub(in crate::compat) fn truth(&mut self, name: &str) -> Option<bool> {
        let found = self.fields.get(name)?;
        match found {
            Value::Bool(truth) => Some(*truth),
            Value::Number(number) if number.as_f64() == Some(1.0) => Some(true),
            Value::Number(number) if number.as_f64() == Some(0.0) => Some(false),
            Value::String(text) if truth_of(text).is_some() => truth_of(text),
            Value::Number(_) | Value::String(_) => {
                self.wrong(name, "bool_parsing", UNCLEAR_TRUTH, found)
            }
            _ => self.wrong(name, "bool_type", "Input should be a valid boolean", found),
        }
    }

    /// A text that is read further; what is wrong with it is said in words.
    pub(in crate::compat) fn read<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(name)?;
        match read(&text) {
            Ok(value) => Some(value),
            Err(problem) => {
                let place = [self.place.clone(), vec![name.into()]].concat();
                self.faults.push(json!({
                    "type": "value_error", "loc": place,
                    "msg": format!("Value error, {problem}"),
                    "input": text, "ctx": {"error": {}},
                }));
                None
            }
        }
    }

    /// A field that is not `null`, where it is there.
    pub(in crate::compat) fn not_null(&mut self, name: &str) {
        if self.fields.get(name).is_some_and(Value::is_null) {
            let problem = "Input should be a valid string";
            self.fault(&[name.into()], "string_type", problem, &Value::Null);
        }
    }

    /// A list of texts.
    pub(in crate::compat) fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let Value::Array(items) = self.given(name)? else {
            let other = self.given(name)?;
            return self.wrong(name, "list_type", "Input should be a valid list", other);
        };
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match item {
                Value::String(text) => texts.push(text.clone()),
                other => {
                    let place = [name.into(), index.into()];
                    let problem = "Input should be a valid string";
                    self.fault(&place, "string_type", problem, other);
                }
            }
        }
        Some(texts)
    }

    /// An object of any names.
    pub(in crate::compat) fn names(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.given(name)? {
            Value::Object(fields) => Some(fields.clone()),
            other => self.wrong(
                name,
                "dict_type",
                "Input should be a valid dictionary",
                other,
            ),
        }
    }

    /// An object with fields of its own.
    pub(in crate::compat) fn inside<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut At<'_>) -> T,
    ) -> Option<T> {
        let Value::Object(fields) = self.given(name)? else {
            let other = self.given(name)?;
            let problem = "Input should be a valid dictionary or object to extract fields from";
            return self.wrong(name, "model_attributes_type", problem, other);
        };
        let mut place = self.place.clone();
        place.push(name.into());
        Some(read(&mut At {
            fields,
            place,
            faults: self.faults,
        }))
    }
}

impl<'a> At<'a> {
    fn given(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn wrong<T>(&mut self, name: &str, kind: &str, problem: &str, input: &Value) -> Option<T> {
        self.fault(&[name.into()], kind, problem, input);
        None
    }

    fn fault(&mut self, place: &[Value], kind: &str, problem: &str, input: &Value) {
        let place: Vec<&Value> = self.place.iter().chain(place).collect();
        let fault = json!({"type": kind, "loc": place, "msg": problem, "input": input});
        self.faults.push(fault);
    }
}

/// Of a word or number that is no truth.
pub(in crate::compat) const UNCLEAR_TRUTH: &str =
    "Input should be a valid boolean, unable to interpret input";

/// The truth that a word is.
pub(in crate::compat) fn truth_of(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The byte at which a document stops to be JSON.
fn place_of(bytes: &[u8], error: &serde_json::Error) -> usize {
    let lines = bytes.split(|byte| *byte == b'\n');
    let before: usize = lines
        .take(error.line().saturating_sub(1))
        .map(|line| line.len() + 1)
        .sum();
    before + error.column().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(body: &Value, read: impl FnOnce(&mut At<'_>)) -> Value {
        let mut form = Form::of(body.to_string().as_bytes()).ok().unwrap();
        read(&mut form.root());
        Value::Array(form.faults)
    }

    #[test]
    fn every_field_that_is_wrong_is_told_with_its_place() {
        let body = json!({"name": 5, "config": {"symbols": ["a", 7], "dates": "x"}, "none": null});
        let told = faults(&body, |root| {
            assert_eq!(root.text("name"), None);
            assert_eq!(root.text("none"), None);
            root.require("version");
            root.inside("config", |config| {
                assert_eq!(config.texts("symbols"), Some(vec!["a".to_owned()]));
                assert_eq!(config.names("dates"), None);
            });
        });
        assert_eq!(
            told,
            json!([
                {"type": "string_type", "loc": ["body", "name"], "msg": "Input should be a valid string", "input": 5},
                {"type": "missing", "loc": ["body", "version"], "msg": "Field required", "input": body},
                {"type": "string_type", "loc": ["body", "config", "symbols", 1],
                 "msg": "Input should be a valid string", "input": 7},
                {"type": "dict_type", "loc": ["body", "config", "dates"],
                 "msg": "Input should be a valid dictionary", "input": "x"},
            ])
        );
    }
}
