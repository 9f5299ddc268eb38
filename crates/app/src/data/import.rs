//! Files into the store: all of them or none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fondaco_domain::{Bars, UnixMillis};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use super::{
    DataError, DatasetId, FileContent, FileSeries, Merged, Note, Overlap, ReadOptions, SkipReason,
    Venue, Version, VersionRef, merge,
};
use crate::ports::{BarStore, CandleFiles, Progress, Staged, StoreError};

/// A lost race is run again this often.
const MOST_RACES: usize = 20;

/// So many data sets wait for the disk at once.
const AT_ONCE: usize = 16;

/// Folders named after what they hold and not after where it is from.
const PLAIN_FOLDERS: [&str; 8] = [
    "daily", "hourly", "minute", "data", "futures", "spot", "raw", "csv",
];

/// What to import.
#[derive(Debug, Clone, Default)]
pub struct ImportRequest {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// The venue; otherwise from the file, or the folder it lies in.
    pub venue: Option<Venue>,
    /// What the user states about the files.
    pub options: ReadOptions,
    /// What happens to stored candles that differ.
    pub overlap: Overlap,
    /// Read everything, store nothing.
    pub dry_run: bool,
}

/// What was imported.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportReport {
    /// By data set, in order.
    pub imported: Vec<Imported>,
    /// Files left out, and why.
    pub skipped: Vec<SkippedFile>,
    /// Whether nothing was stored because that was asked.
    pub dry_run: bool,
}

/// One data set after an import.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Imported {
    /// Its name.
    #[serde(flatten)]
    pub dataset: DatasetId,
    /// Its newest version; `None` in a dry run.
    pub version: Option<Version>,
    /// Candles that were not there before.
    pub added: usize,
    /// Candles that took the place of others.
    pub replaced: usize,
    /// Candles read.
    pub read: usize,
    /// The files.
    pub files: Vec<PathBuf>,
    /// What was assumed and left out.
    pub notes: Vec<Note>,
}

/// A file without candles.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SkippedFile {
    /// The file.
    pub path: PathBuf,
    /// Why.
    #[serde(flatten)]
    pub reason: SkipReason,
}

/// Reads all files, then stores all their candles. Any file that cannot be
/// what it claims fails the whole import and leaves the store as it was.
pub async fn import(
    request: &ImportRequest,
    files: &dyn CandleFiles,
    store: &dyn BarStore,
    progress: &dyn Progress,
    now: UnixMillis,
) -> Result<ImportReport, DataError> {
    let (pending, skipped) = read_all(request, files, progress)?;
    progress.begin("storing", pending.len() as u64);
    // All changes are staged before the first is committed: what can fail for
    // one of them fails before anything is visible.
    let stage = async |(dataset, series): (&DatasetId, &Pending)| {
        let change = Change::stage(store, dataset, series, request, now).await;
        progress.advance(1, dataset.symbol.as_str());
        change
    };
    let staged: Vec<Change> = stream::iter(&pending)
        .map(stage)
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let committed: Vec<Change> = stream::iter(pending.iter().zip(staged))
        .map(async |((dataset, series), change)| {
            change.commit(store, dataset, series, request, now).await
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let mut imported = Vec::with_capacity(pending.len());
    for ((dataset, series), change) in pending.into_iter().zip(committed) {
        imported.push(Imported {
            version: change.version,
            added: change.merged.added.len(),
            replaced: change.merged.changed.len(),
            read: series.bars.len(),
            files: series.files,
            notes: series.notes,
            dataset,
        });
    }
    progress.end();
    Ok(ImportReport {
        imported,
        skipped,
        dry_run: request.dry_run,
    })
}

/// Everything the files hold for one data set.
struct Pending {
    bars: Bars,
    files: Vec<PathBuf>,
    notes: Vec<Note>,
}

impl Pending {
    /// The source of a version: names of files, not where they lay.
    fn source(&self) -> String {
        let name = |path: &PathBuf| {
            path.file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        let names: Vec<String> = self.files.iter().take(3).map(name).collect();
        match self.files.len() {
            0..=3 => names.join(", "),
            more => format!("{} and {} more", names.join(", "), more - 3),
        }
    }
}

type PendingSets = BTreeMap<DatasetId, Pending>;

fn read_all(
    request: &ImportRequest,
    files: &dyn CandleFiles,
    progress: &dyn Progress,
) -> Result<(PendingSets, Vec<SkippedFile>), DataError> {
    let mut pending = PendingSets::new();
    let mut skipped = Vec::new();
    let mut found = Vec::new();
    for root in &request.paths {
        for path in files.find(std::slice::from_ref(root))? {
            found.push((root, path));
        }
    }
    progress.begin("reading", found.len() as u64);
    for (root, path) in &found {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match files.read(path, &request.options)? {
            FileContent::Skipped(reason) => skipped.push(SkippedFile {
                path: path.clone(),
                reason,
            }),
            FileContent::Series(all) => {
                for series in all {
                    admit(&mut pending, series, root, path, request)?;
                }
            }
        }
        progress.advance(1, &name);
    }
    progress.end();
    match (pending.is_empty(), skipped.first()) {
        (true, Some(first)) => Err(DataError::NothingRead {
            files: found.len(),
            path: first.path.clone(),
            reason: first.reason.clone(),
        }),
        (true, None) => Err(DataError::NoFiles),
        (false, _) => Ok((pending, skipped)),
    }
}

/// Adds the candles of a file to its data set; two files must not contradict
/// each other.
fn admit(
    pending: &mut PendingSets,
    series: FileSeries,
    root: &Path,
    path: &Path,
    request: &ImportRequest,
) -> Result<(), DataError> {
    let dataset = DatasetId {
        venue: request
            .venue
            .clone()
            .unwrap_or_else(|| venue(root, path, series.venue.as_deref())),
        symbol: series.symbol,
        timeframe: series.timeframe,
        kind: series.kind,
    };
    let Some(known) = pending.get_mut(&dataset) else {
        let fresh = Pending {
            bars: series.bars,
            files: vec![path.to_owned()],
            notes: series.notes,
        };
        pending.insert(dataset, fresh);
        return Ok(());
    };
    let merged = merge(&known.bars, &series.bars, Overlap::Refuse).map_err(|conflict| {
        DataError::Overlap {
            dataset: dataset.clone(),
            source_name: path.display().to_string(),
            conflict: Box::new(conflict),
        }
    })?;
    known.bars = merged.bars;
    known.files.push(path.to_owned());
    known.notes.extend(series.notes);
    Ok(())
}

/// The venue a file names, or the first folder below the one that was named,
/// or that one, where its name says where data are from.
fn venue(root: &Path, path: &Path, named: Option<&str>) -> Venue {
    let below = path
        .strip_prefix(root)
        .ok()
        .filter(|below| below.components().count() > 1)
        .and_then(|below| below.components().next())
        .map(|first| first.as_os_str().to_string_lossy().into_owned());
    let folder = if root == path {
        path.parent()
    } else {
        Some(root)
    };
    let above = folder
        .into_iter()
        .flat_map(Path::ancestors)
        .filter_map(|it| {
            it.file_name()
                .map(|name| name.to_string_lossy().into_owned())
        });
    named
        .map(str::to_owned)
        .into_iter()
        .chain(below)
        .chain(above)
        .filter(|name| !PLAIN_FOLDERS.contains(&name.to_lowercase().as_str()))
        .find_map(|name| tidy(&name).parse().ok())
        .unwrap_or_else(|| "local".parse().expect("it is a venue"))
}

fn tidy(name: &str) -> String {
    name.to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(40)
        .collect()
}

/// A change on its way into the store.
struct Change {
    merged: Merged,
    version: Option<Version>,
    staged: Option<Staged>,
}

impl Change {
    async fn stage(
        store: &dyn BarStore,
        dataset: &DatasetId,
        pending: &Pending,
        request: &ImportRequest,
        now: UnixMillis,
    ) -> Result<Self, DataError> {
        let (version, old) = match store.read(dataset, &VersionRef::Latest).await {
            Ok((version, old)) => (Some(version), old),
            Err(StoreError::NoDataset(_)) => (None, Bars::default()),
            Err(error) => return Err(error.into()),
        };
        let merged =
            merge(&old, &pending.bars, request.overlap).map_err(|conflict| DataError::Overlap {
                dataset: dataset.clone(),
                source_name: pending.source(),
                conflict: Box::new(conflict),
            })?;
        let staged = if merged.is_unchanged() || request.dry_run {
            None
        } else {
            let source = pending.source();
            let parent = version.as_ref();
            Some(store.stage(dataset, parent, &merged, &source, now).await?)
        };
        Ok(Self {
            merged,
            version: version.filter(|_| !request.dry_run),
            staged,
        })
    }

    /// Commits; after a lost race the change is made again on what is there.
    async fn commit(
        mut self,
        store: &dyn BarStore,
        dataset: &DatasetId,
        pending: &Pending,
        request: &ImportRequest,
        now: UnixMillis,
    ) -> Result<Self, DataError> {
        for race in 0.. {
            let Some(staged) = self.staged.take() else {
                break;
            };
            match store.commit(staged).await {
                Ok(version) => self.version = Some(version),
                Err(StoreError::Conflict { .. }) if race < MOST_RACES => {
                    self = Self::stage(store, dataset, pending, request, now).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self)
    }
}

/// Stores candles from elsewhere than files, on top of the newest version: that
/// version, and how many candles are new. `source` names where they are from,
/// without a slash or a secret in it.
pub async fn store_bars(
    store: &dyn BarStore,
    dataset: &DatasetId,
    bars: Bars,
    source: &str,
    overlap: Overlap,
    now: UnixMillis,
) -> Result<(Option<Version>, usize), DataError> {
    let request = ImportRequest {
        overlap,
        ..ImportRequest::default()
    };
    let pending = Pending {
        bars,
        files: vec![PathBuf::from(source)],
        notes: Vec::new(),
    };
    let change = Change::stage(store, dataset, &pending, &request, now).await?;
    let change = change
        .commit(store, dataset, &pending, &request, now)
        .await?;
    Ok((change.version, change.merged.added.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_venue_is_where_data_are_from() {
        for (root, path, named, expected) in [
            (
                "data/freqtrade",
                "data/freqtrade/binance/BTC_USDT-5m.feather",
                None,
                "binance",
            ),
            (
                "data/binance",
                "data/binance/futures/X-5m.feather",
                None,
                "binance",
            ),
            ("data", "data/djia-2025/daily/AAPL.csv", None, "djia-2025"),
            (
                "data/djia-2025",
                "data/djia-2025/daily/AAPL.csv",
                None,
                "djia-2025",
            ),
            ("My Data/a.csv", "My Data/a.csv", None, "my-data"),
            (
                "lean",
                "lean/crypto_coinbase_BTCUSD_1m.csv.gz",
                Some("coinbase"),
                "coinbase",
            ),
            ("a.csv", "a.csv", None, "local"),
        ] {
            let found = venue(Path::new(root), Path::new(path), named);
            assert_eq!(found.as_str(), expected, "{path}");
        }
    }
}
