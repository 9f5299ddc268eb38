//! Errors of a store as they cross the wire: the same list, with the causes
//! as text.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use fondaco_app::ports::records::RecordKind;
use fondaco_app::ports::runs::{IdempotencyKey, RunStoreError};
use fondaco_domain::halt::HaltRejection;
use fondaco_domain::run::{Rejection, RunState};
use fondaco_domain::{ContentHash, RunId};
use serde::{Deserialize, Serialize};

/// [`RunStoreError`], variant by variant, and what only a server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// [`RunStoreError::NoRun`].
    NoRun(RunId),
    /// [`RunStoreError::IdTaken`].
    IdTaken(RunId),
    /// [`RunStoreError::KeyConflict`].
    KeyConflict {
        /// The key.
        key: IdempotencyKey,
        /// The run of before.
        existing: RunId,
    },
    /// [`RunStoreError::SpecMismatch`].
    SpecMismatch(ContentHash),
    /// [`RunStoreError::NoBody`].
    NoBody(ContentHash),
    /// [`RunStoreError::NoSchedule`].
    NoSchedule(String),
    /// [`RunStoreError::ScheduleTaken`].
    ScheduleTaken(String),
    /// [`RunStoreError::RecordChanged`].
    RecordChanged {
        /// What it is about.
        kind: RecordKind,
        /// Its name.
        name: String,
        /// The version there is.
        found: u32,
    },
    /// [`RunStoreError::ServiceChanged`].
    ServiceChanged {
        /// Its name.
        name: String,
        /// The generation there is.
        found: u64,
    },
    /// [`RunStoreError::NotEnded`].
    NotEnded {
        /// The run.
        run: RunId,
        /// Where it stands.
        state: RunState,
    },
    /// [`RunStoreError::Rejected`].
    Rejected(Rejection),
    /// [`RunStoreError::HaltRejected`].
    HaltRejected(HaltRejection),
    /// [`RunStoreError::Storage`].
    Storage {
        /// What was tried.
        action: String,
        /// Why not, and why that.
        source: String,
    },
    /// [`RunStoreError::Unreachable`].
    Unreachable {
        /// Where.
        place: String,
        /// Why not, and why that.
        source: String,
    },
    /// [`RunStoreError::Damaged`].
    Damaged(String),
    /// [`RunStoreError::Stopped`].
    Stopped,
    /// [`RunStoreError::Locked`].
    Locked(PathBuf),
    /// [`RunStoreError::Owned`].
    Owned(PathBuf),
    /// [`RunStoreError::Newer`].
    Newer {
        /// The file, or the address.
        place: String,
        /// Its version.
        found: i64,
        /// The newest known.
        known: i64,
    },
    /// [`RunStoreError::Address`].
    Address(String),
    /// [`RunStoreError::UnsafeLibrary`].
    UnsafeLibrary(String),
}

/// A cause that was an error in another process.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Told(String);

impl From<&RunStoreError> for Fault {
    fn from(error: &RunStoreError) -> Self {
        use RunStoreError as E;
        match error {
            E::NoRun(id) => Self::NoRun(*id),
            E::IdTaken(id) => Self::IdTaken(*id),
            E::KeyConflict { key, existing } => Self::KeyConflict {
                key: key.clone(),
                existing: *existing,
            },
            E::SpecMismatch(hash) => Self::SpecMismatch(hash.clone()),
            E::NoBody(hash) => Self::NoBody(hash.clone()),
            E::NoSchedule(name) => Self::NoSchedule(name.clone()),
            E::ScheduleTaken(name) => Self::ScheduleTaken(name.clone()),
            E::RecordChanged { kind, name, found } => Self::RecordChanged {
                kind: *kind,
                name: name.clone(),
                found: *found,
            },
            E::ServiceChanged { name, found } => Self::ServiceChanged {
                name: name.clone(),
                found: *found,
            },
            E::NotEnded { run, state } => Self::NotEnded {
                run: *run,
                state: *state,
            },
            E::Rejected(rejection) => Self::Rejected(rejection.clone()),
            E::HaltRejected(rejection) => Self::HaltRejected(rejection.clone()),
            E::Storage { action, source } => Self::Storage {
                action: (*action).to_owned(),
                source: with_causes(source.as_ref()),
            },
            E::Unreachable { place, source } => Self::Unreachable {
                place: place.clone(),
                source: with_causes(source.as_ref()),
            },
            E::Damaged(what) => Self::Damaged(what.clone()),
            E::Stopped => Self::Stopped,
            E::Locked(path) => Self::Locked(path.clone()),
            E::Owned(path) => Self::Owned(path.clone()),
            E::Newer {
                place,
                found,
                known,
            } => Self::Newer {
                place: place.clone(),
                found: *found,
                known: *known,
            },
            E::Address(address) => Self::Address(address.clone()),
            E::UnsafeLibrary(version) => Self::UnsafeLibrary(version.clone()),
        }
    }
}

impl From<Fault> for RunStoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NoRun(id) => Self::NoRun(id),
            Fault::IdTaken(id) => Self::IdTaken(id),
            Fault::KeyConflict { key, existing } => Self::KeyConflict { key, existing },
            Fault::SpecMismatch(hash) => Self::SpecMismatch(hash),
            Fault::NoBody(hash) => Self::NoBody(hash),
            Fault::NoSchedule(name) => Self::NoSchedule(name),
            Fault::ScheduleTaken(name) => Self::ScheduleTaken(name),
            Fault::RecordChanged { kind, name, found } => Self::RecordChanged { kind, name, found },
            Fault::ServiceChanged { name, found } => Self::ServiceChanged { name, found },
            Fault::NotEnded { run, state } => Self::NotEnded { run, state },
            Fault::Rejected(rejection) => Self::Rejected(rejection),
            Fault::HaltRejected(rejection) => Self::HaltRejected(rejection),
            Fault::Storage { action, source } => Self::Storage {
                action: known_action(&action),
                source: Told(source).into(),
            },
            Fault::Unreachable { place, source } => Self::Unreachable {
                place,
                source: Told(source).into(),
            },
            Fault::Damaged(what) => Self::Damaged(what),
            Fault::Stopped => Self::Stopped,
            Fault::Locked(path) => Self::Locked(path),
            Fault::Owned(path) => Self::Owned(path),
            Fault::Newer {
                place,
                found,
                known,
            } => Self::Newer {
                place,
                found,
                known,
            },
            Fault::Address(address) => Self::Address(address),
            Fault::UnsafeLibrary(version) => Self::UnsafeLibrary(version),
        }
    }
}

/// Its words and those of its causes, one after the other.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        words.push_str(": ");
        words.push_str(&next.to_string());
        cause = next.source();
    }
    words
}

/// The words of an action, which live as long as the program. There are few
/// of them, and an end to what another process can make this one keep.
fn known_action(words: &str) -> &'static str {
    const MOST: usize = 64;
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    match known.get(words) {
        Some(same) => same,
        None if known.len() < MOST && words.len() <= MOST => {
            let kept = Box::leak(words.to_owned().into_boxed_str());
            known.insert(kept);
            kept
        }
        None => "use",
    }
}

#[cfg(test)]
mod tests {
    use fondaco_domain::Hint;

    use super::*;

    fn every_error() -> Vec<RunStoreError> {
        let id = RunId::new(7, [1; 10]);
        let hash = ContentHash::of(b"x");
        let key = IdempotencyKey {
            scope: "desk".to_owned(),
            key: "k".to_owned(),
        };
        let existing = id;
        vec![
            RunStoreError::NoRun(id),
            RunStoreError::IdTaken(id),
            RunStoreError::KeyConflict { key, existing },
            RunStoreError::SpecMismatch(hash.clone()),
            RunStoreError::NoBody(hash),
            RunStoreError::NoSchedule("nightly".to_owned()),
            RunStoreError::ScheduleTaken("nightly".to_owned()),
            RunStoreError::RecordChanged {
                kind: RecordKind::Flag,
                name: "x".to_owned(),
                found: 3,
            },
            RunStoreError::ServiceChanged {
                name: "gateway".to_owned(),
                found: 4,
            },
            RunStoreError::NotEnded {
                run: id,
                state: RunState::Halting,
            },
            Rejection::RunIs {
                state: RunState::Completed,
            }
            .into(),
            HaltRejection::Unconfirmed.into(),
            RunStoreError::Storage {
                action: "read",
                source: Told("no space".to_owned()).into(),
            },
            RunStoreError::Unreachable {
                place: "host".to_owned(),
                source: Told("refused".to_owned()).into(),
            },
            RunStoreError::Damaged("page 7".to_owned()),
            RunStoreError::Stopped,
            RunStoreError::Locked("/a/runs.db".into()),
            RunStoreError::Owned("/a/runs.db".into()),
            RunStoreError::Newer {
                place: "/a/runs.db".to_owned(),
                found: 9,
                known: 2,
            },
            RunStoreError::Address("ftp:".to_owned()),
            RunStoreError::UnsafeLibrary("3.40.0".to_owned()),
        ]
    }

    #[test]
    fn every_error_comes_back_as_itself() {
        for error in every_error() {
            let wire = serde_json::to_string(&Fault::from(&error)).unwrap();
            let fault: Fault = serde_json::from_str(&wire).unwrap();
            let back = RunStoreError::from(fault);
            assert_eq!(format!("{error:?}"), format!("{back:?}"));
            assert_eq!(error.to_string(), back.to_string());
            assert_eq!(error.kind(), back.kind());
            assert_eq!(error.hint(), back.hint());
        }
    }

    #[test]
    fn causes_become_text() {
        let io = std::io::Error::other(Told("the disk is gone".to_owned()));
        let error = RunStoreError::Storage {
            action: "write",
            source: RunStoreError::Storage {
                action: "sync",
                source: io.into(),
            }
            .into(),
        };
        let Fault::Storage { source, .. } = Fault::from(&error) else {
            panic!("{error}");
        };
        assert_eq!(source, "cannot sync the store of runs: the disk is gone");
    }

    #[test]
    fn strange_actions_are_not_kept_for_ever() {
        assert_eq!(known_action("read"), "read");
        assert_eq!(known_action(&"x".repeat(65)), "use");
    }
}
