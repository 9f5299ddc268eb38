//! Keys.

use std::fmt;

/// A key. It is shown nowhere.
pub(crate) struct Secret(String);

/// Shorter ones would be found in any text.
const SHORTEST: usize = 8;

impl Secret {
    pub(crate) fn new(key: String) -> Self {
        Self(key)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// A text of the provider's without the key, should it say it again.
    pub(crate) fn scrub(&self, text: String) -> String {
        if self.0.len() < SHORTEST || !text.contains(&self.0) {
            return text;
        }
        text.replace(&self.0, "[key]")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
