//! The database of the first simulator: its jobs, days and prices.
//!
//! Two schemas are known: days in `trading_days`, and the older one, where a
//! day is all `positions` of a session. What a row does not say, or says in a
//! way that cannot be, is counted and named, and nothing is made up for it.

mod day;
mod jobs;
mod newer;
mod notes;
mod older;
mod prices;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use fondaco_domain::{Bar, ErrorKind, Hint, Symbol};
use thiserror::Error;

pub use notes::{Dirt, Note, Notes};

use crate::ports::Failure;
use crate::ports::days::{DayStore, ImportedJob, KeptDay, Taken};
use crate::ports::foreign::ForeignDatabase;

/// Why nothing was imported.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The database cannot be read.
    #[error("cannot read the database")]
    Read(#[source] Failure),
    /// It is not that of a simulator.
    #[error("the database has no `jobs` and no days: it is not that of a simulator")]
    NotOne,
    /// The days cannot be kept.
    #[error("cannot keep the days")]
    Keep(#[source] Failure),
}

impl Hint for ImportError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Read(error) | Self::Keep(error) => error.kind(),
            Self::NotOne => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Read(error) | Self::Keep(error) => error.hint(),
            Self::NotOne => Some(
                "it has tables `jobs`, `job_details`, and `trading_days` or `positions`".to_owned(),
            ),
        }
    }
}

/// What a database holds, understood.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// Its jobs, in their order.
    pub jobs: Vec<ImportedJob>,
    /// Its completed days, by date.
    pub days: Vec<KeptDay>,
    /// Its daily candles, in the order of time.
    pub prices: BTreeMap<Symbol, Vec<Bar>>,
    /// What was not understood, or not taken.
    pub notes: Notes,
}

/// Reads all of a database; its days belong to a book then.
pub fn read(database: &dyn ForeignDatabase, book: &str) -> Result<Found, ImportError> {
    let tables = database.tables().map_err(ImportError::Read)?;
    let days = ["trading_days", "positions"];
    let has_days = days.iter().any(|name| tables.contains(*name));
    if !tables.contains("jobs") || !has_days {
        return Err(ImportError::NotOne);
    }
    let source = Source { database, tables };
    let mut found = Found::default();
    found.jobs = jobs::read(&source, &mut found.notes)?;
    found.prices = prices::read(&source, &mut found.notes)?;
    let known = Known::of(&found);
    let mut raw = newer::read(&source, &known, &mut found.notes)?;
    raw.extend(older::read(&source, &known, &mut found.notes)?);
    let mut days: Vec<KeptDay> = Vec::new();
    for one in raw {
        let name = one.name();
        match day::of(one, book, &found.prices) {
            Ok(day) => days.push(day),
            Err(dirt) => found.notes.add(dirt, name),
        }
    }
    // In the order of the days: a later one goes on from an earlier one.
    days.sort_by(|one, other| {
        (one.day.date, one.completed_at).cmp(&(other.day.date, other.completed_at))
    });
    found.days = days;
    Ok(found)
}

/// Keeps jobs and days: all or nothing.
pub fn keep(found: &Found, days: &dyn DayStore) -> Result<Taken, ImportError> {
    days.import(&found.jobs, &found.days)
        .map_err(ImportError::Keep)
}

/// A database and its tables.
struct Source<'a> {
    database: &'a dyn ForeignDatabase,
    tables: BTreeSet<String>,
}

impl Source<'_> {
    /// Rows of a table; none of one that is not there.
    fn rows(&self, table: &str) -> Result<Vec<rows::Fields>, ImportError> {
        if !self.tables.contains(table) {
            return Ok(Vec::new());
        }
        let rows = self.database.rows(table).map_err(ImportError::Read)?;
        Ok(rows.into_iter().map(rows::Fields).collect())
    }
}

/// What is known of jobs when days are read.
struct Known {
    jobs: BTreeSet<String>,
    /// Whether a model-day ended well, by job, model and date.
    ended: BTreeMap<(String, String, String), bool>,
}

impl Known {
    fn of(found: &Found) -> Self {
        use crate::ports::days::ImportedStatus;
        let mut ended = BTreeMap::new();
        for job in &found.jobs {
            for detail in &job.details {
                let name = (job.id.clone(), detail.model.clone(), detail.date.clone());
                ended.insert(name, detail.status == ImportedStatus::Completed);
            }
        }
        Self {
            jobs: found.jobs.iter().map(|job| job.id.clone()).collect(),
            ended,
        }
    }

    fn ended(&self, job: &str, model: &str, date: &str) -> Option<bool> {
        let name = (job.to_owned(), model.to_owned(), date.to_owned());
        self.ended.get(&name).copied()
    }
}
