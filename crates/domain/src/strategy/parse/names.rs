//! Words of a strategy file that name something.

use super::table::Item;
use crate::strategy::error::{Problem, StrategyError};
use crate::strategy::place::Place;

/// Words with a meaning of their own in expressions.
const RESERVED: [&str; 15] = [
    "open", "high", "low", "close", "volume", "time", "and", "or", "not", "true", "false", "nan",
    "if", "else", "in",
];

/// Whether a text can name a strategy: up to 64 letters, digits, `.`, `_` and
/// `-`, a letter or digit first, as fits a file name.
pub fn is_strategy_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

pub(super) fn strategy_name(item: &Item<'_>) -> Result<String, StrategyError> {
    let name = item.string()?;
    if is_strategy_name(name) {
        return Ok(name.to_owned());
    }
    Err(item.error(Problem::Name {
        name: name.to_owned(),
        what: "a strategy",
        rule: "use up to 64 letters, digits, `.`, `_` and `-`, a letter or digit first",
    }))
}

/// Three numbers, such as `1.0.0`, with an optional suffix after `-`.
pub(super) fn version(item: &Item<'_>) -> Result<String, StrategyError> {
    let version = item.string()?;
    let (core, suffix) = version
        .split_once('-')
        .map_or((version, None), |(core, suffix)| (core, Some(suffix)));
    let numbers: Vec<&str> = core.split('.').collect();
    let fits = numbers.len() == 3
        && numbers.iter().all(|part| {
            part.len() <= 9 && !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
        })
        && suffix.is_none_or(|suffix| {
            !suffix.is_empty()
                && suffix
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        });
    if fits {
        Ok(version.to_owned())
    } else {
        Err(item.out_of_range("three numbers such as \"1.0.0\""))
    }
}

/// A name that expressions can use.
pub(super) fn identifier(
    name: &str,
    what: &'static str,
    at: Place,
) -> Result<String, StrategyError> {
    let fits = (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let rule = if !fits {
        "use up to 64 letters, digits and `_`, not a digit first"
    } else if RESERVED.contains(&name) {
        "the word has a meaning of its own in expressions; choose another"
    } else {
        return Ok(name.to_owned());
    };
    Err(StrategyError {
        at,
        problem: Problem::Name {
            name: name.to_owned(),
            what,
            rule,
        },
    })
}
