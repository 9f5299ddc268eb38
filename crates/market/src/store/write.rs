//! Changes to a store.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use bytes::Bytes;
use fondaco_app::data::{DatasetId, Merged, Version, content_hash};
use fondaco_app::ports::{Staged, StoreError};
use fondaco_domain::{Bars, ContentHash, UnixMillis};
use futures::future::try_join_all;
use object_store::{ObjectStoreExt, PutMode, PutOptions};

use super::layout::{self, BARS, PARTS};
use super::record::{self, Part, Record};
use super::{ParquetStore, encode};

/// A year in more files than this is written as one.
const MOST_PARTS_A_YEAR: usize = 12;

impl ParquetStore {
    /// Writes the part files of a change to `parts`.
    pub(super) async fn stage_change(
        &self,
        dataset: &DatasetId,
        parent: Option<&Version>,
        change: &Merged,
        source: &str,
        created_at: UnixMillis,
    ) -> Result<Staged, StoreError> {
        let base = match parent {
            Some(parent) => {
                self.record(&layout::manifest(dataset, parent.number))
                    .await?
                    .parts
            }
            None => Vec::new(),
        };
        let (mut parts, to_write) = plan(base, change);
        // Most of the time of a write is the wait for the disk: files of a
        // change wait together.
        let written = to_write.iter().map(|bars| self.write_part(dataset, bars));
        parts.extend(try_join_all(written).await?);
        parts.sort_by(|a, b| (a.first, &a.key).cmp(&(b.first, &b.key)));
        let time = change.bars.time();
        let version = Version {
            number: parent.map_or(1, |parent| parent.number + 1),
            id: content_hash(&change.bars),
            parent: parent.map(|parent| parent.id.clone()),
            rows: change.bars.len() as u64,
            first: time.first().copied().unwrap_or_default(),
            last: time.last().copied().unwrap_or_default(),
            source: source.to_owned(),
            created_at,
        };
        let record = Record {
            format: record::FORMAT,
            dataset: dataset.clone(),
            version: version.clone(),
            parts,
        };
        let place = layout::manifest(dataset, version.number);
        let bytes = serde_json::to_vec_pretty(&record).map_err(|cause| write(&place, cause))?;
        Ok(Staged {
            dataset: dataset.clone(),
            version,
            record: bytes,
        })
    }

    /// Creates the record; the one writer that can is the one that commits.
    pub(super) async fn commit_record(&self, staged: Staged) -> Result<Version, StoreError> {
        let place = layout::manifest(&staged.dataset, staged.version.number);
        let options = PutOptions {
            mode: PutMode::Create,
            ..PutOptions::default()
        };
        let payload = Bytes::from(staged.record).into();
        match self
            .objects
            .put_opts(&layout::path(&place), payload, options)
            .await
        {
            Ok(_) => {}
            Err(object_store::Error::AlreadyExists { .. }) => {
                return Err(StoreError::Conflict {
                    dataset: staged.dataset,
                    number: staged.version.number,
                });
            }
            Err(cause) => return Err(write(&place, cause)),
        }
        self.settle(&staged.dataset).await?;
        Ok(staged.version)
    }

    /// Moves the parts of the newest version to `bars` and all others out of
    /// it, until no newer version has come meanwhile.
    pub(super) async fn settle(&self, dataset: &DatasetId) -> Result<(), StoreError> {
        let mut settled = 0;
        while let Some(latest) = self.latest(dataset).await? {
            if latest.version.number == settled {
                break;
            }
            settled = latest.version.number;
            let wanted: BTreeSet<&str> =
                latest.parts.iter().map(|part| part.key.as_str()).collect();
            let folder = format!("{BARS}/{}", layout::folder(dataset));
            let there: BTreeSet<String> = self
                .listing(&folder)
                .await?
                .into_iter()
                .filter_map(|place| place.strip_prefix("bars/").map(str::to_owned))
                .collect();
            let out = there.iter().filter(|key| !wanted.contains(key.as_str()));
            try_join_all(out.map(|key| self.rename(BARS, PARTS, key))).await?;
            let missing = wanted.into_iter().filter(|key| !there.contains(*key));
            try_join_all(missing.map(|key| self.rename(PARTS, BARS, key))).await?;
        }
        Ok(())
    }

    /// Moves a part; that another writer has moved it already is no failure.
    async fn rename(&self, from: &str, to: &str, key: &str) -> Result<(), StoreError> {
        let (from, to) = (format!("{from}/{key}"), format!("{to}/{key}"));
        match self
            .objects
            .rename(&layout::path(&from), &layout::path(&to))
            .await
        {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(cause) => Err(write(&to, cause)),
        }
    }

    async fn write_part(&self, dataset: &DatasetId, bars: &Bars) -> Result<Part, StoreError> {
        let tags = [
            ("venue", dataset.venue.to_string()),
            ("symbol", dataset.symbol.to_string()),
            ("timeframe", dataset.timeframe.to_string()),
            ("kind", dataset.kind.to_string()),
        ];
        let folder = layout::folder(dataset);
        let bytes = encode(bars, &tags).map_err(|cause| write(&folder, cause))?;
        let sha256 = ContentHash::of(&bytes);
        let (first, last) = (bars.time()[0], bars.time()[bars.len() - 1]);
        let year = first.date().year();
        let part = Part {
            key: layout::part_key(dataset, year, sha256.as_str()),
            sha256,
            year,
            rows: bars.len() as u64,
            bytes: bytes.len() as u64,
            first,
            last,
        };
        let place = format!("{PARTS}/{}", part.key);
        self.objects
            .put(&layout::path(&place), bytes.into())
            .await
            .map_err(|cause| write(&place, cause))?;
        Ok(part)
    }
}

/// The parts that stay, and the rows of those to be written: new rows of a
/// year go to a file beside the old ones; a year with changed rows, or in too
/// many files, is written anew.
fn plan(base: Vec<Part>, change: &Merged) -> (Vec<Part>, Vec<Bars>) {
    let mut files: BTreeMap<i16, usize> = BTreeMap::new();
    for part in &base {
        *files.entry(part.year).or_default() += 1;
    }
    let added = years(&change.added);
    let mut anew: BTreeSet<i16> = change.changed.iter().map(|at| at.date().year()).collect();
    anew.extend(added.iter().map(|(year, _)| *year).filter(|year| {
        files
            .get(year)
            .is_some_and(|count| *count >= MOST_PARTS_A_YEAR)
    }));
    let whole = years(&change.bars);
    let rewritten = whole
        .into_iter()
        .filter(|(year, _)| anew.contains(year))
        .map(|(_, rows)| change.bars.slice(rows));
    let beside = added
        .into_iter()
        .filter(|(year, _)| !anew.contains(year))
        .map(|(_, rows)| change.added.slice(rows));
    let to_write = rewritten.chain(beside).collect();
    let kept = base
        .into_iter()
        .filter(|part| !anew.contains(&part.year))
        .collect();
    (kept, to_write)
}

/// The rows of each year.
fn years(bars: &Bars) -> Vec<(i16, Range<usize>)> {
    let mut all: Vec<(i16, Range<usize>)> = Vec::new();
    let mut row = 0;
    while row < bars.len() {
        let year = bars.time()[row].date().year();
        let next = jiff::civil::date(year.saturating_add(1), 1, 1);
        let end = bars.row_at(UnixMillis::midnight(next));
        all.push((year, row..end));
        row = end;
    }
    all
}

fn write(place: &str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Write {
        path: place.to_owned(),
        cause: cause.into(),
    }
}
