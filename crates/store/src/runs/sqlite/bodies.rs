//! Large bodies in files named by their hashes, beside the database.
//!
//! A file is on the disk, with the folder that names it, before the commit
//! that refers to it. What no row names is harmless.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use fondaco_app::ports::runs::RunStoreError;
use fondaco_domain::ContentHash;

/// The folder `<database>.bodies`.
#[derive(Debug)]
pub(super) struct Bodies {
    folder: PathBuf,
    /// Whether to wait for the disk.
    sync: bool,
    written: AtomicU64,
    /// Folders that this process has waited for.
    shelves: Mutex<BTreeSet<PathBuf>>,
}

impl Bodies {
    pub(super) fn beside(database: &Path, sync: bool) -> Self {
        let mut folder = database.as_os_str().to_owned();
        folder.push(".bodies");
        Self {
            folder: folder.into(),
            sync,
            written: AtomicU64::new(0),
            shelves: Mutex::default(),
        }
    }

    /// Writes a body, unless it is there.
    pub(super) fn keep(&self, hash: &ContentHash, body: &[u8]) -> Result<(), RunStoreError> {
        self.write(hash, body).map_err(storage("write a body into"))
    }

    /// A body, once its hash was compared.
    pub(super) fn read(&self, hash: &ContentHash) -> Result<Vec<u8>, RunStoreError> {
        let body = match fs::read(self.place(hash)) {
            Ok(body) => body,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(RunStoreError::NoBody(hash.clone()));
            }
            Err(error) => return Err(storage("read a body of")(error)),
        };
        if ContentHash::of(&body) == *hash {
            Ok(body)
        } else {
            Err(RunStoreError::Damaged(format!(
                "body {hash} has another hash"
            )))
        }
    }

    /// The same, of a body that a row names: it must be there, as text.
    pub(super) fn text(&self, hash: &ContentHash) -> Result<String, RunStoreError> {
        let body = self.read(hash).map_err(|error| match error {
            RunStoreError::NoBody(hash) => {
                RunStoreError::Damaged(format!("body {hash} is missing"))
            }
            other => other,
        })?;
        String::from_utf8(body)
            .map_err(|_| RunStoreError::Damaged(format!("body {hash} is no text")))
    }

    fn place(&self, hash: &ContentHash) -> PathBuf {
        self.folder.join(&hash.as_str()[..2]).join(hash.as_str())
    }

    fn write(&self, hash: &ContentHash, body: &[u8]) -> io::Result<()> {
        let place = self.place(hash);
        let shelf = self.shelf(&place)?;
        if !place.try_exists()? {
            let number = self.written.fetch_add(1, Ordering::Relaxed);
            let aside = shelf.join(format!("{}-{number}.part", std::process::id()));
            let mut file = File::create(&aside)?;
            file.write_all(body)?;
            if self.sync {
                file.sync_all()?;
            }
            fs::rename(&aside, &place)?;
        } else if self.sync {
            // It may be there by the page cache only.
            File::open(&place)?.sync_all()?;
        }
        self.sync_folder(shelf)
    }

    /// The folder a body goes to, made where it is missing. One that is there
    /// may be there by the page cache only: who made it, another thread or a
    /// process of before, may not have waited for the disk.
    fn shelf<'a>(&self, place: &'a Path) -> io::Result<&'a Path> {
        let shelf = place.parent().unwrap_or(place);
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        if !shelves.contains(shelf) {
            fs::create_dir_all(shelf)?;
            self.sync_folder(&self.folder)?;
            self.sync_folder(self.folder.parent().unwrap_or(&self.folder))?;
            shelves.insert(shelf.to_owned());
        }
        Ok(shelf)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        if self.sync {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

fn storage(action: &'static str) -> impl FnOnce(io::Error) -> RunStoreError {
    move |source| RunStoreError::Storage {
        action,
        source: source.into(),
    }
}
