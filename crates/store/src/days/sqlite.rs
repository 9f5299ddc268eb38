//! The store over its file.

use std::path::Path;

use fondaco_app::ports::Failure;
use fondaco_app::ports::days::{DayQuery, DayStore, DayValue, ImportedJob, KeptDay, Taken};
use fondaco_contract::v1alpha1::simulation::SimDate;
use rusqlite::{Connection, OptionalExtension as _};

use super::{put, rows};
use crate::shared_file::{FileError, Form, SharedFile};

/// Days in a file.
#[derive(Debug)]
pub struct SqliteDays(SharedFile);

static FORM: Form = Form {
    migrations: &[include_str!("../../migrations/days/0001.sql")],
    remedy: "move it away: days of runs come back by themselves, those of other \
             programs when they are imported again",
};

impl SqliteDays {
    /// The file's name in a home.
    pub const FILE: &str = "simulations.db";

    /// Opens the file, or makes it.
    ///
    /// # Errors
    ///
    /// It cannot be made or read, is locked for too long, is no file of ours,
    /// or of a newer program.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        SharedFile::open(path, &FORM).map(Self)
    }
}

impl DayStore for SqliteDays {
    fn put(&self, days: &[KeptDay], followed: Option<u64>) -> Result<(), Failure> {
        Ok(self.0.write(|within| {
            for day in days {
                put::day(within, day)?;
            }
            followed.map_or(Ok(()), |no| put::followed(within, no))
        })?)
    }

    fn followed(&self) -> Result<u64, Failure> {
        Ok(self.0.read(|connection| {
            connection.query_row("select no from followed", [], |row| {
                row.get::<_, i64>(0).map(i64::unsigned_abs)
            })
        })?)
    }

    fn days(&self, query: &DayQuery) -> Result<Vec<KeptDay>, Failure> {
        Ok(self.found(query, rows::DAY, rows::day)?)
    }

    fn dates(&self, query: &DayQuery) -> Result<Vec<(String, SimDate)>, Failure> {
        Ok(self.found(query, rows::DATE, rows::model_date)?)
    }

    fn values(&self, query: &DayQuery) -> Result<Vec<DayValue>, Failure> {
        Ok(self.found(query, rows::VALUE, rows::value)?)
    }

    fn import(&self, jobs: &[ImportedJob], days: &[KeptDay]) -> Result<Taken, Failure> {
        Ok(self.0.write(|within| {
            let mut taken = Taken::default();
            for job in jobs {
                let is_new = put::job(within, job)?;
                *(if is_new {
                    &mut taken.jobs
                } else {
                    &mut taken.known_jobs
                }) += 1;
            }
            for day in days {
                let is_new = put::day(within, day)?;
                *(if is_new {
                    &mut taken.days
                } else {
                    &mut taken.known_days
                }) += 1;
            }
            Ok(taken)
        })?)
    }

    fn imported(&self, job: &str) -> Result<Option<ImportedJob>, Failure> {
        let read = |connection: &Connection| {
            connection
                .prepare_cached("select document from imported_job where job = ?1")?
                .query_row([job], |row| rows::json(row, 0))
                .optional()
        };
        Ok(self.0.read(read)?)
    }
}

impl SqliteDays {
    fn found<T>(
        &self,
        query: &DayQuery,
        columns: &str,
        row: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, FileError> {
        self.0.read(|connection| {
            let asked = rows::Asked::of(query);
            connection
                .prepare_cached(&asked.sql(columns))?
                .query_map(&*asked.values(), row)?
                .collect()
        })
    }
}
