//! What Fondaco keeps: results of backtests, as folders of files, and durable
//! runs, in `SQLite`; and news, filings and corporate actions.
//!
//! A result is whole or not there: its files are written beside their place
//! and moved in, `result.json` last. Start at [`results::Results`]
//! and [`runs::SqliteRuns`].

pub mod error;
mod kept;
pub mod legacy;
pub mod legacy_table;
mod projected;
pub mod research;
pub mod results;
pub mod runs;
mod table;

pub use error::StoreError;
pub use legacy::{LegacyError, LegacyFolder};
pub use projected::{ProjectedError, ProjectedRuns};
pub use results::{ResultFiles, Results};
pub use table::trades_parquet;
