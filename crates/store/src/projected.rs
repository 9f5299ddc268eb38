//! Runs as files: a folder each below `runs/`, every file replaced whole.
//!
//! Beside the files of a run lies `.store`, which says of which store they
//! tell: several stores may share a home, and one never removes what another
//! says. How far all of it tells is in `runs/.told`, by the same name.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fondaco_app::ports::Failure;
use fondaco_app::ports::run_files::RunFiles;
use fondaco_domain::{ErrorKind, Hint, RunId};
use thiserror::Error;

/// The folder of one home, for one store.
#[derive(Debug, Clone)]
pub struct ProjectedRuns {
    root: PathBuf,
    store: String,
}

/// A file that could not be had.
#[derive(Debug, Error)]
pub enum ProjectedError {
    /// Not read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Not written, or not removed.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Hint for ProjectedError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Storage
    }

    fn hint(&self) -> Option<String> {
        Some("check the free space and permissions of the home".to_owned())
    }
}

/// Says of which store the files of a folder tell.
const MARK: &str = ".store";
/// How far the files tell, by store.
const TOLD: &str = ".told";

impl ProjectedRuns {
    /// Below a data folder, of the store of this name: its place, without a
    /// password.
    pub fn below(home: &Path, store: impl Into<String>) -> Self {
        Self {
            root: home.join("runs"),
            store: store.into(),
        }
    }

    /// The folder of a run.
    pub fn folder(&self, run: RunId) -> PathBuf {
        self.root.join(run.to_string())
    }

    fn is_ours(&self, folder: &Path) -> bool {
        fs::read(folder.join(MARK)).is_ok_and(|mark| mark == self.store.as_bytes())
    }

    fn positions(&self) -> Result<BTreeMap<String, u64>, ProjectedError> {
        let path = self.root.join(TOLD);
        match fs::read(&path) {
            // One that cannot be read says nothing: all is told again.
            Ok(text) => Ok(serde_json::from_slice(&text).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(source) => Err(ProjectedError::Read { path, source }),
        }
    }
}

impl RunFiles for ProjectedRuns {
    fn put(&self, run: RunId, path: &str, bytes: &[u8]) -> Result<bool, Failure> {
        let folder = self.folder(run);
        if !self.is_ours(&folder) {
            replace(&folder.join(MARK), self.store.as_bytes()).map_err(Failure::new)?;
        }
        let path = folder.join(path);
        if fs::read(&path).is_ok_and(|there| there == bytes) {
            return Ok(false);
        }
        replace(&path, bytes).map_err(Failure::new)?;
        Ok(true)
    }

    fn tidy(&self, run: RunId) -> Result<(), Failure> {
        let folder = self.folder(run);
        for folder in ["", "state", "team_dashboard", "logs"].map(|name| folder.join(name)) {
            tidy_folder(&folder).map_err(Failure::new)?;
        }
        Ok(())
    }

    fn remove(&self, run: RunId) -> Result<(), Failure> {
        let folder = self.folder(run);
        if !self.is_ours(&folder) {
            return Ok(());
        }
        // Out of sight first: what is removed in the middle is no run.
        let gone = self.root.join(format!(".gone-{run}"));
        match fs::rename(&folder, &gone).and_then(|()| fs::remove_dir_all(&gone)) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(Failure::new(ProjectedError::Write {
                path: folder,
                source,
            })),
        }
    }

    fn list(&self, after: Option<RunId>, limit: usize) -> Result<Vec<RunId>, Failure> {
        let failed = |source| {
            Failure::new(ProjectedError::Read {
                path: self.root.clone(),
                source,
            })
        };
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut runs = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            let name = name.to_string_lossy();
            if let Some(half) = name.strip_prefix(".gone-") {
                // Somebody was ended while it removed this.
                let _ = fs::remove_dir_all(self.root.join(format!(".gone-{half}")));
            }
            if let Ok(run) = name.parse::<RunId>()
                && after.is_none_or(|after| after < run)
            {
                runs.push(run);
            }
        }
        runs.sort_unstable();
        runs.retain(|run| self.is_ours(&self.folder(*run)));
        runs.truncate(limit);
        Ok(runs)
    }

    fn position(&self) -> Result<u64, Failure> {
        let positions = self.positions().map_err(Failure::new)?;
        Ok(positions.get(&self.store).copied().unwrap_or(0))
    }

    fn set_position(&self, position: u64) -> Result<(), Failure> {
        let mut positions = self.positions().map_err(Failure::new)?;
        positions.insert(self.store.clone(), position);
        let text = serde_json::to_vec(&positions).unwrap_or_default();
        replace(&self.root.join(TOLD), &text).map_err(Failure::new)
    }
}

/// What begins a name beside which the file itself will be.
const BESIDE: &str = ".new-";

/// Another process may be writing here at this moment: it writes again.
fn tidy_folder(folder: &Path) -> Result<(), ProjectedError> {
    let failed = |source| ProjectedError::Read {
        path: folder.to_owned(),
        source,
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_string_lossy().starts_with(BESIDE) {
            // Whoever wrote it may have moved it meanwhile.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// Replaces a file, again where somebody tidied what was written.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), ProjectedError> {
    match replace_once(path, bytes) {
        Err(ProjectedError::Write { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            replace_once(path, bytes)
        }
        replaced => replaced,
    }
}

/// Writes beside the place, makes sure of it, and moves it there.
fn replace_once(path: &Path, bytes: &[u8]) -> Result<(), ProjectedError> {
    let failed = |source| ProjectedError::Write {
        path: path.to_owned(),
        source,
    };
    let folder = path.parent().unwrap_or(path);
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let beside = folder.join(format!("{BESIDE}{}-{name}", std::process::id()));
    let written = File::create(&beside)
        .or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                fs::create_dir_all(folder)?;
                File::create(&beside)
            }
            _ => Err(error),
        })
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_data()
        })
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // Nothing is left of what did not come to be.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(failed)
}
