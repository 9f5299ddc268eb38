//! What Fondaco keeps: results of backtests, as folders of files, and durable
//! runs, in `SQLite`.
//!
//! A result is whole or not there: its files are written beside their place
//! and moved in, `result.json` last. Start at [`results::Results`]
//! and [`runs::SqliteRuns`].

pub mod error;
mod kept;
mod projected;
pub mod results;
pub mod runs;
mod table;

pub use error::StoreError;
pub use projected::{ProjectedError, ProjectedRuns};
pub use results::{ResultFiles, Results};
pub use table::trades_parquet;
