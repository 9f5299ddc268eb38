//! A database file of another program, read from a copy.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fondaco_app::ports::Failure;
use fondaco_app::ports::foreign::{ForeignDatabase, ForeignRow};
use fondaco_domain::{ErrorKind, Hint};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use serde_json::{Number, Value};
use thiserror::Error;

/// Why a database of another program cannot be read.
#[derive(Debug, Error)]
pub enum SeedError {
    /// No such file.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// It is no database.
    #[error("{} is no SQLite database", .0.display())]
    NotOne(PathBuf),
    /// It is one, and broken.
    #[error("{} is damaged: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Somebody writes it all the time.
    #[error("{} changes while it is read", .0.display())]
    Busy(PathBuf),
    /// It cannot be read, or not be copied.
    #[error("cannot copy {}", path.display())]
    Copy {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// It cannot be asked.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rusqlite::Error,
    },
}

impl Hint for SeedError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing(_) => ErrorKind::NotFound,
            Self::NotOne(_) => ErrorKind::Invalid,
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Busy(_) => ErrorKind::Unavailable,
            Self::Copy { .. } | Self::Read { .. } => ErrorKind::Storage,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Missing(_) => "the simulator keeps it as `data/jobs.db`",
            Self::NotOne(_) => "name the database of the simulator, such as `data/jobs.db`",
            Self::Damaged { .. } => "try `sqlite3 FILE .recover`, and import what it gives",
            Self::Busy(_) => "stop the program that uses it",
            Self::Copy { .. } => "check permissions and free space",
            Self::Read { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

/// A database as it was when it was opened. The file itself is not touched:
/// looking at a log of writes beside it would write one.
#[derive(Debug)]
pub struct SeedDatabase {
    path: PathBuf,
    connection: Option<Connection>,
    copy: PathBuf,
}

/// What a file of `SQLite` begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Tries to get a copy that nobody writes to meanwhile.
const TRIES: usize = 3;

impl SeedDatabase {
    /// Copies a file and the log of writes beside it into a folder, and opens
    /// the copy.
    ///
    /// # Errors
    ///
    /// It is not there, no database, damaged, or written to all the time.
    pub fn open(path: &Path, scratch: &Path) -> Result<Self, SeedError> {
        if !path.is_file() {
            return Err(SeedError::Missing(path.to_owned()));
        }
        check_magic(path)?;
        let copying = |source| SeedError::Copy {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(scratch).map_err(copying)?;
        let copy = scratch.join(format!("import-{}.db", std::process::id()));
        let mut database = Self {
            path: path.to_owned(),
            connection: None,
            copy,
        };
        database.take(copying)?;
        let opened = Connection::open(&database.copy).and_then(|connection| {
            let check = "pragma quick_check(1)";
            let found: String = connection.query_row(check, [], |row| row.get(0))?;
            Ok((connection, found))
        });
        let (connection, found) = opened.map_err(|error| SeedError::Damaged {
            path: path.to_owned(),
            problem: error.to_string(),
        })?;
        if found != "ok" {
            return Err(SeedError::Damaged {
                path: path.to_owned(),
                problem: found,
            });
        }
        database.connection = Some(connection);
        Ok(database)
    }

    fn take(&self, copying: impl Fn(std::io::Error) -> SeedError) -> Result<(), SeedError> {
        let log = beside(&self.path, "-wal");
        for _ in 0..TRIES {
            let before = (look(&self.path), look(&log));
            fs::copy(&self.path, &self.copy).map_err(&copying)?;
            let copied = beside(&self.copy, "-wal");
            match fs::copy(&log, &copied) {
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    let _absent = fs::remove_file(&copied);
                }
                Err(error) => return Err(copying(error)),
            }
            if before == (look(&self.path), look(&log)) {
                return Ok(());
            }
        }
        Err(SeedError::Busy(self.path.clone()))
    }

    fn ask<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, SeedError> {
        let reading = |source| SeedError::Read {
            path: self.path.clone(),
            source,
        };
        match &self.connection {
            Some(connection) => work(connection).map_err(reading),
            None => Err(SeedError::Busy(self.path.clone())),
        }
    }
}

impl Drop for SeedDatabase {
    fn drop(&mut self) {
        drop(self.connection.take());
        for end in ["", "-wal", "-shm"] {
            let _absent = fs::remove_file(beside(&self.copy, end));
        }
    }
}

fn check_magic(path: &Path) -> Result<(), SeedError> {
    let mut head = [0; 16];
    let read = fs::File::open(path).and_then(|mut file| file.read(&mut head));
    let read = read.map_err(|source| SeedError::Copy {
        path: path.to_owned(),
        source,
    })?;
    // An empty file is a database without tables to the library.
    if read < MAGIC.len() || head != MAGIC {
        return Err(SeedError::NotOne(path.to_owned()));
    }
    Ok(())
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn look(path: &Path) -> Option<(u64, Option<SystemTime>)> {
    let found = fs::metadata(path).ok()?;
    Some((found.len(), found.modified().ok()))
}

impl ForeignDatabase for SeedDatabase {
    fn tables(&self) -> Result<BTreeSet<String>, Failure> {
        let sql = "select lower(name) from sqlite_schema where type = 'table'";
        let found = self.ask(|connection| {
            let mut statement = connection.prepare(sql)?;
            let names = statement.query_map([], |row| row.get(0))?;
            names.collect()
        });
        found.map_err(Failure::new)
    }

    fn rows(&self, table: &str) -> Result<Vec<ForeignRow>, Failure> {
        let sql = format!("select * from \"{}\"", table.replace('"', "\"\""));
        let found = self.ask(|connection| {
            let mut statement = connection.prepare(&sql)?;
            let names = statement.column_names();
            let names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
            let rows = statement.query_map([], |row| of(row, &names))?;
            rows.collect()
        });
        found.map_err(Failure::new)
    }
}

fn of(row: &Row<'_>, names: &[String]) -> rusqlite::Result<ForeignRow> {
    let mut fields = ForeignRow::new();
    for (at, name) in names.iter().enumerate() {
        let value = match row.get_ref(at)? {
            ValueRef::Null | ValueRef::Blob(_) => Value::Null,
            ValueRef::Integer(number) => number.into(),
            ValueRef::Real(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
        };
        fields.insert(name.clone(), value);
    }
    Ok(fields)
}
