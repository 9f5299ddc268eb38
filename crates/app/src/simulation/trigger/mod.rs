//! What the first simulator's route is asked for, as a simulation.
//!
//! Its rules: at most so many days, all of them days of the calendar (those
//! without prices are skipped), filled at the open, in one book. Each model
//! goes on after the last day it completed where no first day is given.

mod config;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::simulation::{
    AgentStyle, Download, Execution, RequestModel, SimDate, SimulationAccount, SimulationJob,
    SimulationRequest, Style,
};
use fondaco_domain::{ErrorKind, Hint, Symbol, UnixMicros};
use jiff::ToSpan;
use jiff::civil::Date;
use thiserror::Error;

pub use config::{AgentConfig, ConfigError, SeedConfig, SeedModel};

use super::submit::{Known, SubmitError, offer, settle, turn};
use crate::ports::Failure;
use crate::ports::days::{DayQuery, DayStore};
use crate::ports::runs::{RunStoreError, Submitted};
use crate::runs::{Overrides, Runs, RunsError};

/// The book of the route's jobs.
pub const BOOK: &str = "simulate";

/// The model that trades in place of all others where nothing is to be paid.
pub const MOCK: &str = "fondaco/mock-trader";

/// The usual instruments: the NASDAQ-100 of autumn 2025.
pub fn nasdaq100() -> Vec<Symbol> {
    let names = include_str!("nasdaq100.txt").split_whitespace();
    names.filter_map(|name| name.parse().ok()).collect()
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The first day; none to go on.
    pub start: Option<Date>,
    /// The last day.
    pub end: Date,
    /// Signatures; none for those that are enabled.
    pub models: Vec<String>,
    /// Whether completed days are done again.
    pub replace_existing: bool,
}

/// What holds for everybody who asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// The configuration.
    pub config: SeedConfig,
    /// What may be traded.
    pub symbols: Vec<Symbol>,
    /// Days of a job at most.
    pub max_days: u32,
    /// From where prices that are missing are downloaded.
    pub download: Option<String>,
    /// Whether the mock model trades in place of all others.
    pub is_dev: bool,
}

impl Rules {
    /// Those of a configuration: 30 days, and what may be traded by name, else
    /// what it names, else the usual list.
    pub fn of(config: SeedConfig, named: &[String]) -> Result<Self, ConfigError> {
        let names = if named.is_empty() {
            &config.symbols
        } else {
            named
        };
        let read = |name: &String| {
            let symbol = name.parse();
            symbol.map_err(|_| ConfigError::Symbol(name.clone()))
        };
        let symbols: Vec<Symbol> = names.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self {
            symbols: if symbols.is_empty() {
                nasdaq100()
            } else {
                symbols
            },
            config,
            max_days: 30,
            download: None,
            is_dev: false,
        })
    }
}

/// Why a job was not accepted, in the words of the first simulator.
#[derive(Debug, Error)]
pub enum TriggerError {
    /// Nobody trades.
    #[error(
        "No enabled models found in config. Either enable models in config or specify them in \
         request."
    )]
    NoModels,
    /// A model that the configuration does not have.
    #[error("Model {0} not found in config")]
    UnknownModel(String),
    /// A model that is named twice.
    #[error("Model {0} is named twice")]
    TwiceModel(String),
    /// A range that ends before it begins.
    #[error("start_date ({start}) must be <= end_date ({end})")]
    Reversed {
        /// Its first day.
        start: Date,
        /// Its last.
        end: Date,
    },
    /// Too many days.
    #[error(
        "Date range too large: {days} days (max: {max}). Reduce range or increase \
         MAX_SIMULATION_DAYS."
    )]
    TooLong {
        /// So many.
        days: u32,
        /// That may be.
        max: u32,
    },
    /// Something that has not happened.
    #[error("end_date ({0}) cannot be in the future")]
    Future(Date),
    /// One job at a time.
    #[error(
        "Another simulation job is already running or pending. Please wait for it to complete."
    )]
    Busy,
    /// Nothing is left to do.
    #[error(
        "All requested simulations are already completed. Skipped {} model-day pair(s). \
         Details: [{}]", .0.len(), quoted(.0)
    )]
    AllDone(Vec<(String, SimDate)>),
    /// Days cannot be read.
    #[error("cannot read the days of book `{BOOK}`")]
    Days(#[source] Failure),
    /// The simulation was refused.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

fn quoted(pairs: &[(String, SimDate)]) -> String {
    let told = pairs.iter();
    let told = told.map(|(model, date)| format!("'Skipped {model}/{date} - already completed'"));
    told.collect::<Vec<_>>().join(", ")
}

impl Hint for TriggerError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Days(error) => error.kind(),
            Self::Submit(error) => error.kind(),
            _ => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Days(error) => error.hint(),
            Self::Submit(error) => error.hint(),
            _ => None,
        }
    }
}

/// A trigger with its range.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// What is asked of the simulation.
    pub request: SimulationRequest,
    /// The first day of each model, by signature.
    pub from: BTreeMap<String, Date>,
    /// Whether models go on after their last day.
    pub resumes: bool,
}

/// What a trigger asks for, today.
pub fn wanted(
    trigger: &Trigger,
    rules: &Rules,
    days: &dyn DayStore,
    today: Date,
) -> Result<Wanted, TriggerError> {
    let models = models(trigger, &rules.config)?;
    let mut from = BTreeMap::new();
    for model in &models {
        let first = match trigger.start {
            Some(start) => start,
            None => next_day(days, &model.signature)?.unwrap_or(trigger.end),
        };
        from.insert(model.signature.clone(), first);
    }
    let start = from.values().min().copied().unwrap_or(trigger.end);
    let dates = range(start, trigger.end, rules.max_days, today)?;
    let agent = &rules.config.agent_config;
    let one = |model: &&SeedModel| RequestModel {
        name: Some(model.signature.clone()),
        model: if rules.is_dev {
            MOCK.to_owned()
        } else {
            model.model()
        },
        ..RequestModel::default()
    };
    let request = SimulationRequest {
        dates: Some(dates),
        symbols: rules.symbols.clone(),
        models: models.iter().map(one).collect(),
        style: Style::Agent(AgentStyle {
            max_steps: agent.max_steps,
            ..AgentStyle::default()
        }),
        account: SimulationAccount {
            initial_cash: agent.initial_cash,
            ..SimulationAccount::default()
        },
        // The price the agent saw.
        execution: Execution::Open,
        book: Some(BOOK.to_owned()),
        replace_existing: trigger.replace_existing,
        download: rules.download.as_ref().map(|source| Download {
            source: source.clone(),
        }),
        ..SimulationRequest::default()
    };
    Ok(Wanted {
        request,
        from,
        resumes: trigger.start.is_none(),
    })
}

/// The job of it, with nothing left open; an error where nothing is left to do.
pub fn job(
    wanted: &Wanted,
    known: Known<'_>,
    accepted: UnixMicros,
) -> Result<SimulationJob, TriggerError> {
    let known = Known {
        // Days without candles are skipped, and said to be.
        lenient: true,
        ..known
    };
    let mut job = settle(&wanted.request, known, accepted)?;
    for model in &mut job.models {
        let from = wanted.from.get(&model.name).copied();
        model.from = from.and_then(|from| {
            let mut dates = job.dates.iter().copied();
            dates.find(|date| date.day() >= from)
        });
        if let Some(from) = model.from {
            model.completed.retain(|date| *date >= from);
        }
    }
    // A model whose last day is the last one asked for has nothing to do.
    job.models.retain(|model| {
        let from = wanted.from.get(&model.name);
        from.is_none_or(|from| job.dates.iter().any(|date| date.day() >= *from))
    });
    refuse_all_done(&job)?;
    Ok(job)
}

/// Accepts it. Of two who ask at once, wherever they do, one is told that the
/// other's job is under way.
pub fn accept(runs: &Runs<'_>, job: &SimulationJob) -> Result<Submitted, TriggerError> {
    let offered =
        turn(runs, BOOK).and_then(|turn| offer(runs, job, Some(turn), &Overrides::default()));
    match offered {
        Ok(submitted) if submitted.fresh => Ok(submitted),
        Ok(_) | Err(SubmitError::Busy { .. }) => Err(TriggerError::Busy),
        Err(SubmitError::Runs(RunsError::Store(RunStoreError::KeyConflict { .. }))) => {
            Err(TriggerError::Busy)
        }
        Err(error) => Err(error.into()),
    }
}

fn models<'a>(
    trigger: &Trigger,
    config: &'a SeedConfig,
) -> Result<Vec<&'a SeedModel>, TriggerError> {
    let mut found: Vec<&SeedModel> = Vec::new();
    for wanted in &trigger.models {
        let model = config
            .models
            .iter()
            .find(|model| model.signature == *wanted);
        let model = model.ok_or_else(|| TriggerError::UnknownModel(wanted.clone()))?;
        if found.contains(&model) {
            return Err(TriggerError::TwiceModel(wanted.clone()));
        }
        found.push(model);
    }
    if trigger.models.is_empty() {
        found = config.enabled().collect();
    }
    if found.is_empty() {
        return Err(TriggerError::NoModels);
    }
    Ok(found)
}

/// The day after the last one that a model completed.
fn next_day(days: &dyn DayStore, model: &str) -> Result<Option<Date>, TriggerError> {
    let query = DayQuery {
        book: Some(BOOK.to_owned()),
        model: Some(model.to_owned()),
        fresh_only: true,
        newest_first: true,
        limit: Some(1),
        ..DayQuery::default()
    };
    let last = days.dates(&query).map_err(TriggerError::Days)?;
    Ok(last
        .first()
        .map(|(_, date)| date.day().saturating_add(1.day())))
}

/// All days of a range, weekends and holidays, too.
fn range(start: Date, end: Date, max: u32, today: Date) -> Result<Vec<SimDate>, TriggerError> {
    if start > end {
        return Err(TriggerError::Reversed { start, end });
    }
    let days = (end - start).get_days().unsigned_abs() + 1;
    if days > max {
        return Err(TriggerError::TooLong { days, max });
    }
    if end > today {
        return Err(TriggerError::Future(end));
    }
    let dates = start.series(1.day()).take_while(|date| *date <= end);
    Ok(dates.map(SimDate::from).collect())
}

/// A job of which every model-day that has prices is completed is none.
fn refuse_all_done(job: &SimulationJob) -> Result<(), TriggerError> {
    let incomplete = job.data.as_ref().map(|data| data.incomplete.as_slice());
    let incomplete = incomplete.unwrap_or_default();
    let mut done = Vec::new();
    for model in &job.models {
        for date in &job.dates {
            if model.from.is_some_and(|from| *date < from) || incomplete.binary_search(date).is_ok()
            {
                continue;
            }
            if model.completed.binary_search(date).is_err() {
                return Ok(());
            }
            done.push((model.name.clone(), *date));
        }
    }
    if done.is_empty() {
        // Nothing has prices: a job that says so.
        return Ok(());
    }
    Err(TriggerError::AllDone(done))
}
