//! What is in the store: list, show, read.

use fondaco_domain::{Bars, TimeRange};
use serde::Serialize;

use super::{DataError, DatasetId, Selector, Version, VersionRef};
use crate::ports::BarStore;

/// A data set with its newest version.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    /// Its name.
    #[serde(flatten)]
    pub dataset: DatasetId,
    /// The newest version.
    pub version: Version,
}

/// A data set with its history.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// Its name.
    #[serde(flatten)]
    pub dataset: DatasetId,
    /// Every version, oldest first.
    pub versions: Vec<Version>,
}

/// Candles and where they come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The data set.
    pub dataset: DatasetId,
    /// The version read, of the whole data set.
    pub version: Version,
    /// The candles of the range.
    pub bars: Bars,
}

/// The data sets meant, in order.
pub async fn list(store: &dyn BarStore, selector: &Selector) -> Result<Vec<Listed>, DataError> {
    let mut all = store.list().await?;
    all.retain(|(dataset, _)| selector.matches(dataset));
    Ok(all
        .into_iter()
        .map(|(dataset, version)| Listed { dataset, version })
        .collect())
}

/// The histories of the data sets meant; at least one.
pub async fn show(store: &dyn BarStore, selector: &Selector) -> Result<Vec<Shown>, DataError> {
    let mut all = Vec::new();
    for Listed { dataset, .. } in list(store, selector).await? {
        let versions = store.versions(&dataset).await?;
        all.push(Shown { dataset, versions });
    }
    if all.is_empty() {
        return Err(DataError::NoMatch(selector.clone()));
    }
    Ok(all)
}

/// The one data set meant.
pub async fn resolve(store: &dyn BarStore, selector: &Selector) -> Result<DatasetId, DataError> {
    let mut all: Vec<DatasetId> = list(store, selector)
        .await?
        .into_iter()
        .map(|it| it.dataset)
        .collect();
    match all.len() {
        0 => Err(DataError::NoMatch(selector.clone())),
        1 => Ok(all.remove(0)),
        _ => Err(DataError::Ambiguous {
            wanted: selector.clone(),
            candidates: all,
        }),
    }
}

/// The candles of a range in one version.
pub async fn read(
    store: &dyn BarStore,
    dataset: &DatasetId,
    version: &VersionRef,
    range: TimeRange,
) -> Result<Loaded, DataError> {
    let (version, bars) = store.read(dataset, version).await?;
    let rows = bars.rows_in(range);
    if rows.is_empty() {
        return Err(DataError::EmptyRange {
            dataset: dataset.clone(),
            first: version.first,
            last: version.last,
        });
    }
    let bars = if rows.len() == bars.len() {
        bars
    } else {
        bars.slice(rows)
    };
    Ok(Loaded {
        dataset: dataset.clone(),
        version,
        bars,
    })
}
