//! Words of a request that are the same on many routes, read or refused with
//! their place.

use fondaco_domain::micros::MicrosError;
use fondaco_domain::{RunId, UnixMicros};

use crate::problem::Refusal;
use crate::state::Limits;

/// How many items a page holds.
pub(super) fn page_of(asked: Option<usize>, limits: Limits) -> Result<usize, Refusal> {
    match asked {
        None => Ok(limits.page),
        Some(limit) if (1..=limits.longest_page).contains(&limit) => Ok(limit),
        Some(_) => Err(Refusal::of_field(
            "limit",
            format!("1 to {} is wanted", limits.longest_page),
        )),
    }
}

/// A word of a closed list.
pub(super) fn word<T>(
    field: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    match parse(text) {
        Some(value) => Ok(Some(value)),
        None => Err(Refusal::of_field(field, format!("`{text}` is not one"))),
    }
}

pub(super) fn id(field: &str, text: Option<&str>) -> Result<Option<RunId>, Refusal> {
    word(field, text, |text| text.parse().ok())
}

/// A point in time.
pub(super) fn instant(field: &str, text: &str) -> Result<UnixMicros, Refusal> {
    text.parse()
        .map_err(|error: MicrosError| Refusal::of_field(field, error.to_string()))
}
