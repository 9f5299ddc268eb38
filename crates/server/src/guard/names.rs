//! Names that come from outside and become names of files.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Letters of a name at most.
const LONGEST: usize = 120;

/// A name that stays in the folder it is looked up in, whatever the system:
/// letters, digits, `-`, `_` and `.`, the first no dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SafeName(String);

impl SafeName {
    /// As it was given.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no name of a file here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this cannot be the name of anything here")]
pub(crate) struct UnsafeName;

impl FromStr for SafeName {
    type Err = UnsafeName;

    fn from_str(text: &str) -> Result<Self, UnsafeName> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_plain = (1..=LONGEST).contains(&text.len())
            && text.bytes().all(fits)
            && !text.starts_with('.')
            && !text.ends_with('.');
        if is_plain {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnsafeName)
        }
    }
}

impl fmt::Display for SafeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_leads_elsewhere_is_a_name() {
        for good in ["a", "result.json", "2025-10-01_gpt-5.csv", "a..b"] {
            assert_eq!(good.parse::<SafeName>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            ".",
            "..",
            ".hidden",
            "a.",
            "../a",
            "a/b",
            "/etc/passwd",
            "a\\b",
            "C:a",
            "a\0",
            "a\n",
            "a b",
            "%2e%2e",
            "ä",
            &"a".repeat(121),
        ] {
            assert_eq!(bad.parse::<SafeName>(), Err(UnsafeName), "{bad:?}");
        }
    }
}
