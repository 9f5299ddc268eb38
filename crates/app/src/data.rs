//! Market data: import, list, show, check, export, download.
//!
//! A [`DatasetId`] names candles of one instrument at one venue; every change
//! to it makes a [`Version`] named by the hash of its rows, and old versions
//! stay readable. Files are read through [`crate::ports::CandleFiles`], kept
//! in a [`crate::ports::BarStore`].

mod check;
mod dataset;
mod download;
mod error;
mod export;
pub mod freshness;
mod import;
mod merge;
mod query;
mod reading;
mod recorded;

pub use check::{CalendarName, CheckReport, CheckRules, Checked, check_files, check_stored, guess};
pub use dataset::{
    CandleKind, DatasetId, Selector, Venue, VenueError, Version, VersionRef, VersionRefError,
    content_hash,
};
pub use download::{DownloadReport, DownloadRequest, download};
pub use error::DataError;
pub use export::{ExportFormat, ExportReport, ExportRequest, export};
pub use freshness::{
    Freshness, FreshnessRules, Untold, Verdict, freshness, judge, newest_complete,
};
pub use import::{ImportReport, ImportRequest, Imported, SkippedFile, import, store_bars};
pub use merge::{Merged, Overlap, OverlapConflict, merge};
pub use query::{Listed, Loaded, Shown, list, read, resolve, show};
pub use reading::{
    Decimal, FileContent, FileSeries, Keep, Note, QuoteSide, RawSeries, ReadOptions, Repair,
    SkipReason, StampMeans,
};
pub use recorded::{ImportRecord, record};
