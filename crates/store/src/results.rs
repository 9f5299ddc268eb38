//! Results as folders: `<root>/<id>/result.json` and files beside it.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use fondaco_contract::v1alpha1::{BacktestListing, BacktestResult};

use crate::error::StoreError;

/// The document that makes a folder a result.
const RESULT: &str = "result.json";
/// What lists need of it.
const LISTING: &str = "listing.json";
/// The report for people.
const REPORT: &str = "report.html";

/// The files of one result, except `result.json` and `listing.json`.
#[derive(Debug, Clone, Default)]
pub struct ResultFiles {
    files: Vec<(&'static str, Vec<u8>)>,
}

impl ResultFiles {
    /// Adds a file.
    pub fn add(&mut self, name: &'static str, bytes: impl Into<Vec<u8>>) {
        self.files.push((name, bytes.into()));
    }

    /// Adds the report.
    pub fn add_report(&mut self, html: String) {
        self.add(REPORT, html);
    }
}

/// A folder of results.
#[derive(Debug, Clone)]
pub struct Results {
    root: PathBuf,
}

impl Results {
    /// Results below a folder, which need not exist yet.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder they lie in.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Keeps a result under its id and says where. A result of the same id has
    /// the same figures and is replaced.
    pub fn keep(
        &self,
        result: &BacktestResult,
        listing: &BacktestListing,
        files: &ResultFiles,
    ) -> Result<PathBuf, StoreError> {
        let folder = self.root.join(&result.run.id);
        write_result(&folder, result, listing, files)?;
        Ok(folder)
    }

    /// All results, newest first.
    pub fn list(&self) -> Result<Vec<BacktestListing>, StoreError> {
        let mut listings = Vec::new();
        for folder in self.folders()? {
            listings.push(listing(folder.join(LISTING))?);
        }
        listings.sort_by(|a, b| {
            b.created_at_ms
                .cmp(&a.created_at_ms)
                .then_with(|| a.id.cmp(&b.id))
        });
        Ok(listings)
    }

    /// A result by its id, the start of its id, or the path of its folder.
    pub fn find(&self, name: &str) -> Result<Found, StoreError> {
        Self::open(&self.resolve(name)?)
    }

    /// The result in a folder.
    pub fn open(folder: &Path) -> Result<Found, StoreError> {
        let path = folder.join(RESULT);
        let text = read(&path)?;
        let result = BacktestResult::from_json(&text)
            .map_err(|source| StoreError::Contract { path, source })?;
        Ok(Found {
            folder: folder.to_owned(),
            result,
        })
    }

    fn resolve(&self, name: &str) -> Result<PathBuf, StoreError> {
        let path = Path::new(name);
        if path.join(RESULT).is_file() {
            return Ok(path.to_owned());
        }
        let ids: Vec<_> = self.folders()?;
        let id = |folder: &PathBuf| {
            folder
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        if let Some(exact) = ids.iter().find(|folder| id(folder) == name) {
            return Ok(exact.clone());
        }
        let mut matches: Vec<_> = ids
            .into_iter()
            .filter(|folder| !name.is_empty() && id(folder).starts_with(name))
            .collect();
        match matches.len() {
            0 => Err(StoreError::NotFound(name.to_owned())),
            1 => Ok(matches.remove(0)),
            _ => Err(StoreError::Ambiguous {
                name: name.to_owned(),
                candidates: matches.iter().map(id).collect(),
            }),
        }
    }

    /// Folders that hold a whole result, by name.
    fn folders(&self) -> Result<Vec<PathBuf>, StoreError> {
        let failed = |source| StoreError::Read {
            path: self.root.clone(),
            source,
        };
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut folders = Vec::new();
        for entry in entries {
            let folder = entry.map_err(failed)?.path();
            if folder.join(RESULT).is_file() {
                folders.push(folder);
            }
        }
        folders.sort();
        Ok(folders)
    }
}

fn listing(path: PathBuf) -> Result<BacktestListing, StoreError> {
    let text = read(&path)?;
    BacktestListing::from_json(&text).map_err(|source| StoreError::Contract { path, source })
}

/// A stored result.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its folder.
    pub folder: PathBuf,
    /// The document.
    pub result: BacktestResult,
}

impl Found {
    /// Its line in lists, as it was kept.
    pub fn listing(&self) -> Result<BacktestListing, StoreError> {
        listing(self.folder.join(LISTING))
    }

    /// Files that were written with it, to be written elsewhere.
    pub fn files(
        &self,
        names: impl IntoIterator<Item = &'static str>,
    ) -> Result<ResultFiles, StoreError> {
        let mut files = ResultFiles::default();
        for name in names {
            let path = self.folder.join(name);
            let bytes = fs::read(&path).map_err(|source| StoreError::Read { path, source })?;
            files.add(name, bytes);
        }
        Ok(files)
    }

    /// The report that was written with it.
    pub fn report(&self) -> Result<String, StoreError> {
        read(&self.folder.join(REPORT))
    }
}

/// Counts, so that threads which write the same result do not meet.
static WRITES: AtomicU64 = AtomicU64::new(0);

/// Writes a result into a folder: everything is written beside its place
/// first, the old `result.json` goes away unless it is the same, the files
/// move in and the new `result.json` comes last. Whoever finds one finds all.
pub fn write_result(
    folder: &Path,
    result: &BacktestResult,
    listing: &BacktestListing,
    files: &ResultFiles,
) -> Result<(), StoreError> {
    let contract = |source| StoreError::Contract {
        path: folder.join(RESULT),
        source,
    };
    let document = result.to_json().map_err(contract)?;
    let listed = listing.to_json().map_err(contract)?;
    let write = WRITES.fetch_add(1, Ordering::Relaxed);
    let staging = folder.join(format!(".partial-{}-{write}", std::process::id()));
    let staged = stage(&staging, &document, &listed, files);
    let moved = staged.and_then(|()| {
        // The same result again: whoever reads it meanwhile finds it whole.
        if fs::read(folder.join(RESULT)).is_ok_and(|old| old != document.as_bytes()) {
            remove_old(folder)?;
        }
        move_in(&staging, folder, files)
    });
    // Nothing useful is left in it, whether this worked or not.
    let _ = fs::remove_dir_all(&staging);
    if moved.is_err() {
        // A folder made for a result that did not come to be is no use.
        let _ = fs::remove_dir(folder);
    }
    moved
}

/// Writes one file beside its place and moves it in. Its folder must exist.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.exists()) {
        return Err(StoreError::NoFolder(folder.to_owned()));
    }
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let partial = path.with_file_name(format!(".{name}.partial-{}", std::process::id()));
    let written = write_synced(&partial, bytes)
        .and_then(|()| fs::rename(&partial, path))
        .map_err(|source| StoreError::Write {
            path: path.to_owned(),
            source,
        });
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written
}

fn stage(
    staging: &Path,
    document: &str,
    listing: &str,
    files: &ResultFiles,
) -> Result<(), StoreError> {
    let write = |path: PathBuf, bytes: &[u8]| {
        write_synced(&path, bytes).map_err(|source| StoreError::Write { path, source })
    };
    fs::create_dir_all(staging).map_err(|source| StoreError::Write {
        path: staging.to_owned(),
        source,
    })?;
    for (name, bytes) in &files.files {
        write(staged(staging, name), bytes)?;
    }
    write(staged(staging, LISTING), listing.as_bytes())?;
    write(staged(staging, RESULT), document.as_bytes())
}

fn remove_old(folder: &Path) -> Result<(), StoreError> {
    let path = folder.join(RESULT);
    match fs::remove_file(&path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::Write { path, source })
        }
        _ => Ok(()),
    }
}

fn move_in(staging: &Path, folder: &Path, files: &ResultFiles) -> Result<(), StoreError> {
    let names = files
        .files
        .iter()
        .map(|(name, _)| *name)
        .chain([LISTING, RESULT]);
    for name in names {
        let path = folder.join(name);
        fs::rename(staged(staging, name), &path)
            .map_err(|source| StoreError::Write { path, source })?;
    }
    sync_folder(folder).map_err(|source| StoreError::Write {
        path: folder.to_owned(),
        source,
    })
}

/// Where a file waits: under a name that no reader takes for the file.
fn staged(staging: &Path, name: &str) -> PathBuf {
    staging.join(format!("{name}.partial"))
}

fn write_synced(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

fn read(path: &Path) -> Result<String, StoreError> {
    fs::read_to_string(path).map_err(|source| StoreError::Read {
        path: path.to_owned(),
        source,
    })
}
