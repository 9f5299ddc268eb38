//! A backtest that is asked for by the name of its strategy: prepared, pinned
//! and accepted as a durable run.

use fondaco_contract::v1alpha1::{BacktestConfig, BacktestJob, JobCandles, JobOrigin};
use fondaco_domain::run::{NewRun, RunKind};
use fondaco_domain::{
    Canonical, CanonicalError, ContentHash, ErrorKind, Hint, RunId, Symbol, Timeframe, UnixMillis,
};
use serde_json::{Value, json};
use thiserror::Error;

use super::config::{self, ConfigError};
use super::job::{self, JobError};
use super::pin::{self, Datasets, Versions};
use super::{BacktestsError, Spec, plan};
use crate::data::freshness::{FreshnessRules, judge};
use crate::data::{CandleKind, DatasetId, Listed, VenueError, Version};
use crate::ports::records::RecordStore;
use crate::ports::runs::{Asked, IdempotencyKey, RunStoreError, Submission, Submitted};
use crate::runs::{Overrides, Runs};
use crate::strategies::{Beside, RegistryError, StrategyFile, StrategyRef, find};

/// A wish for a backtest.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    /// Which strategy.
    pub strategy: Chosen,
    /// What it is a part of; otherwise what the strategy version says.
    pub experiment: Option<String>,
    /// Settings over those that the strategy version begins with.
    pub overrides: Value,
    /// Settings over all others.
    pub config: Value,
    /// Refused where the candles of an instrument do not reach to the present.
    pub fresh: bool,
    /// How it waits and for whom.
    pub with: Overrides,
}

/// A strategy, by name or as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// A registered version.
    Registered(StrategyRef),
    /// The text of a strategy file.
    Text(String),
}

/// What a wish comes to before its candles are pinned.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// The text of the strategy.
    pub text: String,
    /// Its version in the registry, where it is from there.
    pub version: Option<u32>,
    /// What it is a part of.
    pub experiment: Option<String>,
    /// The settings, all layers in one: a [`BacktestConfig`].
    pub config: Value,
}

/// Why a backtest was not accepted.
#[derive(Debug, Error)]
pub enum SubmitError {
    /// The strategy was not found.
    #[error(transparent)]
    Strategy(#[from] RegistryError),
    /// The settings cannot be.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What they come to cannot be.
    #[error(transparent)]
    Job(#[from] JobError),
    /// It cannot be run.
    #[error(transparent)]
    Backtest(#[from] BacktestsError),
    /// The venue cannot be one.
    #[error(transparent)]
    Venue(#[from] VenueError),
    /// There is nothing to walk.
    #[error("there are no {timeframe} candles of {symbol}")]
    NoCandles {
        /// The instrument.
        symbol: Symbol,
        /// The candle length.
        timeframe: Timeframe,
    },
    /// Which candles are meant is not clear.
    #[error("there are {timeframe} candles of {symbol} from several venues: {venues}")]
    SeveralVenues {
        /// The instrument.
        symbol: Symbol,
        /// The candle length.
        timeframe: Timeframe,
        /// The venues.
        venues: String,
    },
    /// Fresh candles were asked for.
    #[error("the {timeframe} candles of {symbol} do not reach to the present")]
    Stale {
        /// The instrument.
        symbol: Symbol,
        /// The candle length.
        timeframe: Timeframe,
    },
    /// The request has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] RunStoreError),
}

impl Hint for SubmitError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Strategy(error) => error.kind(),
            Self::Config(error) => error.kind(),
            Self::Job(error) => error.kind(),
            Self::Backtest(error) => error.kind(),
            Self::Venue(_) | Self::SeveralVenues { .. } => ErrorKind::Invalid,
            Self::NoCandles { .. } | Self::Stale { .. } => ErrorKind::NoData,
            Self::Canonical(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Strategy(error) => error.hint(),
            Self::Config(error) => error.hint(),
            Self::Job(error) => error.hint(),
            Self::Backtest(error) => error.hint(),
            Self::Venue(_) => None,
            Self::NoCandles { .. } => {
                Some("see `fondaco data list`, or import candles first".to_owned())
            }
            Self::Stale { .. } => Some("import newer ones, or ask without `fresh`".to_owned()),
            Self::SeveralVenues { .. } => Some("choose one with `venue`".to_owned()),
            Self::Canonical(error) => error.hint(),
            Self::Store(error) => error.hint(),
        }
    }
}

/// The candles there are, and how their age is judged.
#[derive(Debug, Clone)]
pub struct Market {
    /// Every data set.
    pub listed: Vec<(DatasetId, Version)>,
    /// When they are fresh.
    pub freshness: FreshnessRules,
}

/// Accepts a backtest: committed when this returns. What it may read of the
/// candles there are is written into its spec, which no other run has.
///
/// The same key with the same wish again is the run of before, whatever has
/// been imported or registered since; with another wish it is
/// [`RunStoreError::KeyConflict`].
pub fn submit(
    runs: &Runs<'_>,
    wish: &Wish,
    market: Market,
    key: Option<IdempotencyKey>,
) -> Result<Submitted, SubmitError> {
    let id = runs.machine.run_id();
    let prepared = prepare(runs.store, wish)?;
    let origin = JobOrigin {
        run_id: id.to_string(),
        strategy_version: prepared.version,
        experiment: prepared.experiment.clone(),
        request: request(wish)?.to_string(),
    };
    let (mut job, spec) = job_of(prepared)?;
    pin_to(&mut job, &spec, market, wish.fresh.then(|| now(runs)))?;
    job.origin = Some(origin);
    accept(runs, id, &job, &spec, wish, key)
}

/// Finds the strategy and lays the settings over each other.
pub fn prepare(store: &dyn RecordStore, wish: &Wish) -> Result<Prepared, SubmitError> {
    let (text, version, beside) = match &wish.strategy {
        Chosen::Registered(wanted) => {
            let found = find(store, wanted)?;
            let content = found.content;
            (content.text, Some(found.version), content.beside)
        }
        Chosen::Text(text) => {
            let file = StrategyFile::read("strategy.toml", text.clone()).map_err(JobError::from)?;
            file.compile(&fondaco_engine::expr::ParamValues::defaults(&file.strategy))
                .map_err(JobError::from)?;
            (file.text, None, Beside::default())
        }
    };
    let defaults = Value::Object(beside.config);
    let config = config::merge([
        ("defaults", &defaults),
        ("overrides", &wish.overrides),
        ("config", &wish.config),
    ])?;
    Ok(Prepared {
        text,
        version,
        experiment: wish.experiment.clone().or(beside.experiment),
        config,
    })
}

/// The job of prepared settings, and what it means; nothing is pinned yet.
pub fn job_of(prepared: Prepared) -> Result<(BacktestJob, Spec), SubmitError> {
    let config: BacktestConfig = config::read("config", &prepared.config)?;
    let job = config::job(config, prepared.text)?;
    let spec = job::spec(&job, 0)?;
    spec.strategy
        .require_rules()
        .map_err(BacktestsError::from)?;
    spec.settings.check().map_err(BacktestsError::from)?;
    Ok((job, spec))
}

/// What makes two wishes the same one.
fn request(wish: &Wish) -> Result<ContentHash, CanonicalError> {
    let (strategy, text) = match &wish.strategy {
        Chosen::Registered(wanted) => (Some(wanted.to_string()), None),
        Chosen::Text(text) => (None, Some(text)),
    };
    let with = &wish.with;
    let request = json!({
        "strategy": strategy,
        "text": text,
        "experiment": wish.experiment,
        "overrides": wish.overrides,
        "config": wish.config,
        "fresh": wish.fresh,
        "queue": with.queue,
        "priority": with.priority,
        "tenant": with.tenant,
        "concurrency_key": with.concurrency_key,
        "deadline": with.deadline,
        "parent": with.parent,
    });
    Ok(Canonical::of(&request)?.hash().clone())
}

/// Pins a job to the candles there are, which must reach to `fresh_at` where
/// that is given.
fn pin_to(
    job: &mut BacktestJob,
    spec: &Spec,
    market: Market,
    fresh_at: Option<UnixMillis>,
) -> Result<(), SubmitError> {
    let venue = match &job.candles {
        JobCandles::Store { venue, .. } => venue.clone(),
        JobCandles::Freqtrade(_) | JobCandles::Signals {} => None,
    };
    let Market { listed, freshness } = market;
    let stale: Vec<DatasetId> = match fresh_at {
        Some(now) => stale(&listed, &freshness, now),
        None => Vec::new(),
    };
    let datasets = pin::newest(listed, venue.as_deref(), &Versions::new())?;
    pin::pin(job, spec, &datasets)?;
    require_candles(job, spec, &datasets)?;
    let timeframe = spec.strategy.timeframe;
    let is_read = |id: &&DatasetId| {
        id.timeframe == timeframe && datasets.contains_key(id) && job.pairs.contains(&id.symbol)
    };
    match stale.iter().find(is_read) {
        Some(id) => Err(SubmitError::Stale {
            symbol: id.symbol.clone(),
            timeframe,
        }),
        None => Ok(()),
    }
}

fn stale(
    listed: &[(DatasetId, Version)],
    rules: &FreshnessRules,
    now: UnixMillis,
) -> Vec<DatasetId> {
    let listed = listed.iter().map(|(dataset, version)| Listed {
        dataset: dataset.clone(),
        version: version.clone(),
    });
    let judged = listed.map(|listed| judge(listed, rules, now));
    let stale = judged.filter(|judged| !judged.is_fresh());
    stale.map(|judged| judged.listed.dataset).collect()
}

fn now(runs: &Runs<'_>) -> UnixMillis {
    UnixMillis(runs.machine.wall().0 / 1_000)
}

/// A backtest without candles would only fail later, where nobody waits for
/// the answer any more.
fn require_candles(job: &BacktestJob, spec: &Spec, from: &Datasets) -> Result<(), SubmitError> {
    let timeframe = spec.strategy.timeframe;
    if job.pairs.is_empty() {
        return Err(BacktestsError::NoPairs { timeframe }.into());
    }
    for symbol in &job.pairs {
        let is_meant = |id: &&DatasetId| {
            id.symbol == *symbol && id.timeframe == timeframe && id.kind == CandleKind::Trades
        };
        let venues: Vec<_> = from
            .keys()
            .filter(is_meant)
            .map(|id| id.venue.as_str())
            .collect();
        let symbol = symbol.clone();
        match venues.len() {
            0 => return Err(SubmitError::NoCandles { symbol, timeframe }),
            1 => {}
            _ => {
                return Err(SubmitError::SeveralVenues {
                    symbol,
                    timeframe,
                    venues: venues.join(", "),
                });
            }
        }
    }
    Ok(())
}

fn accept(
    runs: &Runs<'_>,
    id: RunId,
    job: &BacktestJob,
    spec: &Spec,
    wish: &Wish,
    key: Option<IdempotencyKey>,
) -> Result<Submitted, SubmitError> {
    let canonical = job::canonical(job)?;
    let mut new = NewRun::new(RunKind::Backtest, canonical.hash().clone());
    new.strategy = Some(spec.strategy.name.clone());
    let submission = Submission {
        id,
        new: wish.with.over(new),
        spec: canonical.text().to_owned(),
        tasks: vec![plan::task()],
        last: true,
        key,
    };
    let by = Asked {
        actor: runs.actor.to_owned(),
        at: runs.machine.wall(),
    };
    match runs.store.submit(submission, by) {
        Err(RunStoreError::KeyConflict { key, existing }) => {
            // Every run has a spec of its own: the same request is known by
            // what its job says of it.
            let known = origin_of(runs, existing)?.map(|known| known.request);
            if known.is_some() && known == job.origin.as_ref().map(|it| it.request.clone()) {
                let (id, fresh) = (existing, false);
                return Ok(Submitted { id, fresh });
            }
            Err(RunStoreError::KeyConflict { key, existing }.into())
        }
        answer => Ok(answer?),
    }
}

fn origin_of(runs: &Runs<'_>, run: RunId) -> Result<Option<JobOrigin>, RunStoreError> {
    let run = runs.store.run(run)?;
    Ok(super::shown::origin(&runs.store.spec(&run.new.spec)?))
}
