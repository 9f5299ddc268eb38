//! What a backtest depends on besides its job, written into the job: the
//! instruments, the versions of their candles, the hashes of files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fondaco_app::backtests::Spec;
use fondaco_app::backtests::reach::Reach;
use fondaco_app::backtests::source::{CandleSource, NoCandles};
use fondaco_app::data::{CandleKind, DatasetId, Selector, VersionRef};
use fondaco_app::ports::BarStore;
use fondaco_contract::v1alpha1::{
    BacktestJob, BacktestResult, CandleKind as KindName, JobCandles, JobDataset, JobFolder,
};
use fondaco_domain::ContentHash;
use fondaco_market::{FreqtradeDir, ParquetStore, SignalsDir, StoreSource};

use super::inputs::{InputError, absolute};
use super::workshop::Workshop;
use crate::context::runtime;
use crate::errors::Failure;

/// Versions of data sets, by their names.
pub(super) type Versions = BTreeMap<String, String>;

/// The versions of data sets a result read.
pub(super) fn read_by(result: &BacktestResult) -> Versions {
    let data = result.data.iter();
    data.map(|data| (data.dataset.clone(), data.version.clone()))
        .collect()
}

/// Whether nothing of a job is left to the moment.
pub(super) fn is_pinned(job: &BacktestJob) -> bool {
    let candles = match &job.candles {
        JobCandles::Store { versions, .. } => versions.is_some(),
        JobCandles::Freqtrade(folder) => folder.files.is_some(),
        JobCandles::Signals {} => true,
    };
    let signals = job.signals.as_ref().is_none_or(|it| it.files.is_some());
    candles && signals && !job.pairs.is_empty()
}

/// Pins what a job leaves to the moment; what it states stays. `wanted` names
/// versions in place of the newest.
pub(super) fn pin(
    job: &mut BacktestJob,
    spec: &Spec,
    workshop: &Workshop,
    wanted: &Versions,
) -> Result<(), Failure> {
    let signals = job.signals.as_ref().map(|it| SignalsDir::open(&it.folder));
    let signals = signals.transpose()?;
    let reach = match job.candles.clone() {
        JobCandles::Signals {} => settle(job, spec, &NoCandles)?,
        JobCandles::Freqtrade(folder) => {
            let dir = FreqtradeDir::open(&folder.folder)?;
            let reach = settle(job, spec, &dir)?;
            let read = dir.list().iter();
            let read = read.filter(|it| reach.covers(&it.symbol, it.timeframe, it.kind));
            let paths = read.map(|it| it.path.clone());
            job.candles = JobCandles::Freqtrade(pinned(folder, dir.folder(), paths)?);
            reach
        }
        JobCandles::Store {
            place,
            venue,
            versions,
        } => {
            let store = workshop.candles(place.as_deref())?;
            let datasets = match versions {
                Some(versions) => datasets(&versions)?,
                None => newest(&store, venue.as_deref(), wanted)?,
            };
            let runtime = runtime()?;
            let source = StoreSource::new(&store, runtime.handle().clone(), datasets.clone());
            let reach = settle(job, spec, &source)?;
            let read = datasets.into_iter();
            let read = read.filter(|(id, _)| reach.covers(&id.symbol, id.timeframe, id.kind));
            job.candles = JobCandles::Store {
                place,
                venue,
                versions: Some(read.map(|(id, version)| stated(&id, &version)).collect()),
            };
            reach
        }
    };
    if let (Some(dir), Some(folder)) = (&signals, job.signals.take()) {
        let paths = reach.symbols().filter_map(|symbol| dir.path(symbol));
        job.signals = Some(pinned(folder, dir.folder(), paths)?);
    }
    Ok(())
}

/// Names the instruments and how they are traded, and leaves out the splits
/// and dividends of others.
fn settle(job: &mut BacktestJob, spec: &Spec, source: &dyn CandleSource) -> Result<Reach, Failure> {
    let mode = spec.settings.mode;
    let pairs = if spec.pairs.is_empty() {
        source.symbols(spec.strategy.timeframe, mode)?
    } else {
        spec.pairs.clone()
    };
    job.pairs.clone_from(&pairs);
    job.account.trading_mode = Some(mode.into());
    let spec = Spec {
        pairs,
        ..spec.clone()
    };
    let reach = Reach::of(&spec, job.signals.is_none())?;
    let stems: Vec<_> = reach
        .symbols()
        .map(|symbol| symbol.file_stem().to_lowercase())
        .collect();
    job.histories.retain(|stem, _| stems.contains(stem));
    Ok(reach)
}

/// A folder with the hashes of files in it.
fn pinned(
    given: JobFolder,
    folder: &Path,
    paths: impl Iterator<Item = PathBuf>,
) -> Result<JobFolder, InputError> {
    if given.files.is_some() {
        return Ok(given);
    }
    let mut files = BTreeMap::new();
    for path in paths {
        let name = path.strip_prefix(folder).unwrap_or(&path);
        files.insert(name.display().to_string(), hash(&path)?);
    }
    Ok(JobFolder {
        folder: absolute(folder)?,
        files: Some(files),
    })
}

/// Makes sure that the files of a folder are those a job was accepted with.
pub(super) fn verify(folder: &JobFolder) -> Result<(), InputError> {
    let root = Path::new(&folder.folder);
    for (name, expected) in folder.files.iter().flatten() {
        let path = root.join(name);
        if hash(&path)? != *expected {
            return Err(InputError::Changed(path));
        }
    }
    Ok(())
}

fn hash(path: &Path) -> Result<String, InputError> {
    let bytes = std::fs::read(path).map_err(|source| InputError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(ContentHash::of(&bytes).to_string())
}

/// The data sets of a venue, each in the version that is wanted or its newest.
fn newest(
    store: &ParquetStore,
    venue: Option<&str>,
    wanted: &Versions,
) -> Result<BTreeMap<DatasetId, VersionRef>, Failure> {
    let selector = Selector {
        venue: venue
            .map(str::parse)
            .transpose()
            .map_err(InputError::Venue)?,
        ..Selector::default()
    };
    let listed = runtime()?.block_on(store.list())?;
    let meant = listed.into_iter().filter(|(id, _)| selector.matches(id));
    let version = |(id, newest): (DatasetId, fondaco_app::data::Version)| {
        let version = wanted.get(&id.to_string()).cloned();
        let version = version.unwrap_or_else(|| newest.id.to_string());
        (id, VersionRef::Id(version))
    };
    Ok(meant.map(version).collect())
}

/// The data sets that a job states.
pub(super) fn datasets(
    stated: &[JobDataset],
) -> Result<BTreeMap<DatasetId, VersionRef>, InputError> {
    let read = |it: &JobDataset| {
        let id = DatasetId {
            venue: it.venue.parse()?,
            symbol: it.symbol.clone(),
            timeframe: it.timeframe,
            kind: match it.kind {
                KindName::Trades => CandleKind::Trades,
                KindName::Mark => CandleKind::Mark,
                KindName::FundingRate => CandleKind::FundingRate,
            },
        };
        Ok((id, VersionRef::Id(it.version.clone())))
    };
    stated.iter().map(read).collect()
}

fn stated(id: &DatasetId, version: &VersionRef) -> JobDataset {
    JobDataset {
        venue: id.venue.to_string(),
        symbol: id.symbol.clone(),
        timeframe: id.timeframe,
        kind: match id.kind {
            CandleKind::Trades => KindName::Trades,
            CandleKind::Mark => KindName::Mark,
            CandleKind::FundingRate => KindName::FundingRate,
        },
        version: version.to_string(),
    }
}
