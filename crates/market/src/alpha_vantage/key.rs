//! The key.

use std::fmt;

/// A key of a price source. It is shown nowhere.
#[derive(Clone)]
pub struct ApiKey(String);

/// Shorter ones would be found in any text.
const SHORTEST: usize = 4;

impl ApiKey {
    /// None of an empty text.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// Words of the source without the key, should it say it again: its
    /// excuses do.
    pub(super) fn scrub(&self, text: &str) -> String {
        if self.0.len() < SHORTEST {
            return text.to_owned();
        }
        text.replace(&self.0, "[key]")
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey")
    }
}
