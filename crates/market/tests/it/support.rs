//! What the tests share.

use std::path::{Path, PathBuf};

use fondaco_app::data::{
    CandleKind, DatasetId, FileContent, FileSeries, Merged, Overlap, ReadOptions, Version,
    VersionRef, merge,
};
use fondaco_app::ports::{BarStore, CandleFiles, StoreError};
use fondaco_domain::{Bar, Bars, Hint, UnixMillis};
use fondaco_market::LocalFiles;

/// A file or folder of real data, or a printed reason why there is none.
pub(crate) fn shared(inside: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(inside);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is absent", path.display());
    None
}

/// The candles of a file with one instrument.
pub(crate) fn read_one(path: &Path, options: &ReadOptions) -> FileSeries {
    let mut all = read_all(path, options);
    assert_eq!(all.len(), 1, "{}", path.display());
    all.remove(0)
}

/// The candles of a file.
pub(crate) fn read_all(path: &Path, options: &ReadOptions) -> Vec<FileSeries> {
    match LocalFiles.read(path, options) {
        Ok(FileContent::Series(all)) => all,
        Ok(FileContent::Skipped(reason)) => panic!("{}: {reason:?}", path.display()),
        Err(error) => panic!("{error}"),
    }
}

/// What a file is refused with: message, kind and hint.
pub(crate) fn refusal(path: &Path, options: &ReadOptions) -> String {
    let error = LocalFiles
        .read(path, options)
        .expect_err("it must be refused");
    let folder = path.parent().unwrap().display().to_string();
    format!(
        "{error} [{}] {}",
        error.kind(),
        error.hint().unwrap_or_default()
    )
    .replace(&format!("{folder}/"), "")
}

/// Candles at minutes.
pub(crate) fn minutes(rows: impl IntoIterator<Item = (i64, f64)>) -> Bars {
    let bar = |(minute, price)| Bar {
        time: UnixMillis(1_514_764_800_000 + minute * 60_000),
        open: price,
        high: price + 1.0,
        low: price - 0.5,
        close: price + 0.25,
        volume: 10.0,
    };
    Bars::from_rows(rows.into_iter().map(bar)).unwrap()
}

/// A data set of minutes.
pub(crate) fn dataset(symbol: &str) -> DatasetId {
    DatasetId {
        venue: "binance".parse().unwrap(),
        symbol: symbol.parse().unwrap(),
        timeframe: "1m".parse().unwrap(),
        kind: CandleKind::Trades,
    }
}

/// The newest version with a change on top of it.
pub(crate) async fn change(
    store: &dyn BarStore,
    dataset: &DatasetId,
    bars: &Bars,
    overlap: Overlap,
) -> (Option<Version>, Merged) {
    let (version, old) = match store.read(dataset, &VersionRef::Latest).await {
        Ok((version, old)) => (Some(version), old),
        Err(StoreError::NoDataset(_)) => (None, Bars::default()),
        Err(error) => panic!("{error}"),
    };
    (version, merge(&old, bars, overlap).unwrap())
}

/// Stores a change on top of the newest version.
pub(crate) async fn put(
    store: &dyn BarStore,
    dataset: &DatasetId,
    bars: &Bars,
    overlap: Overlap,
) -> Result<Version, StoreError> {
    let (parent, change) = change(store, dataset, bars, overlap).await;
    let staged = store
        .stage(dataset, parent.as_ref(), &change, "test", UnixMillis(0))
        .await?;
    store.commit(staged).await
}

/// Every file below a folder with its bytes, in order.
pub(crate) fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(tree(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            all.push((path, bytes));
        }
    }
    all.sort();
    all
}
