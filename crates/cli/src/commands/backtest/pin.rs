//! Pins a job to what lies in folders and stores: the rules are those of
//! [`fondaco_app::backtests::pin`], the hashes of files are made here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fondaco_app::backtests::Spec;
use fondaco_app::backtests::pin::{self, Datasets};
pub(super) use fondaco_app::backtests::pin::{Versions, is_pinned, read_by};
use fondaco_app::backtests::source::CandleSource;
use fondaco_app::ports::BarStore;
use fondaco_contract::v1alpha1::{BacktestJob, JobCandles, JobDataset, JobFolder};
use fondaco_domain::ContentHash;
use fondaco_market::{FreqtradeDir, SignalsDir};

use super::inputs::{InputError, absolute};
use super::workshop::Workshop;
use crate::context::block_on;
use crate::errors::Failure;

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
        JobCandles::Signals {} => pin::settle(job, spec, |_, _| Vec::new())?,
        JobCandles::Freqtrade(folder) => {
            let dir = FreqtradeDir::open(&folder.folder)?;
            let symbols = dir.symbols(spec.strategy.timeframe, spec.settings.mode)?;
            let reach = pin::settle(job, spec, |_, _| symbols)?;
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
            let datasets = if let Some(versions) = versions {
                datasets(&versions)?
            } else {
                let listed = block_on(workshop.candles(place.as_deref())?.list())??;
                pin::newest(listed, venue.as_deref(), wanted).map_err(InputError::Venue)?
            };
            pin::pin(job, spec, &datasets)?
        }
    };
    if let (Some(dir), Some(folder)) = (&signals, job.signals.take()) {
        let paths = reach.symbols().filter_map(|symbol| dir.path(symbol));
        job.signals = Some(pinned(folder, dir.folder(), paths)?);
    }
    Ok(())
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

/// The data sets that a job states.
pub(super) fn datasets(stated: &[JobDataset]) -> Result<Datasets, InputError> {
    pin::datasets(stated).map_err(InputError::Venue)
}
