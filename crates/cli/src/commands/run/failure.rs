//! Failures of tasks, in words.

use fondaco_app::backtests::told::Told;

use crate::errors::in_words;

/// What went wrong with its causes, on one line: a failure that travelled as a
/// document is told as it would have been where it happened.
pub(super) fn words(error: &str) -> String {
    Told::from_json(error).map_or_else(|| error.to_owned(), |told| in_words(&told))
}
