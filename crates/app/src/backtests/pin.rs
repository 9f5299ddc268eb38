//! What a backtest depends on besides its job, written into the job: the
//! instruments, and the versions of their candles. A pinned job repeats to the
//! byte whatever is imported later.

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::{
    BacktestJob, BacktestResult, CandleKind as KindName, JobCandles, JobDataset,
};
use fondaco_domain::market::TradingMode;
use fondaco_domain::{Symbol, Timeframe};

use super::reach::Reach;
use super::{BacktestsError, Spec};
use crate::data::{CandleKind, DatasetId, Selector, VenueError, Version, VersionRef};

/// Versions of data sets, by their names.
pub type Versions = BTreeMap<String, String>;

/// Data sets, each in one version.
pub type Datasets = BTreeMap<DatasetId, VersionRef>;

/// Of each instrument and length of candles, the data set of trades that reaches
/// furthest, of those that are wanted.
pub fn furthest(
    listed: &[(DatasetId, Version)],
    wanted: impl Fn(&DatasetId) -> bool,
) -> Vec<JobDataset> {
    let is_read = |(id, _): &&(DatasetId, Version)| id.kind == CandleKind::Trades && wanted(id);
    let mut read: Vec<&(DatasetId, Version)> = listed.iter().filter(is_read).collect();
    read.sort_by(|(one, a), (other, b)| {
        (&one.symbol, one.timeframe)
            .cmp(&(&other.symbol, other.timeframe))
            .then_with(|| (b.last, b.rows).cmp(&(a.last, a.rows)))
            .then_with(|| one.venue.cmp(&other.venue))
    });
    read.dedup_by(|(one, _), (other, _)| {
        (&one.symbol, one.timeframe) == (&other.symbol, other.timeframe)
    });
    let candles = read.into_iter().map(|(id, version)| JobDataset {
        venue: id.venue.to_string(),
        symbol: id.symbol.clone(),
        timeframe: id.timeframe,
        kind: KindName::Trades,
        version: version.id.to_string(),
    });
    candles.collect()
}

/// The versions of data sets a result read.
pub fn read_by(result: &BacktestResult) -> Versions {
    let data = result.data.iter();
    data.map(|data| (data.dataset.clone(), data.version.clone()))
        .collect()
}

/// Whether nothing of a job is left to the moment.
pub fn is_pinned(job: &BacktestJob) -> bool {
    let candles = match &job.candles {
        JobCandles::Store { versions, .. } => versions.is_some(),
        JobCandles::Freqtrade(folder) => folder.files.is_some(),
        JobCandles::Signals {} => true,
    };
    let signals = job.signals.as_ref().is_none_or(|it| it.files.is_some());
    candles && signals && !job.pairs.is_empty()
}

/// Names the instruments, those that can be traded where none are named, and
/// how they are traded; leaves out the splits and dividends of others.
pub fn settle(
    job: &mut BacktestJob,
    spec: &Spec,
    traded: impl FnOnce(Timeframe, TradingMode) -> Vec<Symbol>,
) -> Result<Reach, BacktestsError> {
    let mode = spec.settings.mode;
    let pairs = if spec.pairs.is_empty() {
        traded(spec.strategy.timeframe, mode)
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

/// Pins a job that reads a store to what it may read of these data sets.
pub fn pin(
    job: &mut BacktestJob,
    spec: &Spec,
    datasets: &Datasets,
) -> Result<Reach, BacktestsError> {
    let reach = settle(job, spec, |timeframe, mode| {
        traded(datasets.keys(), timeframe, mode)
    })?;
    let read = datasets
        .iter()
        .filter(|(id, _)| reach.covers(&id.symbol, id.timeframe, id.kind));
    let stated = read.map(|(id, version)| stated(id, version)).collect();
    if let JobCandles::Store { versions, .. } = &mut job.candles {
        *versions = Some(stated);
    }
    Ok(reach)
}

/// The data sets of a venue among those listed, each in the version that is
/// wanted or its newest.
pub fn newest(
    listed: Vec<(DatasetId, Version)>,
    venue: Option<&str>,
    wanted: &Versions,
) -> Result<Datasets, VenueError> {
    let selector = Selector {
        venue: venue.map(str::parse).transpose()?,
        ..Selector::default()
    };
    let meant = listed.into_iter().filter(|(id, _)| selector.matches(id));
    let version = |(id, newest): (DatasetId, Version)| {
        let version = wanted.get(&id.to_string()).cloned();
        let version = version.unwrap_or_else(|| newest.id.to_string());
        (id, VersionRef::Id(version))
    };
    Ok(meant.map(version).collect())
}

/// The data sets that a job states.
pub fn datasets(stated: &[JobDataset]) -> Result<Datasets, VenueError> {
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

/// The instruments of data sets that have candles of a length and are traded
/// so, in order.
pub fn traded<'a>(
    datasets: impl IntoIterator<Item = &'a DatasetId>,
    timeframe: Timeframe,
    mode: TradingMode,
) -> Vec<Symbol> {
    let is_meant = |id: &&DatasetId| {
        id.timeframe == timeframe
            && id.kind == CandleKind::Trades
            && id.symbol.settle().is_some() == (mode == TradingMode::Futures)
    };
    let meant = datasets.into_iter().filter(is_meant);
    let mut symbols: Vec<_> = meant.map(|id| id.symbol.clone()).collect();
    symbols.sort();
    symbols.dedup();
    symbols
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
