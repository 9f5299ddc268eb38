//! A simulation that is asked for: what is left to the moment is written into
//! its job, and the job is accepted as a durable run.

use std::collections::BTreeSet;

use fondaco_contract::v1alpha1::JobDataset;
use fondaco_contract::v1alpha1::simulation::{
    Completeness, SimDate, SimulationData, SimulationJob, SimulationKind, SimulationModel,
    SimulationRequest,
};
use fondaco_domain::run::RunKind;
use fondaco_domain::strategy::suggest;
use fondaco_domain::{ErrorKind, Hint, RunId, Symbol, Timeframe, UnixMicros, UnixMillis};
use jiff::civil::Date;
use thiserror::Error;

use super::job::{self, JobError};
use super::market::{Market, MarketError, calendar};
use super::past::{self, Past};
use super::{plan, prompts};
use crate::analysis::submit::day_of;
use crate::backtests::pin;
use crate::data::{DatasetId, Version};
use crate::ports::Failure;
use crate::ports::days::DayStore;
use crate::ports::model::{ModelError, Models};
use crate::ports::runs::{IdempotencyKey, RunQuery, RunStoreError, Submitted};
use crate::runs::{Overrides, Runs, RunsError, Spec};
use crate::tools::candles::Candles;

/// What is known now, of all that a wish may leave open.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Every data set of candles, and its newest version.
    pub listed: &'a [(DatasetId, Version)],
    /// The candles themselves.
    pub candles: &'a dyn Candles,
    /// Days of the books.
    pub days: &'a dyn DayStore,
    /// Which models there are; none where that is not looked at.
    pub models: Option<&'a dyn Models>,
    /// The place of the newest import of news, filings and corporate actions.
    pub research: u64,
    /// Whether symbols that have no candles may be asked for: their days are
    /// skipped.
    pub lenient: bool,
}

/// Why a simulation was not accepted.
#[derive(Debug, Error)]
pub enum SubmitError {
    /// The job makes no sense.
    #[error(transparent)]
    Job(#[from] JobError),
    /// Candles cannot be had.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// Days of books cannot be had.
    #[error("cannot read the days of book `{book}`")]
    Days {
        /// Which.
        book: String,
        /// Why not.
        #[source]
        source: Failure,
    },
    /// Neither dates nor a range.
    #[error("the simulation has no `{0}`")]
    NoRange(&'static str),
    /// A range that ends before it begins.
    #[error("the range ends on {end}, before it begins on {start}")]
    Reversed {
        /// Its first day.
        start: Date,
        /// Its last.
        end: Date,
    },
    /// Something that has not happened.
    #[error("{date} is in the future: today is {today}")]
    Future {
        /// The day.
        date: Date,
        /// Today, in UTC.
        today: Date,
    },
    /// No step in the range.
    #[error("nothing is traded from {start} to {end}")]
    NoSteps {
        /// Its first day.
        start: Date,
        /// Its last.
        end: Date,
        /// The first trading day after it, where it is known.
        next: Option<Date>,
    },
    /// Symbols without candles.
    #[error("there are no {timeframe} candles of {}", .symbols.join(", "))]
    NoCandles {
        /// Of what length.
        timeframe: Timeframe,
        /// Of what.
        symbols: Vec<String>,
        /// What may be meant, and is there.
        meant: Option<String>,
    },
    /// No candles at all.
    #[error("there are no {0} candles")]
    Empty(Timeframe),
    /// Somebody adds to the book already.
    #[error("run {run} adds to the book `{book}` and has not ended")]
    Busy {
        /// Which book.
        book: String,
        /// Who.
        run: RunId,
    },
    /// A model that cannot be asked.
    #[error("model `{name}` cannot trade")]
    Model {
        /// Its name in the run.
        name: String,
        /// Why not.
        #[source]
        source: ModelError,
    },
    /// The run was refused.
    #[error(transparent)]
    Runs(#[from] RunsError),
}

impl Hint for SubmitError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Job(error) => error.kind(),
            Self::Market(error) => error.kind(),
            Self::Days { source, .. } => source.kind(),
            Self::Runs(error) => error.kind(),
            Self::Busy { .. } => ErrorKind::Conflict,
            Self::NoCandles { .. } | Self::Empty(_) => ErrorKind::NoData,
            Self::Model { .. }
            | Self::NoRange(_)
            | Self::Reversed { .. }
            | Self::Future { .. }
            | Self::NoSteps { .. } => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Job(error) => error.hint(),
            Self::Market(error) => error.hint(),
            Self::Days { source, .. } => source.hint(),
            Self::Runs(error) => error.hint(),
            Self::Model { source, .. } => source.hint(),
            Self::Busy { run, .. } => Some(format!(
                "wait for it, or end it with `fondaco run cancel {run}`"
            )),
            Self::NoRange(_) => Some(
                "give `start` and `end`, such as 2025-03-03, or `dates`; with a `book`, `start` \
                 may be left out"
                    .to_owned(),
            ),
            Self::Reversed { .. } => Some("exchange `start` and `end`".to_owned()),
            Self::Future { .. } => Some("end it today or earlier".to_owned()),
            Self::NoSteps { next, .. } => {
                next.map(|next| format!("the next trading day is {next}"))
            }
            Self::NoCandles { meant, .. } => Some(match meant {
                Some(meant) => format!("is `{meant}` meant? `fondaco data list` has all there are"),
                None => "`fondaco data import` brings candles in".to_owned(),
            }),
            Self::Empty(_) => Some("`fondaco data import` brings candles in".to_owned()),
        }
    }
}

impl From<RunStoreError> for SubmitError {
    fn from(error: RunStoreError) -> Self {
        Self::Runs(error.into())
    }
}

/// Accepts a simulation: committed when this returns.
///
/// The same key with the same wish again is the run of before, whatever has
/// been imported or traded since; with another wish it is
/// [`RunStoreError::KeyConflict`].
pub fn submit(
    runs: &Runs<'_>,
    request: &SimulationRequest,
    known: Known<'_>,
    key: Option<IdempotencyKey>,
    with: &Overrides,
) -> Result<Submitted, SubmitError> {
    let turn = match &request.book {
        Some(book) => Some(turn(runs, book)?),
        None => None,
    };
    let job = settle(request, known, runs.machine.wall())?;
    offer(runs, &job, key.or(turn), with)
}

/// What two who ask for the next run of a book at once have in common: only
/// one of them gets it. While a run of the book is under way nobody does, for
/// it would go on from what is not there yet.
pub fn turn(runs: &Runs<'_>, book: &str) -> Result<IdempotencyKey, SubmitError> {
    let query = RunQuery {
        kind: Some(RunKind::Simulation),
        ..RunQuery::default()
    };
    let of_book = Some(plan::concurrency_key(book));
    let all = runs.store.runs(&query)?;
    let mut own = all.iter().filter(|run| run.new.concurrency_key == of_book);
    if let Some(open) = own.clone().find(|run| !run.state.is_terminal()) {
        return Err(SubmitError::Busy {
            book: book.to_owned(),
            run: open.id,
        });
    }
    let last = own
        .next()
        .map_or("none".to_owned(), |run| run.id.to_string());
    Ok(IdempotencyKey {
        scope: plan::concurrency_key(book),
        key: format!("after {last}"),
    })
}

/// Accepts a job that leaves nothing open.
pub fn offer(
    runs: &Runs<'_>,
    job: &SimulationJob,
    key: Option<IdempotencyKey>,
    with: &Overrides,
) -> Result<Submitted, SubmitError> {
    match runs.submit(&spec(job)?, key, with) {
        Err(RunsError::Store(RunStoreError::KeyConflict { key, existing })) => {
            if is_same(runs, job, existing, with)? {
                let (id, fresh) = (existing, false);
                return Ok(Submitted { id, fresh });
            }
            Err(RunStoreError::KeyConflict { key, existing }.into())
        }
        answer => Ok(answer?),
    }
}

/// The job of a wish, with nothing left open.
pub fn settle(
    request: &SimulationRequest,
    known: Known<'_>,
    accepted: UnixMicros,
) -> Result<SimulationJob, SubmitError> {
    let timeframe = request.timeframe.unwrap_or(Timeframe::DAY);
    let candles = candles(request, timeframe, known.listed);
    let symbols = symbols(request, timeframe, &candles, known)?;
    let market = Market::open(known.candles, &candles, timeframe)?;
    let today = day_of(accepted);
    let past = Past {
        days: known.days,
        book: request.book.as_deref(),
    };
    let mut models = models(request);
    check_models(&models, known.models)?;
    let dates = dates(request, &market, &mut models, &past, today)?;
    let incomplete = dates.iter().copied();
    let incomplete: Vec<SimDate> = incomplete
        .filter(|date| !is_complete(&market, &symbols, *date, request.completeness))
        .collect();
    past::fill(
        &past,
        &mut models,
        &dates,
        &incomplete,
        request.replace_existing,
    )?;
    let job = SimulationJob {
        kind: SimulationKind::Simulation,
        version: fondaco_contract::v1alpha1::JobVersion,
        dates,
        models,
        symbols,
        style: request.style.clone(),
        account: request.account.clone(),
        execution: request.execution,
        completeness: request.completeness,
        book: request.book.clone(),
        replace_existing: request.replace_existing,
        benchmark: request.benchmark.clone(),
        budget_nano: request.budget.map(|dollars| (dollars * 1e9).round() as i64),
        replay: request.replay.clone(),
        prompts: Some(prompts::hash().to_string()),
        download: request.download.clone(),
        data: Some(SimulationData {
            candles,
            timeframe,
            research: known.research,
            accepted_ms: accepted.0.div_euclid(1_000),
            // What is not there yet may be after the download.
            incomplete: if request.download.is_some() {
                Vec::new()
            } else {
                incomplete
            },
        }),
    };
    job::check(&job)?;
    Ok(job)
}

fn spec(job: &SimulationJob) -> Result<Spec, SubmitError> {
    Ok(Spec::parse(job::canonical(job)?.text()).map_err(RunsError::from)?)
}

/// Whether a job asks for an earlier run, but for what the moment filled in.
fn is_same(
    runs: &Runs<'_>,
    job: &SimulationJob,
    existing: RunId,
    with: &Overrides,
) -> Result<bool, SubmitError> {
    let run = runs.store.run(existing)?;
    let Ok(then) = job::parse(&runs.store.spec(&run.new.spec)?) else {
        return Ok(false);
    };
    let mut now = job.clone();
    now.data.clone_from(&then.data);
    now.prompts.clone_from(&then.prompts);
    if now.book.is_some() {
        now.dates.clone_from(&then.dates);
        for (model, then) in now.models.iter_mut().zip(&then.models) {
            model.from = then.from;
            model.completed.clone_from(&then.completed);
            model.bases.clone_from(&then.bases);
        }
    }
    Ok(runs.would_be(&spec(&now)?, with)? == run.new)
}

/// The candles that may be read.
fn candles(
    request: &SimulationRequest,
    timeframe: Timeframe,
    listed: &[(DatasetId, Version)],
) -> Vec<JobDataset> {
    let asked: BTreeSet<&Symbol> = request.symbols.iter().chain(&request.benchmark).collect();
    pin::furthest(listed, |id| {
        let of_venue = request
            .venue
            .as_ref()
            .is_none_or(|venue| id.venue.as_str() == venue);
        let of_symbol = request.symbols.is_empty() || asked.contains(&id.symbol);
        of_venue && of_symbol && id.timeframe == timeframe
    })
}

/// What may be traded: what is asked for, or all there is.
fn symbols(
    request: &SimulationRequest,
    timeframe: Timeframe,
    candles: &[JobDataset],
    known: Known<'_>,
) -> Result<Vec<Symbol>, SubmitError> {
    let there: BTreeSet<&Symbol> = candles.iter().map(|dataset| &dataset.symbol).collect();
    if request.symbols.is_empty() {
        if there.is_empty() {
            return Err(SubmitError::Empty(timeframe));
        }
        return Ok(there.into_iter().cloned().collect());
    }
    let missing: Vec<String> = request
        .symbols
        .iter()
        .filter(|symbol| !there.contains(symbol))
        .map(ToString::to_string)
        .collect();
    if missing.is_empty() || known.lenient || request.download.is_some() {
        return Ok(request.symbols.clone());
    }
    let all = known
        .listed
        .iter()
        .filter(|(id, _)| id.timeframe == timeframe);
    let all: Vec<String> = all.map(|(id, _)| id.symbol.to_string()).collect();
    let meant = suggest(&missing[0], all.iter().map(String::as_str));
    Err(SubmitError::NoCandles {
        timeframe,
        meant: meant.map(str::to_owned),
        symbols: missing,
    })
}

/// Those who trade, each as often as it is asked to.
fn models(request: &SimulationRequest) -> Vec<SimulationModel> {
    let one = |asked: &fondaco_contract::v1alpha1::simulation::RequestModel, name: String| {
        SimulationModel {
            name,
            model: asked.model.clone(),
            temperature_milli: asked.temperature_milli,
            seed: asked.seed,
            training_cutoff: asked.training_cutoff,
            from: None,
            completed: Vec::new(),
            bases: Vec::new(),
        }
    };
    let several = |asked| -> Vec<SimulationModel> {
        let asked: &fondaco_contract::v1alpha1::simulation::RequestModel = asked;
        let usual = asked.model.rsplit('/').next().unwrap_or(&asked.model);
        let name = asked.name.as_deref().unwrap_or(usual);
        match asked.repeats.unwrap_or(1) {
            0 | 1 => vec![one(asked, name.to_owned())],
            many => (1..=many)
                .map(|no| one(asked, format!("{name}#{no}")))
                .collect(),
        }
    };
    request.models.iter().flat_map(several).collect()
}

/// A name that is wrong would fail day after day, where nobody waits for the
/// answer any more.
fn check_models(models: &[SimulationModel], known: Option<&dyn Models>) -> Result<(), SubmitError> {
    for model in known.iter().flat_map(|_| models) {
        let can = known.map(|known| known.capabilities(&model.model));
        if let Some(Err(source)) = can {
            return Err(SubmitError::Model {
                name: model.name.clone(),
                source,
            });
        }
    }
    Ok(())
}

/// The steps of the run, and the first one of each model where it goes on.
fn dates(
    request: &SimulationRequest,
    market: &Market,
    models: &mut [SimulationModel],
    past: &Past<'_>,
    today: Date,
) -> Result<Vec<SimDate>, SubmitError> {
    if let Some(dates) = &request.dates {
        let future = dates.iter().find(|date| date.day() > today);
        return future.map_or_else(
            || Ok(dates.clone()),
            |date| {
                Err(SubmitError::Future {
                    date: date.day(),
                    today,
                })
            },
        );
    }
    let end = request.end.ok_or(SubmitError::NoRange("end"))?;
    if end > today {
        return Err(SubmitError::Future { date: end, today });
    }
    let start = match request.start {
        Some(start) => start,
        None if request.book.is_none() => return Err(SubmitError::NoRange("start")),
        None => past::resume(past, models, end)?,
    };
    if start > end {
        return Err(SubmitError::Reversed { start, end });
    }
    let dates = steps(request, market, start, end);
    if dates.is_empty() {
        let next = calendar(request.account.market)
            .and_then(|calendar| {
                calendar
                    .sessions(end, end.saturating_add(jiff::Span::new().days(14)))
                    .next()
            })
            .map(|session| session.date);
        return Err(SubmitError::NoSteps { start, end, next });
    }
    for model in models {
        // A step of its own: the first of the run that is not before it.
        model.from = model
            .from
            .and_then(|from| dates.iter().copied().find(|date| *date >= from));
    }
    Ok(dates)
}

/// The trading days of the market's calendar; of hours, and of a market without
/// a calendar, the steps there are candles of.
fn steps(request: &SimulationRequest, market: &Market, start: Date, end: Date) -> Vec<SimDate> {
    let daily = request
        .timeframe
        .is_none_or(|timeframe| timeframe >= Timeframe::DAY);
    let calendar = calendar(request.account.market)
        .filter(|calendar| daily && calendar.covers(start) && calendar.covers(end));
    if let Some(calendar) = calendar {
        let sessions = calendar.sessions(start, end);
        return sessions
            .map(|session| SimDate::from(session.date))
            .collect();
    }
    let end = UnixMillis::midnight(end).plus(Timeframe::DAY.millis());
    market.steps(UnixMillis::midnight(start), end)
}

/// Whether a step has the prices it needs.
fn is_complete(
    market: &Market,
    symbols: &[Symbol],
    date: SimDate,
    completeness: Completeness,
) -> bool {
    let mut there = symbols
        .iter()
        .map(|symbol| market.bar(symbol, date).is_some());
    match completeness {
        Completeness::AllSymbols => there.all(|it| it),
        Completeness::HeldAndRequested => there.any(|it| it),
    }
}
