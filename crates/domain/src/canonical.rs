//! One text per JSON value.

use serde::Serialize;
use thiserror::Error;

use crate::{ContentHash, ErrorKind, Hint};

/// A value that has no canonical form.
#[derive(Debug, Error)]
#[error("the document has no canonical form")]
pub struct CanonicalError(#[source] serde_json::Error);

impl Hint for CanonicalError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some("numbers must be finite, and names of objects must be texts".into())
    }
}

/// A JSON document in its canonical form (RFC 8785): names sorted, no spaces,
/// numbers as ECMAScript writes them. Equal documents have equal bytes, and so
/// one hash, which is the name of a version of a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical {
    text: String,
    hash: ContentHash,
}

impl Canonical {
    /// Of anything that serializes to JSON.
    pub fn of(value: &impl Serialize) -> Result<Self, CanonicalError> {
        let text = serde_json_canonicalizer::to_string(value).map_err(CanonicalError)?;
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
}
