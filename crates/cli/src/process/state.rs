//! What is known of the processes that serve from a home: a file each, gone
//! with the process, recognised as stale where it was left behind.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use fondaco_app::roles::Role;
use fondaco_domain::{ErrorKind, Hint, UnixMicros};
use fondaco_exec::process;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The folder of these files, in the home.
pub(crate) const FOLDER: &str = "processes";

/// The name of the process of `fondaco up`.
const UP: &str = "up";

/// How far a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// It has its addresses and does not answer yet.
    Starting,
    /// It does everything it is for.
    Ready,
    /// It finishes what it has.
    Stopping,
}

impl Phase {
    /// For people.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Stopping => "stopping",
        }
    }
}

/// What is known of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// Its number.
    pub(crate) pid: u32,
    /// When it started, as the machine counts: tells it from another process
    /// of the same number.
    pub(crate) pid_start: String,
    /// Version of the program.
    pub(crate) version: String,
    /// When it began.
    pub(crate) since: UnixMicros,
    /// How far it is.
    pub(crate) phase: Phase,
    /// Its roles, and where they listen.
    pub(crate) roles: BTreeMap<String, Option<SocketAddr>>,
    /// Where the data service has a port of its own.
    pub(crate) data: Option<SocketAddr>,
    /// Where the model-day simulator has one.
    pub(crate) simulation: Option<SocketAddr>,
    /// The store of runs, without a password.
    pub(crate) store: String,
    /// Where its log is, where that is a file.
    pub(crate) log: Option<PathBuf>,
    /// Whether it is the one of `fondaco up`.
    pub(crate) up: bool,
}

impl Known {
    /// Whether it is the process that lives under its number now.
    pub(crate) fn lives(&self) -> bool {
        process::lives(self.pid, &self.pid_start)
    }

    /// Its roles, in the order of their ports.
    pub(crate) fn roles(&self) -> impl Iterator<Item = (Role, Option<SocketAddr>)> + '_ {
        Role::ALL
            .into_iter()
            .filter_map(|role| Some((role, *self.roles.get(role.as_str())?)))
    }
}

/// Why a process cannot say that it is there, or others cannot see it.
#[derive(Debug, Error)]
pub(crate) enum StateError {
    /// Somebody else is up in this home.
    #[error("fondaco is up in {} already{}", home.display(), by(*pid))]
    Taken {
        /// The home.
        home: PathBuf,
        /// Its process, where that has said so.
        pid: Option<u32>,
    },
    /// A file cannot be read or written.
    #[error("cannot {action} {}", path.display())]
    Storage {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

fn by(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(", as process {pid}"))
}

impl Hint for StateError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Taken { .. } => ErrorKind::Conflict,
            Self::Storage { .. } => ErrorKind::Storage,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Taken { .. } => {
                "see `fondaco status`, end it with `fondaco down`, or choose another --home".into()
            }
            Self::Storage { .. } => "check the folder, its permissions and the free space".into(),
        })
    }
}

/// A process that says it is there, until this is dropped.
#[derive(Debug)]
pub(crate) struct Announced {
    path: PathBuf,
    known: Known,
    /// Held as long as the process lives, whatever ends it.
    _lock: Option<File>,
}

/// The right to be the one process that is up in a home.
#[derive(Debug)]
pub(crate) struct UpLock(File);

impl UpLock {
    /// Takes it: the kernel gives it back when this process ends, however it
    /// does.
    pub(crate) fn take(home: &Path) -> Result<Self, StateError> {
        let path = folder(home)?.join(format!("{UP}.lock"));
        let failed = |source| StateError::Storage {
            action: "lock",
            path: path.clone(),
            source,
        };
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StateError::Taken {
                home: home.to_owned(),
                pid: up(home)?.filter(Known::lives).map(|known| known.pid),
            }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

impl Announced {
    /// Says that this process is there. Files that others left behind go.
    pub(crate) fn new(home: &Path, known: Known, lock: Option<UpLock>) -> Result<Self, StateError> {
        let folder = folder(home)?;
        for (path, other) in read_all(&folder)? {
            if !other.lives() {
                // Somebody else may have seen it, too.
                let _ = std::fs::remove_file(path);
            }
        }
        let name = match lock {
            Some(_) => format!("{UP}.json"),
            None => format!("serve-{}.json", known.pid),
        };
        let announced = Self {
            path: folder.join(name),
            known,
            _lock: lock.map(|lock| lock.0),
        };
        announced.write()?;
        Ok(announced)
    }

    /// What is said.
    pub(crate) fn known(&self) -> &Known {
        &self.known
    }

    /// Says how far it is.
    pub(crate) fn phase(&mut self, phase: Phase) -> Result<(), StateError> {
        self.known.phase = phase;
        self.write()
    }

    /// Whole or as before: readers come at any time.
    fn write(&self) -> Result<(), StateError> {
        let failed = |source| StateError::Storage {
            action: "write",
            path: self.path.clone(),
            source,
        };
        let beside = self.path.with_extension("json.new");
        let mut file = File::create(&beside).map_err(failed)?;
        file.write_all(crate::output::json_text(&self.known).as_bytes())
            .map_err(failed)?;
        std::fs::rename(&beside, &self.path).map_err(failed)
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        // One that stays is stale, and recognised as that.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The process of `fondaco up`, as it last said it was; it may have died since.
pub(crate) fn up(home: &Path) -> Result<Option<Known>, StateError> {
    read(&home.join(FOLDER).join(format!("{UP}.json")))
}

/// Every process that serves from this home and lives.
pub(crate) fn living(home: &Path) -> Result<Vec<Known>, StateError> {
    let all = read_all(&home.join(FOLDER))?;
    let all = all.into_iter().map(|(_, known)| known);
    Ok(all.filter(Known::lives).collect())
}

fn folder(home: &Path) -> Result<PathBuf, StateError> {
    let path = home.join(FOLDER);
    match std::fs::create_dir_all(&path) {
        Ok(()) => Ok(path),
        Err(source) => Err(StateError::Storage {
            action: "make the folder",
            path,
            source,
        }),
    }
}

fn read_all(folder: &Path) -> Result<Vec<(PathBuf, Known)>, StateError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            return Err(StateError::Storage {
                action: "look into",
                path: folder.to_owned(),
                source,
            });
        }
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        if let Some(known) = read(&path)? {
            found.push((path, known));
        }
    }
    Ok(found)
}

/// One that is gone, or that another version wrote in other words, is none.
fn read(path: &Path) -> Result<Option<Known>, StateError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StateError::Storage {
            action: "read",
            path: path.to_owned(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(pid: u32, pid_start: &str) -> Known {
        Known {
            pid,
            pid_start: pid_start.to_owned(),
            version: "0".to_owned(),
            since: UnixMicros(0),
            phase: Phase::Ready,
            roles: BTreeMap::from([("control".to_owned(), "127.0.0.1:1".parse().ok())]),
            data: None,
            simulation: None,
            store: "sqlite:x".to_owned(),
            log: None,
            up: false,
        }
    }

    fn own() -> Known {
        known(std::process::id(), &process::own_start())
    }

    #[test]
    fn a_process_is_known_until_it_ends() {
        let home = tempfile::tempdir().unwrap();
        let mut said = Announced::new(home.path(), own(), None).unwrap();
        said.phase(Phase::Stopping).unwrap();
        let seen = living(home.path()).unwrap();
        assert_eq!(seen, [said.known().clone()]);
        assert_eq!(seen[0].phase, Phase::Stopping);
        drop(said);
        assert_eq!(living(home.path()).unwrap(), []);
    }

    #[test]
    fn one_process_is_up_in_a_home() {
        let home = tempfile::tempdir().unwrap();
        let lock = UpLock::take(home.path()).unwrap();
        let said = Announced::new(home.path(), own(), Some(lock)).unwrap();
        let refused = UpLock::take(home.path()).unwrap_err();
        let pid = Some(std::process::id());
        assert!(matches!(refused, StateError::Taken { pid: by, .. } if by == pid));
        drop(said);
        UpLock::take(home.path()).unwrap();
    }

    /// Its number may belong to another process by now.
    #[test]
    fn what_a_dead_process_left_is_recognised_and_swept() {
        let home = tempfile::tempdir().unwrap();
        let folder = folder(home.path()).unwrap();
        let stale = known(std::process::id(), &format!("1{}", process::own_start()));
        for name in ["up.json", "serve-7.json"] {
            std::fs::write(folder.join(name), serde_json::to_string(&stale).unwrap()).unwrap();
        }
        assert!(!up(home.path()).unwrap().unwrap().lives());
        assert_eq!(living(home.path()).unwrap(), []);
        let lock = UpLock::take(home.path()).unwrap();
        let _said = Announced::new(home.path(), own(), Some(lock)).unwrap();
        assert!(up(home.path()).unwrap().unwrap().lives());
        assert!(!folder.join("serve-7.json").exists());
    }
}
