//! Stored candles into files others read.

use std::path::PathBuf;

use fondaco_domain::TimeRange;
use serde::Serialize;

use super::{DataError, DatasetId, Version, VersionRef, read};
use crate::ports::{BarStore, CandleFiles};

/// The form of a file of candles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// Text with a line for each candle; doubles in their shortest exact form.
    Csv,
    /// Columns, as in the store.
    Parquet,
    /// Columns, as freqtrade keeps them.
    Feather,
    /// `[[milliseconds, open, high, low, close, volume], …]`.
    Json,
}

impl ExportFormat {
    /// The ending of file names.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Feather => "feather",
            Self::Json => "json",
        }
    }

    /// The form a file's name asks for.
    pub fn of(path: &std::path::Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?;
        [Self::Csv, Self::Parquet, Self::Feather, Self::Json]
            .into_iter()
            .find(|format| format.extension().eq_ignore_ascii_case(ending))
    }
}

/// What to export.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    /// The data set.
    pub dataset: DatasetId,
    /// Its version.
    pub version: VersionRef,
    /// The candles of this range.
    pub range: TimeRange,
    /// The form.
    pub format: ExportFormat,
    /// The file; without it the bytes are only returned.
    pub path: Option<PathBuf>,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExportReport {
    /// The data set.
    #[serde(flatten)]
    pub dataset: DatasetId,
    /// The version read.
    pub version: Version,
    /// Candles written.
    pub rows: usize,
    /// The file.
    pub path: Option<PathBuf>,
    /// What was written.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

/// Writes the candles of a range to a file.
pub async fn export(
    request: &ExportRequest,
    store: &dyn BarStore,
    files: &dyn CandleFiles,
) -> Result<ExportReport, DataError> {
    let loaded = read(store, &request.dataset, &request.version, request.range).await?;
    let bytes = files.encode(&request.dataset, &loaded.bars, request.format)?;
    if let Some(path) = &request.path {
        files.write(path, &bytes)?;
    }
    Ok(ExportReport {
        dataset: loaded.dataset,
        version: loaded.version,
        rows: loaded.bars.len(),
        path: request.path.clone(),
        bytes,
    })
}
