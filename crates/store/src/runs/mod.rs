//! Where durable runs are kept: in memory for tests, in `SQLite` for use.
//!
//! What a transaction does is the same everywhere and lives in [`unit`]; a
//! store is a place that it reads from and writes to. [`conformance`] is the
//! suite that every store must pass.

pub mod conformance;
mod memory;
mod notices;
mod open;
mod postgres;
pub mod remote;
mod sqlite;
mod unit;

pub use memory::MemoryRuns;
pub use open::{Access, Address, OpenOptions, Opened, open};
pub use postgres::{PgOptions, PgRuns};
pub use sqlite::{SqliteOptions, SqliteRuns, Synchronous};
