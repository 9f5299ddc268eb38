//! An `SQLite` file that several processes have open: each change is one short
//! transaction, and readers wait for nobody.

mod error;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

pub use error::FileError;

/// How long another process that has the file locked is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections that are kept for later.
const SPARE: usize = 8;

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Form {
    /// Each brings the schema one version further; never changed once released.
    pub(crate) migrations: &'static [&'static str],
    /// What to do about a damaged one.
    pub(crate) remedy: &'static str,
}

/// A file and its connections.
#[derive(Debug)]
pub(crate) struct SharedFile {
    path: PathBuf,
    form: &'static Form,
    /// Those nobody uses at the moment.
    spare: Mutex<Vec<Connection>>,
}

impl SharedFile {
    /// Opens the file, or makes it, and brings its schema up to date.
    pub(crate) fn open(path: &Path, form: &'static Form) -> Result<Self, FileError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|source| FileError::Folder {
                path: folder.to_owned(),
                source,
            })?;
        }
        let file = Self {
            path: path.to_owned(),
            form,
            spare: Mutex::default(),
        };
        file.with(|connection| file.migrate(connection))?;
        Ok(file)
    }

    /// Reads in one transaction: one state, whoever writes meanwhile.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, FileError> {
        self.with(|connection| {
            let transaction = connection.transaction().map_err(self.failing("read"))?;
            work(&transaction).map_err(self.failing("read"))
        })
    }

    /// Writes in one transaction.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, FileError> {
        let writing = self.failing("write");
        self.with(|connection| {
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(writing)?;
            let done = work(&transaction).map_err(writing)?;
            transaction.commit().map_err(writing)?;
            Ok(done)
        })
    }

    fn failing(&self, action: &'static str) -> impl Fn(rusqlite::Error) -> FileError + Copy {
        FileError::of(&self.path, self.form.remedy, action)
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, FileError>,
    ) -> Result<T, FileError> {
        let spare = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = spare().pop();
        let mut connection = match kept {
            Some(connection) => connection,
            None => self.connect().map_err(self.failing("open"))?,
        };
        let done = work(&mut connection)?;
        let mut spare = spare();
        if spare.len() < SPARE {
            spare.push(connection);
        }
        Ok(done)
    }

    /// A connection with the settings durability needs.
    fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        Ok(connection)
    }

    /// Brings the schema up to date in one transaction, or refuses a newer one.
    fn migrate(&self, connection: &mut Connection) -> Result<(), FileError> {
        let known = self.form.migrations.len() as i64;
        if version(connection).is_ok_and(|found| found == known) {
            return Ok(());
        }
        let migrating = self.failing("migrate");
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(migrating)?;
        transaction
            .execute_batch(
                "create table if not exists schema_version(version integer primary key) strict;",
            )
            .map_err(migrating)?;
        let found = version(&transaction).map_err(migrating)?;
        if found > known {
            return Err(FileError::Newer {
                path: self.path.clone(),
                found,
                known,
            });
        }
        let missing = self.form.migrations.iter().zip(1_i64..);
        for (sql, version) in missing.skip(found as usize) {
            transaction.execute_batch(sql).map_err(migrating)?;
            transaction
                .execute("insert into schema_version values(?1)", [version])
                .map_err(migrating)?;
        }
        transaction.commit().map_err(migrating)
    }
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row(
        "select coalesce(max(version), 0) from schema_version",
        [],
        |row| row.get(0),
    )
}
