//! Runs in one `SQLite` file.
//!
//! Writes go through one thread that commits what is waiting together
//! ([`writer`]); reads have connections of their own ([`readers`]) and see
//! what was committed. One process owns the file, by a lock beside it.

mod bodies;
mod listing;
mod place;
mod readers;
mod reads;
mod records;
mod rows;
mod schema;
mod statement;
mod store;
mod write;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fondaco_app::ports::runs::RunStoreError;

use self::bodies::Bodies;
use self::place::Place;
use self::readers::Readers;
pub use self::schema::Synchronous;
use self::writer::{Desk, Writer};
use super::notices::Broadcast;
use super::unit::Unit;

/// How a store is opened.
#[derive(Debug, Clone, Copy)]
pub struct SqliteOptions {
    /// Commands per commit at most. 1 turns group commit off, to measure what
    /// it is worth.
    pub batch: usize,
    /// When a commit counts as done.
    pub synchronous: Synchronous,
    /// How long a write waits for another process that has the file locked.
    pub patience: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            batch: 256,
            synchronous: Synchronous::Full,
            patience: schema::PATIENCE,
        }
    }
}

/// Durable runs in an `SQLite` file.
#[derive(Debug)]
pub struct SqliteRuns {
    writer: Writer,
    readers: Readers,
    bodies: Arc<Bodies>,
    news: Arc<Broadcast>,
    path: PathBuf,
    synchronous: Synchronous,
    _lock: File,
}

impl SqliteRuns {
    /// Opens or creates the file, takes its ownership and brings its schema
    /// up to date.
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Self, RunStoreError> {
        schema::refuse_unsafe_library(rusqlite::version())?;
        let lock = own(path)?;
        let mut connection = schema::connect(path, options.synchronous)?;
        schema::migrate(&mut connection, path)?;
        connection
            .busy_timeout(options.patience)
            .map_err(statement::storage("open"))?;
        let sync = options.synchronous != Synchronous::UnsafeOff;
        if sync {
            schema::keep_names(path)?;
        }
        let bodies = Arc::new(Bodies::beside(path, sync));
        let news = Arc::new(Broadcast::default());
        let writer = Writer::start(Desk {
            connection,
            bodies: Arc::clone(&bodies),
            news: Arc::clone(&news),
            path: path.to_owned(),
            batch: options.batch.max(1),
        });
        Ok(Self {
            writer,
            readers: Readers::new(path.to_owned()),
            bodies,
            news,
            path: path.to_owned(),
            synchronous: options.synchronous,
            _lock: lock,
        })
    }

    /// A unit in the next commit.
    fn transact<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Unit<Place<'_>>) -> Result<T, RunStoreError> + Send + 'static,
    ) -> Result<T, RunStoreError> {
        self.writer.ask(|place| in_unit(place, work))
    }

    /// A unit before all that waits.
    fn transact_first<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Unit<Place<'_>>) -> Result<T, RunStoreError> + Send + 'static,
    ) -> Result<T, RunStoreError> {
        self.writer.ask_first(|place| in_unit(place, work))
    }
}

fn in_unit<T>(
    place: Place<'_>,
    work: impl FnOnce(&mut Unit<Place<'_>>) -> Result<T, RunStoreError>,
) -> writer::Answer<T> {
    let mut unit = Unit::new(place);
    let answer = work(&mut unit)?;
    let (_, notices) = unit.finish()?;
    Ok((answer, notices))
}

/// Locks the file beside the database; the lock goes with the process.
fn own(path: &Path) -> Result<File, RunStoreError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(beside(path, ".lock"))
        .map_err(|source| RunStoreError::Storage {
            action: "open the lock of",
            source: source.into(),
        })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(RunStoreError::Owned(path.to_owned())),
        Err(std::fs::TryLockError::Error(source)) => Err(RunStoreError::Storage {
            action: "lock",
            source: source.into(),
        }),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
