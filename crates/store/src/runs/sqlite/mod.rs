//! Runs in one `SQLite` file.
//!
//! Writes go through one thread that commits what is waiting together
//! ([`writer`]); reads have a connection of their own and see what was
//! committed. One process owns the file, by a lock beside it.

mod rows;
mod schema;
mod work;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fondaco_app::ports::runs::{
    Asked, Claimed, Commanded, Disagreement, Expired, OutboxRow, RunStore, RunStoreError,
    Submission, Submitted, disagreement,
};
use fondaco_domain::halt::{Halt, HaltCommand};
use fondaco_domain::run::{Command, Effect, Recorded, Run};
use fondaco_domain::task::{Fence, Lease, Task, TaskNo};
use fondaco_domain::{RunId, UnixMicros};
use rusqlite::Connection;

use self::writer::Writer;

/// How a store is opened.
#[derive(Debug, Clone, Copy)]
pub struct SqliteOptions {
    /// Commands per commit at most. 1 turns group commit off, to measure what
    /// it is worth.
    pub batch: usize,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { batch: 256 }
    }
}

/// Durable runs in an `SQLite` file.
#[derive(Debug)]
pub struct SqliteRuns {
    writer: Writer,
    reader: Mutex<Connection>,
    _lock: File,
}

impl SqliteRuns {
    /// Opens or creates the file, takes its ownership and brings its schema
    /// up to date.
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Self, RunStoreError> {
        schema::refuse_unsafe_library(rusqlite::version())?;
        let lock = own(path)?;
        let mut connection = schema::connect(path)?;
        schema::migrate(&mut connection, path)?;
        let reader = schema::connect(path)?;
        Ok(Self {
            writer: Writer::start(connection, options.batch.max(1)),
            reader: Mutex::new(reader),
            _lock: lock,
        })
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunStore for SqliteRuns {
    fn submit(&self, submission: Submission, by: Asked) -> Result<Submitted, RunStoreError> {
        self.writer
            .ask(move |connection| work::submit(connection, submission, &by))
    }

    fn command(&self, run: RunId, command: Command, by: Asked) -> Result<Commanded, RunStoreError> {
        self.writer
            .ask(move |connection| work::command(connection, run, command, &by))
    }

    fn claim(
        &self,
        queue: &str,
        lease: Lease,
        limit: usize,
        by: Asked,
    ) -> Result<Vec<Claimed>, RunStoreError> {
        let queue = queue.to_owned();
        self.writer
            .ask(move |connection| work::claim(connection, &queue, &lease, limit, &by))
    }

    fn renew(
        &self,
        run: RunId,
        task: TaskNo,
        fence: Fence,
        until: UnixMicros,
    ) -> Result<Lease, RunStoreError> {
        self.writer
            .ask(move |connection| work::renew(connection, run, task, fence, until))
    }

    fn expired(&self, now: UnixMicros) -> Result<Vec<Expired>, RunStoreError> {
        rows::expired(&self.reader(), now)
    }

    fn halt(
        &self,
        command: HaltCommand,
        by: Asked,
    ) -> Result<Vec<(RunId, Vec<Effect>)>, RunStoreError> {
        self.writer
            .ask_first(move |connection| work::halt(connection, &command, &by))
    }

    fn halts(&self) -> Result<Vec<Halt>, RunStoreError> {
        rows::halts(&self.reader())
    }

    fn run(&self, id: RunId) -> Result<Run, RunStoreError> {
        Ok(rows::run(&self.reader(), id)?.0)
    }

    fn runs(&self) -> Result<Vec<Run>, RunStoreError> {
        rows::runs(&self.reader())
    }

    fn tasks(&self, id: RunId) -> Result<Vec<Task>, RunStoreError> {
        let reader = self.reader();
        rows::run(&reader, id)?;
        rows::tasks(&reader, id)
    }

    fn events(&self, id: RunId) -> Result<Vec<Recorded>, RunStoreError> {
        let reader = self.reader();
        rows::run(&reader, id)?;
        rows::events(&reader, id)
    }

    fn outbox(&self, consumer: &str, limit: usize) -> Result<Vec<OutboxRow>, RunStoreError> {
        rows::outbox(&self.reader(), consumer, limit)
    }

    fn acknowledge(&self, consumer: &str, seq: i64) -> Result<(), RunStoreError> {
        let consumer = consumer.to_owned();
        self.writer
            .ask(move |connection| rows::acknowledge(connection, &consumer, seq))
    }

    /// In one snapshot, so that what is written meanwhile is no disagreement.
    fn check(&self) -> Result<Vec<Disagreement>, RunStoreError> {
        let mut reader = self.reader();
        let snapshot = reader.transaction().map_err(storage("read"))?;
        schema::quick_check(&snapshot)?;
        let mut found = Vec::new();
        for run in rows::runs(&snapshot)? {
            let events = rows::events(&snapshot, run.id)?;
            found.extend(disagreement(
                &run,
                &rows::tasks(&snapshot, run.id)?,
                &events,
            ));
            found.extend(rows::outbox_disagreement(&snapshot, run.id)?);
        }
        Ok(found)
    }
}

/// Locks the file beside the database; the lock goes with the process.
fn own(path: &Path) -> Result<File, RunStoreError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let beside = PathBuf::from(beside);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&beside)
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

fn storage(action: &'static str) -> impl FnOnce(rusqlite::Error) -> RunStoreError {
    move |source| RunStoreError::Storage {
        action,
        source: source.into(),
    }
}
