//! The folder of recordings, each under the hash of its file, and the folder of
//! journals, one per run and node.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use fondaco_app::ports::model::ModelError;
use fondaco_contract::v1alpha1::analysis::NodeReport;
use fondaco_domain::{ContentHash, RunId};

use crate::recording::{Recording, failed};

/// Both folders.
#[derive(Debug)]
pub struct Library {
    recordings: PathBuf,
    journals: PathBuf,
    /// Recordings that are being replayed.
    open: Mutex<BTreeMap<String, Weak<Recording>>>,
}

impl Library {
    /// In two folders, which need not exist yet.
    pub fn new(recordings: impl Into<PathBuf>, journals: impl Into<PathBuf>) -> Self {
        Self {
            recordings: recordings.into(),
            journals: journals.into(),
            open: Mutex::default(),
        }
    }

    /// Takes a recording in, and gives its hash: the name it is replayed by.
    pub fn import(&self, path: &Path) -> Result<ContentHash, ModelError> {
        let bytes = std::fs::read(path).map_err(|source| failed("read", source))?;
        self.put(&bytes)
    }

    /// Takes the bytes of a recording in.
    pub fn put(&self, bytes: &[u8]) -> Result<ContentHash, ModelError> {
        Recording::parse(bytes)?;
        let hash = ContentHash::of(bytes);
        let place = self.place(hash.as_str());
        if !place.exists() {
            write_whole(&place, bytes).map_err(|source| failed("write", source))?;
        }
        Ok(hash)
    }

    /// The recording of a hash. [`ModelError::Recording`] where there is none,
    /// or where its file is not what its name says.
    pub fn recording(&self, hash: &str) -> Result<Arc<Recording>, ModelError> {
        let known = ContentHash::parse(hash);
        let known = known.ok_or_else(|| failed("find", NoHash(hash.to_owned())))?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(recording) = open.get(hash).and_then(Weak::upgrade) {
            return Ok(recording);
        }
        let bytes = match std::fs::read(self.place(hash)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(failed("find", Missing(hash.to_owned())));
            }
            Err(source) => return Err(failed("read", source)),
        };
        if ContentHash::of(&bytes) != known {
            return Err(failed("read", Changed(hash.to_owned())));
        }
        let recording = Arc::new(Recording::parse(&bytes)?);
        open.insert(hash.to_owned(), Arc::downgrade(&recording));
        Ok(recording)
    }

    /// The answers of a node that a process of before may have got.
    pub fn journal(&self, run: RunId, node: &str) -> Result<Recording, ModelError> {
        let name = format!("{}.jsonl", escaped(node));
        Recording::journal(&self.of_run(run).join(name))
    }

    /// Runs that have journals: those that are gone or have ended need none.
    pub fn runs(&self) -> Result<Vec<RunId>, ModelError> {
        let folders = match std::fs::read_dir(&self.journals) {
            Ok(folders) => folders,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(failed("list", source)),
        };
        let mut runs = Vec::new();
        for folder in folders {
            let folder = folder.map_err(|source| failed("list", source))?;
            // What others left there is none of ours.
            runs.extend(
                folder
                    .file_name()
                    .to_str()
                    .and_then(|name| name.parse::<RunId>().ok()),
            );
        }
        runs.sort();
        Ok(runs)
    }

    /// Removes the journals of a run that has ended: its reports have all
    /// calls.
    pub fn forget(&self, run: RunId) -> Result<(), ModelError> {
        match std::fs::remove_dir_all(self.of_run(run)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", error)),
            _ => Ok(()),
        }
    }

    fn of_run(&self, run: RunId) -> PathBuf {
        self.journals.join(run.to_string())
    }

    fn place(&self, hash: &str) -> PathBuf {
        self.recordings.join(format!("{hash}.jsonl"))
    }
}

/// A recording of all calls that were answered in the nodes of a run.
pub fn recording_of<'a>(
    reports: impl IntoIterator<Item = &'a NodeReport>,
) -> Result<Recording, ModelError> {
    let recording = Recording::default();
    for report in reports {
        for call in &report.calls {
            let Some(completion) = &call.completion else {
                continue;
            };
            let request = serde_json::from_value(call.request.clone());
            let request = request.map_err(|source| failed("make", source))?;
            let completion = serde_json::from_value(completion.clone());
            let completion = completion.map_err(|source| failed("make", source))?;
            recording.add(&report.node, call.ordinal, &request, &completion)?;
        }
    }
    Ok(recording)
}

/// A name of a file for any node.
fn escaped(node: &str) -> String {
    let mut name = String::new();
    for byte in node.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            name.push(char::from(byte));
        } else {
            let _ = write!(name, "%{byte:02X}");
        }
    }
    name
}

/// Beside its place first, so that it is there whole or not at all.
fn write_whole(place: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let beside = place.with_extension(format!("{}.part", std::process::id()));
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, place)?;
    std::fs::File::open(folder)?.sync_all()
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not the SHA-256 of a recording")]
struct NoHash(String);

#[derive(Debug, thiserror::Error)]
#[error("there is no recording {0}")]
struct Missing(String);

#[derive(Debug, thiserror::Error)]
#[error("the file of recording {0} has been changed")]
struct Changed(String);
