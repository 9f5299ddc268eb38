//! Files on this machine.

use std::path::{Path, PathBuf};

use fondaco_app::data::{DatasetId, ExportFormat, FileContent, FileSeries, RawSeries, ReadOptions};
use fondaco_app::ports::{CandleFiles, Failure};
use fondaco_domain::Bars;

use crate::error::ReadError;
use crate::{read, write};

/// Reads candles of every known format from files and folders.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalFiles;

impl LocalFiles {
    /// All of a file; what is packed as `.gz` is unpacked.
    ///
    /// # Errors
    ///
    /// It cannot be read, is empty or cut off.
    pub fn bytes(self, path: &Path) -> Result<Vec<u8>, ReadError> {
        read::load_bytes(path)
    }
}

impl CandleFiles for LocalFiles {
    fn find(&self, paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
        let mut found = Vec::new();
        for path in paths {
            walk(path, &mut found).map_err(Failure::new)?;
        }
        Ok(found)
    }

    fn read_raw(
        &self,
        path: &Path,
        options: &ReadOptions,
    ) -> Result<FileContent<RawSeries>, Failure> {
        read::read_raw(path, options).map_err(Failure::new)
    }

    fn read(&self, path: &Path, options: &ReadOptions) -> Result<FileContent<FileSeries>, Failure> {
        read_series(path, options).map_err(Failure::new)
    }

    fn encode(
        &self,
        dataset: &DatasetId,
        bars: &Bars,
        format: ExportFormat,
    ) -> Result<Vec<u8>, Failure> {
        write::encode(dataset, bars, format).map_err(Failure::new)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        write::save(path, bytes).map_err(Failure::new)
    }
}

/// Candles of a file, fit to be stored.
pub(crate) fn read_series(
    path: &Path,
    options: &ReadOptions,
) -> Result<FileContent<FileSeries>, ReadError> {
    match read::read_raw(path, options)? {
        FileContent::Skipped(reason) => Ok(FileContent::Skipped(reason)),
        FileContent::Series(all) => all
            .into_iter()
            .map(|raw| read::clean(path, raw, options.repair))
            .collect::<Result<_, _>>()
            .map(FileContent::Series),
    }
}

/// Files in the order of their names, folders entered, hidden ones left out.
fn walk(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), ReadError> {
    let metadata = std::fs::metadata(path).map_err(|cause| ReadError::io(path, cause))?;
    if !metadata.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let mut inside = std::fs::read_dir(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|cause| ReadError::io(path, cause))?;
    inside.sort_by_key(std::fs::DirEntry::file_name);
    for entry in inside {
        if !entry.file_name().to_string_lossy().starts_with('.') {
            walk(&entry.path(), found)?;
        }
    }
    Ok(())
}
