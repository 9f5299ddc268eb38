//! Prices that were not there when a run was accepted.

use std::collections::{BTreeMap, BTreeSet};

use fondaco_contract::v1alpha1::JobDataset;
use fondaco_contract::v1alpha1::simulation::{MarketName, SimDate, SimulationJob};
use fondaco_domain::calendar::Calendar;
use fondaco_domain::task::SkipReason;
use fondaco_domain::{ErrorKind, Hint, Symbol, Timeframe, UnixMillis};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::download::{
    Availability, Coverage, DownloadError, DownloadPorts, DownloadRules, Ended, UnknownDay,
    download, incomplete,
};
use super::market::{self, Market, MarketError};
use crate::backtests::pin;
use crate::data::{DatasetId, Version};
use crate::ports::Failure;
use crate::ports::exec::Watch;
use crate::tools::candles::Candles;

/// Brings the prices of a run in.
pub trait Pricer: Send + Sync {
    /// Downloads what is missing; nothing where it was told to stop. Asked
    /// again, it does not ask for what came before.
    fn bring(&self, job: &SimulationJob, watch: &dyn Watch) -> Result<Option<Priced>, Failure>;
}

/// The output of the task that brings prices in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Priced {
    /// The candles of the run, each in one version.
    pub candles: Vec<JobDataset>,
    /// The steps that cannot be done, and why not.
    pub skips: BTreeMap<SimDate, SkipReason>,
    /// What is to be known about it.
    pub warnings: Vec<String>,
}

impl Priced {
    /// Why a step cannot be done.
    pub fn skip(&self, date: SimDate) -> Option<SkipReason> {
        self.skips.get(&date).copied()
    }
}

/// Why prices cannot be brought in.
#[derive(Debug, Error)]
pub enum BringError {
    /// A market without a calendar: it is not known what is missing.
    #[error("prices of {} are not downloaded: its trading days are not built in", .0.as_str())]
    Market(MarketName),
    /// A day that the calendar does not know.
    #[error(transparent)]
    Day(#[from] UnknownDay),
    /// Candles that are there cannot be read.
    #[error(transparent)]
    Candles(#[from] MarketError),
    /// The store of candles cannot be listed.
    #[error("cannot list the candles there are")]
    Listed(#[source] Failure),
    /// The download failed.
    #[error(transparent)]
    Download(#[from] DownloadError),
}

impl Hint for BringError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Market(_) => ErrorKind::Invalid,
            Self::Day(error) => error.kind(),
            Self::Candles(error) => error.kind(),
            Self::Listed(error) => error.kind(),
            Self::Download(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Market(_) => Some("import them with `fondaco data import`".to_owned()),
            Self::Day(error) => error.hint(),
            Self::Candles(error) => error.hint(),
            Self::Listed(error) => error.hint(),
            Self::Download(error) => error.hint(),
        }
    }
}

/// Every data set of candles there is, in its newest version.
pub type Listed<'a> = &'a dyn Fn() -> Result<Vec<(DatasetId, Version)>, Failure>;

/// What the candles of a run are, where all are there already; else nothing.
pub fn without_asking(
    job: &SimulationJob,
    candles: &dyn Candles,
    now: UnixMillis,
) -> Result<Option<Priced>, BringError> {
    let pinned = job.data.as_ref().map(|data| data.candles.clone());
    let pinned = pinned.unwrap_or_default();
    let (calendar, market) = (calendar(job)?, open(job, candles, &pinned)?);
    let there = availability(job, &calendar, &market)?;
    if there.plan(now).order.is_empty() {
        return Ok(Some(priced(
            job,
            pinned,
            &there,
            &BTreeSet::new(),
            Vec::new(),
        )));
    }
    Ok(None)
}

/// Downloads what is missing; nothing where it was told to stop.
pub fn bring(
    job: &SimulationJob,
    candles: &dyn Candles,
    listed: Listed<'_>,
    ports: DownloadPorts<'_>,
    rules: &DownloadRules,
    watch: &dyn Watch,
) -> Result<Option<Priced>, BringError> {
    let pinned = job.data.as_ref().map(|data| data.candles.clone());
    let market = open(job, candles, &pinned.unwrap_or_default())?;
    let plan = availability(job, ports.calendar, &market)?.plan(ports.clock.now());
    let outcome = download(&plan, ports, rules, watch)?;
    if outcome.ended == Ended::Stopped {
        return Ok(None);
    }
    let wanted: BTreeSet<&Symbol> = job.symbols.iter().chain(&job.benchmark).collect();
    let length = timeframe(job);
    let pinned = pin::furthest(&listed().map_err(BringError::Listed)?, |id| {
        id.timeframe == length && wanted.contains(&id.symbol)
    });
    let market = open(job, candles, &pinned)?;
    let there = availability(job, ports.calendar, &market)?;
    let warnings = outcome.warnings();
    Ok(Some(priced(
        job,
        pinned,
        &there,
        &outcome.unreached(),
        warnings,
    )))
}

/// The calendar by which prices of a run are missing.
pub fn calendar(job: &SimulationJob) -> Result<Calendar, BringError> {
    let market = job.account.market;
    market::calendar(market).ok_or(BringError::Market(market))
}

fn open(
    job: &SimulationJob,
    candles: &dyn Candles,
    pinned: &[JobDataset],
) -> Result<Market, MarketError> {
    Market::open(candles, pinned, timeframe(job))
}

fn timeframe(job: &SimulationJob) -> Timeframe {
    let data = job.data.as_ref();
    data.map_or(Timeframe::DAY, |data| data.timeframe)
}

fn availability(
    job: &SimulationJob,
    calendar: &Calendar,
    market: &Market,
) -> Result<Availability, UnknownDay> {
    let pairs = market.pairs(&job.symbols).into_iter();
    let coverage: Coverage = pairs
        .map(|pair| {
            (
                pair.pair.clone(),
                pair.bars.time().iter().copied().collect(),
            )
        })
        .collect();
    Availability::of(&job.dates, &job.symbols, calendar, &coverage)
}

fn priced(
    job: &SimulationJob,
    candles: Vec<JobDataset>,
    there: &Availability,
    unreached: &BTreeSet<Symbol>,
    mut warnings: Vec<String>,
) -> Priced {
    let skips = there.reasons(job.completeness, unreached);
    let for_prices = skips
        .iter()
        .filter(|(_, reason)| **reason == SkipReason::IncompletePriceData);
    warnings.extend(incomplete(for_prices.map(|(date, _)| *date)));
    Priced {
        candles,
        skips,
        warnings,
    }
}
