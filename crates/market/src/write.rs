//! Candles into files others read.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_schema::ArrowError;
use fondaco_app::data::{DatasetId, ExportFormat};
use fondaco_domain::{Bars, ErrorKind, Hint};
use thiserror::Error;

use crate::store;

/// A file that could not be made.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The candles could not be put in the form asked for.
    #[error("cannot encode {dataset} as {format}")]
    Encode {
        /// The data set.
        dataset: DatasetId,
        /// The form.
        format: &'static str,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file system refused.
    #[error("cannot write {path}", path = path.display())]
    Save {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
}

impl Hint for WriteError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Encode { .. } => ErrorKind::Internal,
            Self::Save { .. } => ErrorKind::Storage,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Encode { .. } => None,
            Self::Save { .. } => Some("check that the folder exists and has space".to_owned()),
        }
    }
}

/// The bytes of a file with these candles.
pub(crate) fn encode(
    dataset: &DatasetId,
    bars: &Bars,
    format: ExportFormat,
) -> Result<Vec<u8>, WriteError> {
    match format {
        ExportFormat::Csv => Ok(csv(bars).into_bytes()),
        ExportFormat::Json => Ok(json(bars).into_bytes()),
        ExportFormat::Parquet => store::encode(bars, &[]).map(Vec::from),
        ExportFormat::Feather => feather(bars),
    }
    .map_err(|cause| WriteError::Encode {
        dataset: dataset.clone(),
        format: format.extension(),
        cause: cause.into(),
    })
}

/// Writes beside the place and moves there.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let failed = |cause| WriteError::Save {
        path: path.to_owned(),
        cause,
    };
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = PathBuf::from(beside);
    let write = || {
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    write().map_err(|cause| {
        // What is half written is of no use to anybody.
        let _ = std::fs::remove_file(&beside);
        failed(cause)
    })
}

/// Doubles are written in the shortest form that reads back as the same.
fn csv(bars: &Bars) -> String {
    let mut text = String::from("date,open,high,low,close,volume\n");
    for bar in bars.rows() {
        let _ = writeln!(
            text,
            "{},{},{},{},{},{}",
            bar.time, bar.open, bar.high, bar.low, bar.close, bar.volume
        );
    }
    text
}

fn json(bars: &Bars) -> String {
    let rows = bars.rows().map(|bar| {
        let numbers = [bar.open, bar.high, bar.low, bar.close, bar.volume];
        let numbers = numbers.map(|value| format!("{value:?}")).join(",");
        format!("[{},{numbers}]", bar.time.0)
    });
    format!("[{}]\n", rows.collect::<Vec<_>>().join(",\n"))
}

fn feather(bars: &Bars) -> Result<Vec<u8>, ArrowError> {
    let batch = store::batch(bars)?;
    let options =
        IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME))?;
    let mut bytes = Vec::new();
    let mut writer = FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options)?;
    writer.write(&batch)?;
    writer.finish()?;
    drop(writer);
    Ok(bytes)
}
