//! The store over its file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use fondaco_app::ports::Failure;
use fondaco_app::ports::research::{
    CompanyAction, Filing, Held, Horizon, NewsQuery, ResearchIndex, ResearchStore, Shelf, Story,
    Taken,
};
use fondaco_domain::Symbol;
use jiff::civil::Date;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::error::ResearchError;
use super::{action, filing, schema, story};

/// Connections that are kept for later.
const SPARE: usize = 8;

/// News, filings and corporate actions in a file.
#[derive(Debug)]
pub struct SqliteResearch {
    path: PathBuf,
    /// Those nobody uses at the moment.
    spare: Mutex<Vec<Connection>>,
}

impl SqliteResearch {
    /// The file's name in a home.
    pub const FILE: &str = "research.db";

    /// Opens the file, or makes it.
    ///
    /// # Errors
    ///
    /// It cannot be made or read, is locked for too long, is no file of ours,
    /// or of a newer program.
    pub fn open(path: &Path) -> Result<Self, ResearchError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|source| ResearchError::Folder {
                path: folder.to_owned(),
                source,
            })?;
        }
        let mut connection = schema::connect(path)?;
        schema::migrate(&mut connection, path)?;
        Ok(Self {
            path: path.to_owned(),
            spare: Mutex::new(vec![connection]),
        })
    }

    /// Reads in one transaction: a state of the store, whoever adds meanwhile.
    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ResearchError> {
        let reading = ResearchError::of(&self.path, "read");
        self.with(|connection| {
            let transaction = connection.transaction().map_err(reading)?;
            work(&transaction).map_err(reading)
        })
    }

    /// Adds in one transaction, with a place of its own where something is
    /// new.
    fn add(
        &self,
        kind: &str,
        work: impl FnOnce(&Transaction<'_>, i64) -> rusqlite::Result<(u64, u64)>,
    ) -> Result<Taken, ResearchError> {
        let writing = ResearchError::of(&self.path, "write");
        self.with(|connection| {
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(writing)?;
            // What is added names its import, which says how much that was and
            // so comes after it.
            transaction
                .pragma_update(None, "defer_foreign_keys", true)
                .map_err(writing)?;
            let before = place(&transaction).map_err(writing)?;
            let (added, known) = work(&transaction, before + 1).map_err(writing)?;
            let new = i64::from(added > 0);
            if added > 0 {
                transaction
                    .execute(
                        "insert into import(place, kind, added) values(?1, ?2, ?3)",
                        params![before + 1, kind, added.cast_signed()],
                    )
                    .map_err(writing)?;
            }
            transaction.commit().map_err(writing)?;
            Ok(Taken {
                added,
                known,
                place: (before + new).unsigned_abs(),
            })
        })
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, ResearchError>,
    ) -> Result<T, ResearchError> {
        let spare = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = spare().pop();
        let mut connection = match kept {
            Some(connection) => connection,
            None => schema::connect(&self.path)?,
        };
        let done = work(&mut connection)?;
        let mut spare = spare();
        if spare.len() < SPARE {
            spare.push(connection);
        }
        Ok(done)
    }
}

fn place(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("select coalesce(max(place), 0) from import", [], |row| {
        row.get(0)
    })
}

impl ResearchStore for SqliteResearch {
    fn place(&self) -> Result<u64, Failure> {
        Ok(self.read(place)?.unsigned_abs())
    }

    fn add_stories(&self, stories: &[Story]) -> Result<Taken, Failure> {
        Ok(self.add("stories", |within, place| {
            story::add(within, stories, place)
        })?)
    }

    fn stories(&self, query: &NewsQuery) -> Result<Vec<Story>, Failure> {
        Ok(self.read(|connection| story::find(connection, query))?)
    }

    fn story(&self, id: &str, horizon: Horizon) -> Result<Option<Story>, Failure> {
        Ok(self.read(|connection| story::one(connection, id, horizon))?)
    }

    fn story_days(
        &self,
        symbol: &Symbol,
        from: Date,
        to: Date,
        horizon: Horizon,
    ) -> Result<BTreeMap<Date, u64>, Failure> {
        Ok(self.read(|connection| story::days(connection, symbol, (from, to), horizon))?)
    }

    fn add_filings(&self, filings: &[Filing]) -> Result<Taken, Failure> {
        filings.iter().try_for_each(filing::check)?;
        Ok(self.add("filings", |within, place| {
            filing::add(within, filings, place)
        })?)
    }

    fn filings(
        &self,
        symbol: &Symbol,
        horizon: Horizon,
        limit: usize,
    ) -> Result<Vec<Filing>, Failure> {
        Ok(self.read(|connection| filing::find(connection, symbol, horizon, limit))?)
    }

    fn add_actions(&self, actions: &[CompanyAction]) -> Result<Taken, Failure> {
        actions.iter().try_for_each(action::check)?;
        Ok(self.add("actions", |within, place| {
            action::add(within, actions, place)
        })?)
    }

    fn actions(&self, symbol: &Symbol, horizon: Horizon) -> Result<Vec<CompanyAction>, Failure> {
        Ok(self.read(|connection| action::find(connection, symbol, horizon))?)
    }
}

impl ResearchIndex for SqliteResearch {
    fn held(&self, shelf: Shelf, horizon: Horizon) -> Result<Vec<Held>, Failure> {
        Ok(self.read(|connection| match shelf {
            Shelf::Stories => story::held(connection, horizon),
            Shelf::Filings => filing::held(connection, horizon),
            Shelf::Actions => action::held(connection, horizon),
        })?)
    }
}
