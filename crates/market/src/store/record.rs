//! The record of a version, as it is stored.

use fondaco_app::data::{DatasetId, Version};
use fondaco_domain::{ContentHash, UnixMillis};
use serde::{Deserialize, Serialize};

/// The form of the record; a change of meaning is a new number.
pub(super) const FORMAT: u32 = 1;

/// A version and the files its rows lie in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) format: u32,
    pub(super) dataset: DatasetId,
    pub(super) version: Version,
    pub(super) parts: Vec<Part>,
}

/// One file. The rows of all files of a version together are its rows; no
/// stamp is in two of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Part {
    /// Its place below `bars` or `parts`.
    pub(super) key: String,
    /// The hash of its bytes.
    pub(super) sha256: ContentHash,
    pub(super) year: i16,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) first: UnixMillis,
    pub(super) last: UnixMillis,
}
