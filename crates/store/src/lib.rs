//! What Fondaco keeps: results of backtests, as folders of files, and durable
//! runs, in `SQLite`; news, filings and corporate actions; completed days of
//! models.
//!
//! A result is whole or not there: its files are written beside their place
//! and moved in, `result.json` last. Start at [`results::Results`]
//! and [`runs::SqliteRuns`].

pub mod days;
pub mod error;
mod kept;
pub mod legacy;
pub mod legacy_table;
mod projected;
pub mod research;
pub mod results;
pub mod runs;
mod shared_file;
mod table;

pub use error::StoreError;
pub use legacy::{LegacyError, LegacyFolder};
pub use projected::{ProjectedError, ProjectedRuns};
pub use results::{ResultFiles, Results};
pub use shared_file::FileError;
pub use table::trades_parquet;
