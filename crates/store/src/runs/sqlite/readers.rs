//! Connections that read, so that one reader does not wait for another.

use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use fondaco_app::ports::runs::RunStoreError;
use rusqlite::{Connection, Transaction};

use super::schema::{self, Synchronous};
use super::statement::storage;

/// Connections at most; more readers than that wait.
const MOST: usize = 4;

#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    pool: Mutex<Pool>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Pool {
    idle: Vec<Connection>,
    open: usize,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            pool: Mutex::default(),
            freed: Condvar::new(),
        }
    }

    /// Reads in one snapshot: what is committed meanwhile is not seen.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, RunStoreError>,
    ) -> Result<T, RunStoreError> {
        let mut reader = self.take()?;
        let answer = reader.snapshot().and_then(|snapshot| work(&snapshot));
        drop(reader);
        answer
    }

    fn take(&self) -> Result<Reader<'_>, RunStoreError> {
        let mut pool = self.lock();
        loop {
            if let Some(connection) = pool.idle.pop() {
                return Ok(self.reader(connection));
            }
            if pool.open < MOST {
                // Opened under the lock: it happens a few times only.
                let connection = schema::connect(&self.path, Synchronous::Normal)?;
                connection
                    .pragma_update(None, "query_only", true)
                    .map_err(storage("open"))?;
                pool.open += 1;
                return Ok(self.reader(connection));
            }
            pool = self
                .freed
                .wait(pool)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn reader(&self, connection: Connection) -> Reader<'_> {
        Reader {
            readers: self,
            connection: Some(connection),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that goes back to the pool, also when reading panics.
struct Reader<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
}

impl Reader<'_> {
    fn snapshot(&mut self) -> Result<Transaction<'_>, RunStoreError> {
        let connection = self.connection.as_mut().ok_or(RunStoreError::Stopped)?;
        connection.transaction().map_err(storage("read"))
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.readers.lock().idle.extend(self.connection.take());
        self.readers.freed.notify_one();
    }
}
