//! What the use cases need from outside.

pub mod days;
pub mod exec;
pub mod foreign;
pub mod gateway;
pub mod halts;
pub mod legacy;
pub mod machine;
pub mod model;
pub mod plan;
pub mod records;
pub mod research;
pub mod results;
pub mod run_files;
pub mod runs;
pub mod schedules;
pub mod services;
pub mod workers;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use fondaco_domain::{Bar, Bars, ErrorKind, Hint, Symbol, Timeframe, UnixMillis};
use thiserror::Error;

use crate::data::{
    DatasetId, ExportFormat, FileContent, FileSeries, Merged, RawSeries, ReadOptions, Version,
    VersionRef,
};

/// A failure of an adapter, with its own words, kind and hint.
pub struct Failure(Box<dyn Hint + Send + Sync>);

impl Failure {
    /// Wraps an adapter's error.
    pub fn new(error: impl Hint + Send + Sync + 'static) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl Hint for Failure {
    fn kind(&self) -> ErrorKind {
        self.0.kind()
    }

    fn hint(&self) -> Option<String> {
        self.0.hint()
    }
}

/// All that durable runs need of a store.
pub trait Store:
    runs::RunStore
    + halts::HaltStore
    + schedules::ScheduleStore
    + workers::WorkerStore
    + records::RecordStore
    + services::ServiceStore
{
}

impl<S> Store for S where
    S: runs::RunStore
        + halts::HaltStore
        + schedules::ScheduleStore
        + workers::WorkerStore
        + records::RecordStore
        + services::ServiceStore
{
}

/// A cause below the port, whatever the adapter is made of.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What can go wrong in a store of candles.
#[derive(Debug, Error)]
pub enum StoreError {
    /// No such data set.
    #[error("the store has no {0}")]
    NoDataset(DatasetId),
    /// No such version of a data set.
    #[error("{dataset} has no version {version}")]
    NoVersion {
        /// The data set.
        dataset: DatasetId,
        /// As asked for.
        version: VersionRef,
    },
    /// Another writer was first.
    #[error("{dataset} was changed by another writer; version {number} exists already")]
    Conflict {
        /// The data set.
        dataset: DatasetId,
        /// The number both wanted.
        number: u32,
    },
    /// A file of the store is not what was written.
    #[error("{path} in the store is damaged: {problem}")]
    Damaged {
        /// Its place in the store.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// The store could not be read.
    #[error("cannot read {path} in the store")]
    Read {
        /// Its place in the store.
        path: String,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The store could not be written.
    #[error("cannot write {path} in the store")]
    Write {
        /// Its place in the store.
        path: String,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// There is no store where one was named.
    #[error("cannot open a store at {place}: {problem}")]
    Open {
        /// Folder or URL.
        place: String,
        /// What is wrong.
        problem: String,
    },
}

impl Hint for StoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoDataset(_) | Self::NoVersion { .. } => ErrorKind::NotFound,
            Self::Conflict { .. } => ErrorKind::Conflict,
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Read { .. } | Self::Write { .. } => ErrorKind::Storage,
            Self::Open { .. } => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoDataset(_) => "see `fondaco data list`, or import it first".to_owned(),
            Self::NoVersion { dataset, .. } => {
                format!(
                    "see the versions with `fondaco data show {}`",
                    dataset.symbol
                )
            }
            Self::Conflict { .. } => "run the command again".to_owned(),
            Self::Damaged { .. } => {
                "run `fondaco data check --store`, and import the data again".to_owned()
            }
            Self::Read { .. } | Self::Write { .. } => {
                "check permissions and free space of the store".to_owned()
            }
            Self::Open { .. } => return None,
        })
    }
}

/// Files of a change, written but not yet part of any version.
#[derive(Debug, Clone)]
pub struct Staged {
    /// The data set.
    pub dataset: DatasetId,
    /// The version to be.
    pub version: Version,
    /// The store's own record of it.
    pub record: Vec<u8>,
}

/// What lies in a store beyond its versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreState {
    /// Part files checked.
    pub parts: usize,
    /// Files no version names: left by a writer that died. Harmless.
    pub orphans: Vec<String>,
    /// Files a version names that are absent or not what was written.
    pub damaged: Vec<String>,
}

/// Versioned candles.
#[async_trait]
pub trait BarStore: Send + Sync {
    /// All data sets with their newest versions, in order.
    async fn list(&self) -> Result<Vec<(DatasetId, Version)>, StoreError>;

    /// Every version of a data set, oldest first; empty when there is none.
    async fn versions(&self, dataset: &DatasetId) -> Result<Vec<Version>, StoreError>;

    /// The candles of one version.
    async fn read(
        &self,
        dataset: &DatasetId,
        version: &VersionRef,
    ) -> Result<(Version, Bars), StoreError>;

    /// Writes the files of a change on top of `parent` without making them
    /// visible.
    async fn stage(
        &self,
        dataset: &DatasetId,
        parent: Option<&Version>,
        change: &Merged,
        source: &str,
        created_at: UnixMillis,
    ) -> Result<Staged, StoreError>;

    /// Makes a staged change the newest version, or fails with
    /// [`StoreError::Conflict`] when `parent` is no longer the newest.
    async fn commit(&self, staged: Staged) -> Result<Version, StoreError>;

    /// Looks at every file of the store.
    async fn examine(&self) -> Result<StoreState, StoreError>;
}

/// Files of candles outside the store.
pub trait CandleFiles: Send + Sync {
    /// The files named, and those below the folders named, in order.
    fn find(&self, paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure>;

    /// Rows as they lie in a file.
    fn read_raw(
        &self,
        path: &Path,
        options: &ReadOptions,
    ) -> Result<FileContent<RawSeries>, Failure>;

    /// Candles of a file, or the reason why not.
    fn read(&self, path: &Path, options: &ReadOptions) -> Result<FileContent<FileSeries>, Failure>;

    /// The bytes of a file with these candles. Equal candles yield equal
    /// bytes, and every format keeps doubles exactly.
    fn encode(
        &self,
        dataset: &DatasetId,
        bars: &Bars,
        format: ExportFormat,
    ) -> Result<Vec<u8>, Failure>;

    /// Writes a file whole or not at all.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Failure>;
}

/// Candles of an exchange.
#[async_trait]
pub trait KlineSource: Send + Sync {
    /// Where they come from, for the record: no secrets in it.
    fn name(&self) -> String;

    /// The first candles of `[from, to)`, oldest first, as many as the source
    /// gives at a time; none when there are none.
    async fn page(
        &self,
        symbol: &Symbol,
        timeframe: Timeframe,
        from: UnixMillis,
        to: UnixMillis,
    ) -> Result<Vec<Bar>, Failure>;
}

/// Waits. Tests hand in one that does not.
#[async_trait]
pub trait Sleeper: Send + Sync {
    /// Returns after that time.
    async fn sleep(&self, time: Duration);
}

/// Told how far a long use case is.
pub trait Progress: Send + Sync {
    /// A stage begins; `total` is in its own units.
    fn begin(&self, stage: &str, total: u64);
    /// Some units are done; `what` names the present one.
    fn advance(&self, units: u64, what: &str);
    /// The stage is over.
    fn end(&self);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _stage: &str, _total: u64) {}
    fn advance(&self, _units: u64, _what: &str) {}
    fn end(&self) {}
}

/// The time of day.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> UnixMillis;
}
