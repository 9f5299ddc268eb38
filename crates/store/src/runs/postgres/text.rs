//! Texts that the database cannot hold.
//!
//! `PostgreSQL` has no place for U+0000 in a text, and what a worker says went
//! wrong may hold anything. It is written as U+001A and `0`, and U+001A
//! itself as U+001A and `1`, so that what is read is what was written.

use std::borrow::Cow;

const ESCAPE: char = '\u{1a}';

/// As it is written.
pub(super) fn put(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return Cow::Borrowed(text);
    }
    let escaped = text.replace(ESCAPE, "\u{1a}1");
    Cow::Owned(escaped.replace('\0', "\u{1a}0"))
}

/// As it was before it was written.
pub(super) fn get(text: String) -> String {
    if !text.contains(ESCAPE) {
        return text;
    }
    text.replace("\u{1a}0", "\0").replace("\u{1a}1", "\u{1a}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written(text in "[\0\u{1a}01a]{0,12}") {
            let written = put(&text).into_owned();
            prop_assert!(!written.contains('\0'));
            prop_assert_eq!(get(written), text);
        }
    }
}
