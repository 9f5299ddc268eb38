//! Candles in files and over the wire: readers for the formats people have,
//! freqtrade's data folder, a versioned Parquet store on any object store,
//! and downloads from exchanges.
//!
//! Knows formats, folders and protocols; knows nothing of strategies or
//! backtests. Start at [`FreqtradeDir`] for a folder read in place, at
//! [`LocalFiles`] for everything that is imported, at [`ParquetStore`] for
//! what is kept.

mod alpha_vantage;
mod corporate;
mod download;
mod error;
mod files;
mod freqtrade;
mod read;
mod signals;
mod source;
mod store;
mod write;

pub use alpha_vantage::{
    AlphaVantage, AlphaVantageError, AlphaVantageSettings, ApiKey, BookError, Requests,
    StoredPrices,
};
pub use corporate::{read_dividends, read_factors, read_holidays, read_splits};
pub use download::{BinanceKlines, BinanceSettings, DownloadError, TokioSleeper};
pub use error::ReadError;
pub use files::LocalFiles;
pub use freqtrade::{FreqtradeDir, FreqtradeEntry};
pub use signals::{SignalsDir, SignalsError};
pub use source::{ChoiceError, StoreSource};
pub use store::ParquetStore;
pub use write::WriteError;
