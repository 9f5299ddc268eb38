//! Versioned candles in Parquet on an object store.
//!
//! A change is written in three steps. Its part files, named by their content,
//! go to `parts`; a record with the next number is created in `manifests`,
//! which succeeds for one writer only; the parts of the newest version are
//! then moved to `bars`, and what it no longer uses is moved back. A writer
//! that dies before the second step leaves files nobody reads, one that dies
//! after it leaves moves that the next writer makes. A part is looked for in
//! both places, so versions are readable at every moment.

mod layout;
mod part;
mod record;
mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use fondaco_app::data::{DatasetId, Merged, Version, VersionRef};
use fondaco_app::ports::{BarStore, Staged, StoreError, StoreState};
use fondaco_domain::bars::Columns;
use fondaco_domain::{Bars, ContentHash, UnixMillis};
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use layout::{BARS, MANIFESTS, PARTS};
use record::{Part, Record};

pub(crate) use part::{batch, encode};

/// Candles in a local folder or, with the feature `s3`, in a bucket.
#[derive(Debug, Clone)]
pub struct ParquetStore {
    objects: Arc<dyn ObjectStore>,
    known: Known,
    listings: Arc<Listings>,
}

/// Listings by number. Who asks while one is under way waits for the next one,
/// and so does everybody else who asks meanwhile: one answers all of them.
#[derive(Debug, Default)]
struct Listings {
    begun: AtomicU64,
    last: tokio::sync::Mutex<(u64, Vec<(DatasetId, Version)>)>,
}

/// Records of newest versions as they were read, with the file each was read
/// from. A record is created once and never changed: one in the same file
/// need not be read again.
type Known = Arc<Mutex<HashMap<DatasetId, (ObjectMeta, Version)>>>;

impl ParquetStore {
    /// A folder, made when absent, or `s3://bucket/prefix`.
    pub fn open(place: &str) -> Result<Self, StoreError> {
        let failed = |problem: String| StoreError::Open {
            place: place.to_owned(),
            problem,
        };
        if place.contains("://") {
            return Self::remote(place).map_err(failed);
        }
        let folder = PathBuf::from(place);
        std::fs::create_dir_all(&folder).map_err(|cause| failed(cause.to_string()))?;
        let objects = LocalFileSystem::new_with_prefix(&folder)
            .map_err(|cause| failed(cause.to_string()))?
            .with_fsync(true);
        Ok(Self {
            objects: Arc::new(objects),
            known: Known::default(),
            listings: Arc::default(),
        })
    }

    #[cfg(feature = "s3")]
    fn remote(url: &str) -> Result<Self, String> {
        use object_store::aws::AmazonS3Builder;
        use object_store::prefix::PrefixStore;

        let rest = url
            .strip_prefix("s3://")
            .ok_or("only s3:// is served; a folder is named without a scheme")?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let objects = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .build()
            .map_err(|cause| cause.to_string())?;
        Ok(Self {
            objects: Arc::new(PrefixStore::new(objects, layout::path(prefix))),
            known: Known::default(),
            listings: Arc::default(),
        })
    }

    #[cfg(not(feature = "s3"))]
    fn remote(_url: &str) -> Result<Self, String> {
        Err("this build serves folders only; build it with the feature `s3`".to_owned())
    }

    /// Every record of a data set, oldest first.
    async fn records(&self, dataset: &DatasetId) -> Result<Vec<Record>, StoreError> {
        let folder = format!("{MANIFESTS}/{}", layout::folder(dataset));
        let mut places = self.listing(&folder).await?;
        places.sort();
        let mut records = Vec::with_capacity(places.len());
        for place in places {
            records.push(self.record(&place).await?);
        }
        Ok(records)
    }

    async fn latest(&self, dataset: &DatasetId) -> Result<Option<Record>, StoreError> {
        let folder = format!("{MANIFESTS}/{}", layout::folder(dataset));
        match self.listing(&folder).await?.into_iter().max() {
            Some(place) => self.record(&place).await.map(Some),
            None => Ok(None),
        }
    }

    async fn record(&self, place: &str) -> Result<Record, StoreError> {
        let bytes = self.bytes(place).await.map_err(|cause| StoreError::Read {
            path: place.to_owned(),
            cause: cause.into(),
        })?;
        let damaged = |problem: String| StoreError::Damaged {
            path: place.to_owned(),
            problem,
        };
        let record: Record =
            serde_json::from_slice(&bytes).map_err(|cause| damaged(cause.to_string()))?;
        if record.format == record::FORMAT {
            Ok(record)
        } else {
            Err(damaged(format!(
                "its form {} is newer than this program",
                record.format
            )))
        }
    }

    async fn bars_of(&self, record: &Record) -> Result<Bars, StoreError> {
        let mut parts = Vec::with_capacity(record.parts.len());
        for part in &record.parts {
            let bytes = self.part(part).await?;
            let columns = part::decode(&part.key, bytes).map_err(|cause| StoreError::Damaged {
                path: part.key.clone(),
                problem: cause.to_string(),
            })?;
            parts.push(columns);
        }
        let whole = |problem: String| StoreError::Damaged {
            path: layout::manifest(&record.dataset, record.version.number),
            problem,
        };
        let bars = Bars::new(in_order(parts)).map_err(|cause| whole(cause.to_string()))?;
        if fondaco_app::data::content_hash(&bars) == record.version.id {
            Ok(bars)
        } else {
            Err(whole(
                "its rows are not those it was named after".to_owned(),
            ))
        }
    }

    /// The bytes of a part, wherever it lies; a file being moved is missing
    /// from neither place for longer than one look.
    async fn part(&self, part: &Part) -> Result<Bytes, StoreError> {
        let mut missing = None;
        for area in [BARS, PARTS, BARS, PARTS] {
            match self.bytes(&format!("{area}/{}", part.key)).await {
                Ok(bytes) if ContentHash::of(&bytes) == part.sha256 => return Ok(bytes),
                Ok(_) => {
                    return Err(StoreError::Damaged {
                        path: format!("{area}/{}", part.key),
                        problem: "its content is not what was written".to_owned(),
                    });
                }
                Err(cause @ object_store::Error::NotFound { .. }) => missing = Some(cause),
                Err(cause) => {
                    return Err(StoreError::Read {
                        path: format!("{area}/{}", part.key),
                        cause: cause.into(),
                    });
                }
            }
        }
        Err(StoreError::Damaged {
            path: part.key.clone(),
            problem: missing.map_or_else(String::new, |_| "the file is gone".to_owned()),
        })
    }

    async fn bytes(&self, place: &str) -> Result<Bytes, object_store::Error> {
        self.objects.get(&layout::path(place)).await?.bytes().await
    }

    /// The places of all files below a folder.
    async fn listing(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let files = self.files(folder).await?;
        let places = files.into_iter().map(|file| file.location.to_string());
        Ok(places.collect())
    }

    /// All files below a folder.
    async fn files(&self, folder: &str) -> Result<Vec<ObjectMeta>, StoreError> {
        let files = self.objects.list(Some(&layout::path(folder)));
        files.try_collect().await.map_err(|cause| StoreError::Read {
            path: folder.to_owned(),
            cause: cause.into(),
        })
    }

    /// Every data set with its newest version, as they lie there now.
    async fn newest(&self) -> Result<Vec<(DatasetId, Version)>, StoreError> {
        let mut newest: BTreeMap<DatasetId, (u32, ObjectMeta)> = BTreeMap::new();
        for file in self.files(MANIFESTS).await? {
            let Some((dataset, number)) = layout::parse_manifest(file.location.as_ref()) else {
                continue;
            };
            match newest.get(&dataset) {
                Some((known, _)) if *known >= number => {}
                _ => {
                    newest.insert(dataset, (number, file));
                }
            }
        }
        let mut all = Vec::with_capacity(newest.len());
        for (dataset, (_, file)) in newest {
            let version = self.version_in(&dataset, file).await?;
            all.push((dataset, version));
        }
        Ok(all)
    }

    /// The version that a record is of; read where it is not known.
    async fn version_in(
        &self,
        dataset: &DatasetId,
        file: ObjectMeta,
    ) -> Result<Version, StoreError> {
        if let Some((from, version)) = self.known().get(dataset)
            && *from == file
        {
            return Ok(version.clone());
        }
        let version = self.record(file.location.as_ref()).await?.version;
        let known = (file, version.clone());
        self.known().insert(dataset.clone(), known);
        Ok(version)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<DatasetId, (ObjectMeta, Version)>> {
        // Whatever panicked elsewhere, each entry is whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rows of parts that share no stamp, oldest first.
fn in_order(mut parts: Vec<Columns>) -> Columns {
    parts.sort_by_key(|part| part.time.first().copied());
    let mut all = Columns::default();
    for mut part in parts {
        all.time.append(&mut part.time);
        all.open.append(&mut part.open);
        all.high.append(&mut part.high);
        all.low.append(&mut part.low);
        all.close.append(&mut part.close);
        all.volume.append(&mut part.volume);
    }
    if all.time.is_sorted() {
        return all;
    }
    let mut order: Vec<usize> = (0..all.time.len()).collect();
    order.sort_by_key(|&row| all.time[row]);
    let pick = |values: &[f64]| order.iter().map(|&row| values[row]).collect();
    Columns {
        time: order.iter().map(|&row| all.time[row]).collect(),
        open: pick(&all.open),
        high: pick(&all.high),
        low: pick(&all.low),
        close: pick(&all.close),
        volume: pick(&all.volume),
    }
}

#[async_trait]
impl BarStore for ParquetStore {
    async fn list(&self) -> Result<Vec<(DatasetId, Version)>, StoreError> {
        let begun = &self.listings.begun;
        let before = begun.load(Ordering::SeqCst);
        let mut last = self.listings.last.lock().await;
        // One that began after this was asked for shows all that was there.
        if last.0 > before {
            return Ok(last.1.clone());
        }
        let number = begun.fetch_add(1, Ordering::SeqCst) + 1;
        let all = self.newest().await?;
        *last = (number, all.clone());
        Ok(all)
    }

    async fn versions(&self, dataset: &DatasetId) -> Result<Vec<Version>, StoreError> {
        let records = self.records(dataset).await?;
        Ok(records.into_iter().map(|record| record.version).collect())
    }

    async fn read(
        &self,
        dataset: &DatasetId,
        version: &VersionRef,
    ) -> Result<(Version, Bars), StoreError> {
        let record = match version {
            VersionRef::Latest => self.latest(dataset).await?,
            named => {
                let mut records = self.records(dataset).await?;
                if records.is_empty() {
                    return Err(StoreError::NoDataset(dataset.clone()));
                }
                let versions: Vec<Version> = records
                    .iter()
                    .map(|record| record.version.clone())
                    .collect();
                let number = named.find(&versions).map(|found| found.number);
                let at = records
                    .iter()
                    .position(|it| Some(it.version.number) == number);
                Some(records.swap_remove(at.ok_or_else(|| StoreError::NoVersion {
                    dataset: dataset.clone(),
                    version: version.clone(),
                })?))
            }
        };
        let record = record.ok_or_else(|| StoreError::NoDataset(dataset.clone()))?;
        let bars = self.bars_of(&record).await?;
        Ok((record.version, bars))
    }

    async fn stage(
        &self,
        dataset: &DatasetId,
        parent: Option<&Version>,
        change: &Merged,
        source: &str,
        created_at: UnixMillis,
    ) -> Result<Staged, StoreError> {
        self.stage_change(dataset, parent, change, source, created_at)
            .await
    }

    async fn commit(&self, staged: Staged) -> Result<Version, StoreError> {
        self.commit_record(staged).await
    }

    async fn examine(&self) -> Result<StoreState, StoreError> {
        let mut state = StoreState::default();
        let mut named = BTreeSet::new();
        for place in self.listing(MANIFESTS).await? {
            let record = match self.record(&place).await {
                Ok(record) => record,
                Err(error) => {
                    state.damaged.push(error.to_string());
                    continue;
                }
            };
            for part in record.parts {
                if named.insert(part.key.clone()) {
                    state.parts += 1;
                    if let Err(error) = self.part(&part).await {
                        state.damaged.push(error.to_string());
                    }
                }
            }
        }
        for area in [BARS, PARTS] {
            for place in self.listing(area).await? {
                let key = place
                    .strip_prefix(area)
                    .and_then(|key| key.strip_prefix('/'));
                if !key.is_some_and(|key| named.contains(key)) {
                    state.orphans.push(place);
                }
            }
        }
        Ok(state)
    }
}
