//! News, filings and corporate actions in one `SQLite` file beside the runs.
//!
//! Several processes may have it open: each change is one short transaction,
//! and readers wait for nobody. Start at [`SqliteResearch`]; [`MemoryResearch`]
//! is the same by other means, for tests.

mod action;
mod error;
mod filing;
mod memory;
mod rows;
mod schema;
mod sqlite;
mod story;
mod words;

pub use error::ResearchError;
pub use memory::MemoryResearch;
pub use sqlite::SqliteResearch;
