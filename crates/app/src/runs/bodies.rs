//! Inputs and outputs that are too long for a row.

use std::borrow::Cow;

use crate::ports::runs::{RunStore, RunStoreError};
use crate::runner::body_hash;

/// The body that a row holds or refers to.
pub fn whole<'a>(store: &dyn RunStore, held: &'a str) -> Result<Cow<'a, str>, RunStoreError> {
    let Some(hash) = body_hash(held) else {
        return Ok(Cow::Borrowed(held));
    };
    String::from_utf8(store.body(&hash)?)
        .map(Cow::Owned)
        .map_err(|_| RunStoreError::Damaged(format!("body {hash} is no text")))
}
