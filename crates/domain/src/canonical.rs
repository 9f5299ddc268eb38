//! One text per JSON value.

use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use crate::{ContentHash, ErrorKind, Hint};

/// A value that has no canonical form.
#[derive(Debug, Error)]
pub enum CanonicalError {
    /// It is no JSON: a number that is not finite, a name that is no text.
    #[error("the document has no canonical form")]
    Form(#[source] serde_json::Error),
    /// An integer that a double cannot hold: it would become another one.
    #[error("the integer {0} is too large for a number of a JSON document")]
    Integer(String),
}

impl Hint for CanonicalError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Form(_) => "numbers must be finite, and names of objects must be texts".into(),
            Self::Integer(_) => "write it as a text".into(),
        })
    }
}

/// A JSON document in its canonical form (RFC 8785): names sorted, no spaces,
/// numbers as ECMAScript writes them. Equal documents have equal bytes, and so
/// one hash, which is the name of a version of a spec.
///
/// All its numbers are doubles. An integer that would be written as another
/// one by that, as most beyond 2^53 would, is refused; one of more than 64 bits
/// is a double as soon as it is read, before anything here sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical {
    text: String,
    hash: ContentHash,
}

impl Canonical {
    /// Of anything that serializes to JSON.
    pub fn of(value: &impl Serialize) -> Result<Self, CanonicalError> {
        let text = serde_json_canonicalizer::to_string(value).map_err(CanonicalError::Form)?;
        let document = serde_json::to_value(value).map_err(CanonicalError::Form)?;
        if let Some(large) = large_integer(&document) {
            return Err(CanonicalError::Integer(large));
        }
        let hash = ContentHash::of(text.as_bytes());
        Ok(Self { text, hash })
    }

    /// The document.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of its bytes.
    pub fn hash(&self) -> &ContentHash {
        &self.hash
    }
}

/// The first integer that is not written as itself.
fn large_integer(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) if number.is_f64() => None,
        Value::Number(number) => {
            let text = number.to_string();
            let canonical = serde_json_canonicalizer::to_string(number);
            (canonical.ok().as_ref() != Some(&text)).then_some(text)
        }
        Value::Array(values) => values.iter().find_map(large_integer),
        Value::Object(values) => values.values().find_map(large_integer),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The example of RFC 8785, section 3.2.2 and 3.2.3, in part.
    #[test]
    fn names_are_sorted_and_numbers_are_written_one_way() {
        let value = json!({"numbers": [333_333_333.333_333_3, 1e30, 4.50, 2e-3, 1e-27],
                           "literals": [null, true, false]});
        let canonical = Canonical::of(&value).unwrap();
        assert_eq!(
            canonical.text(),
            r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}"#
        );
        let other = json!({"literals": [null, true, false],
                           "numbers": [333_333_333.333_333_3, 1e30, 4.5, 0.002, 1e-27]});
        assert_eq!(Canonical::of(&other).unwrap(), canonical);
    }

    /// The names of RFC 8785, section 3.2.3: sorted by the units of UTF-16, so
    /// that a face comes before a Hebrew letter of a smaller code point.
    #[test]
    fn names_are_sorted_as_utf_16() {
        let value = json!({
            "\u{20ac}": "Euro Sign",
            "\r": "Carriage Return",
            "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One",
            "\u{1f600}": "Emoji: Grinning Face",
            "\u{80}": "Control",
            "\u{f6}": "Latin Small Letter O With Diaeresis",
        });
        let canonical = Canonical::of(&value).unwrap();
        let expected = [
            "Carriage Return",
            "One",
            "Control",
            "Latin Small Letter O With Diaeresis",
            "Euro Sign",
            "Emoji: Grinning Face",
            "Hebrew Letter Dalet With Dagesh",
        ];
        let places = expected.map(|name| canonical.text().find(name).unwrap());
        assert!(places.is_sorted(), "{}", canonical.text());
    }

    #[test]
    fn an_integer_is_never_changed() {
        let largest = 1_u64 << 53;
        for kept in [
            json!(largest),
            json!(-(largest as i64)),
            json!(0),
            json!(-0.0),
            json!(1e300),
            // A double of this value is written like this, and read as this.
            json!(2_681_812_096_144_094_700.0),
            json!(2_681_812_096_144_094_700_u64),
        ] {
            let canonical = Canonical::of(&kept).unwrap();
            let again: Value = serde_json::from_str(canonical.text()).unwrap();
            assert_eq!(Canonical::of(&again).unwrap(), canonical);
        }
        let told = |value: Value| Canonical::of(&value).unwrap_err().to_string();
        for large in [largest + 1, 1 << 60, u64::MAX] {
            let expected =
                format!("the integer {large} is too large for a number of a JSON document");
            assert_eq!(told(json!(large)), expected);
            assert_eq!(told(json!({"a": [1, {"b": large}]})), expected);
        }
        let small = i64::MIN;
        assert_eq!(
            told(json!([small])),
            format!("the integer {small} is too large for a number of a JSON document")
        );
    }

    #[test]
    fn what_is_not_finite_has_no_form() {
        for number in [f64::NAN, f64::INFINITY] {
            assert!(matches!(
                Canonical::of(&number),
                Err(CanonicalError::Form(_))
            ));
        }
    }
}
