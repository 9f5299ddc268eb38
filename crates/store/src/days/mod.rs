//! Completed days of models in one `SQLite` file beside the runs.
//!
//! Several processes may have it open: each change is one short transaction,
//! and readers wait for nobody. Start at [`SqliteDays`]; [`MemoryDays`] is the
//! same by other means, for tests. [`SeedDatabase`] is a file of another program.

mod memory;
mod put;
mod rows;
mod seed;
mod sqlite;

pub use memory::MemoryDays;
pub use seed::{SeedDatabase, SeedError};
pub use sqlite::SqliteDays;
