//! Databases of other programs.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Failure;

/// A row by the names of its columns; bytes that are no text are `null`.
pub type ForeignRow = Map<String, Value>;

/// A database of another program as it was at one moment, for reading only.
pub trait ForeignDatabase {
    /// Its tables, in small letters.
    fn tables(&self) -> Result<BTreeSet<String>, Failure>;

    /// All rows of a table, in the order in which they were written.
    fn rows(&self, table: &str) -> Result<Vec<ForeignRow>, Failure>;
}
