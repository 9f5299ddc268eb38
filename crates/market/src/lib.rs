//! Candles in files and over the wire: readers for the formats people have,
//! freqtrade's data folder, a versioned Parquet store on any object store,
//! and downloads from exchanges.
//!
//! Knows formats, folders and protocols; knows nothing of strategies or
//! backtests. Start at [`FreqtradeDir`] for a folder read in place, at
//! [`LocalFiles`] for everything that is imported, at [`ParquetStore`] for
//! what is kept.

mod error;
mod files;
mod freqtrade;
mod read;
mod store;

pub use error::ReadError;
pub use files::LocalFiles;
pub use freqtrade::{FreqtradeDir, FreqtradeEntry};
pub use store::ParquetStore;
