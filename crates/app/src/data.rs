//! Market data: import, list, show, check, export, download.
//!
//! A [`DatasetId`] names candles of one instrument at one venue; every change
//! to it makes a [`Version`] named by the hash of its rows, and old versions
//! stay readable. Files are read through [`crate::ports::CandleFiles`], kept
//! in a [`crate::ports::BarStore`].

mod dataset;
mod merge;
mod reading;

pub use dataset::{
    CandleKind, DatasetId, Selector, Venue, VenueError, Version, VersionRef, VersionRefError,
    content_hash,
};
pub use merge::{Merged, Overlap, OverlapConflict, merge};
pub use reading::{
    Decimal, FileContent, FileSeries, Keep, Note, QuoteSide, RawSeries, ReadOptions, Repair,
    SkipReason, StampMeans,
};
