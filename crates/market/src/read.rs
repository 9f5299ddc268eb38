//! One file in, rows out.

mod arrow;
mod bytes;
mod clean;
mod columns;
mod csv;
mod json;
mod name;
mod number;
mod stamp;
mod table;
mod timeframe;
mod vantage;

pub(crate) use arrow::{guarded, parquet_batches};
pub(crate) use bytes::load as load_bytes;
pub(crate) use clean::clean;
pub(crate) use name::FileName;
pub(crate) use vantage::Vantage;

use std::path::Path;

use fondaco_app::data::{FileContent, RawSeries, ReadOptions, SkipReason};

use crate::error::ReadError;

/// Rows of a file in the order they lie there.
pub(crate) fn read_raw(
    path: &Path,
    options: &ReadOptions,
) -> Result<FileContent<RawSeries>, ReadError> {
    let name = FileName::of(path);
    match name.extension.as_str() {
        "csv" | "tsv" => csv::read(path, &name, options),
        "txt" if !name.is_documentation() => csv::read(path, &name, options),
        "feather" | "arrow" | "ipc" => arrow::feather_series(path, &name, options),
        "parquet" => arrow::parquet_series(path, &name, options),
        "json" => json::read(path, &name, options),
        "jsonl" | "ndjson" => vantage::lines(path, options),
        "md" | "txt" | "rst" => Ok(FileContent::Skipped(SkipReason::Documentation)),
        _ => Ok(FileContent::Skipped(SkipReason::UnknownFormat)),
    }
}
