//! Inputs and outputs that are too long for a row.

use std::borrow::Cow;

use fondaco_domain::ContentHash;

use crate::ports::runs::{INLINE, RunStore, RunStoreError};

const REFERENCE: &str = "sha256:";

/// A body as a row holds it: itself, or where it is longer than [`INLINE`]
/// bytes, its reference, and the store keeps it.
pub fn spill(store: &dyn RunStore, body: String) -> Result<String, RunStoreError> {
    if body.len() <= INLINE {
        return Ok(body);
    }
    let hash = store.keep_body(body.as_bytes())?;
    Ok(format!("{REFERENCE}{hash}"))
}

/// The body that a row holds or refers to.
pub fn whole<'a>(store: &dyn RunStore, held: &'a str) -> Result<Cow<'a, str>, RunStoreError> {
    let Some(hash) = held.strip_prefix(REFERENCE).and_then(ContentHash::parse) else {
        return Ok(Cow::Borrowed(held));
    };
    String::from_utf8(store.body(&hash)?)
        .map(Cow::Owned)
        .map_err(|_| RunStoreError::Damaged(format!("body {hash} is no text")))
}
