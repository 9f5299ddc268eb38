//! The folder of one attempt, and its files.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fondaco_app::ports::exec::AttemptId;

/// Bytes of a document at most: more is not what we wrote.
const DOCUMENT: u64 = 256 << 20;
/// Bytes of the log that are searched for its last words.
const LAST_WORDS: u64 = 16 << 10;

/// The folder, there or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn of(tasks: &Path, id: AttemptId) -> Self {
        let name = format!("{}-{}", id.task.0, id.fence.0);
        Self(tasks.join(id.run.to_string()).join(name))
    }

    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn assignment(&self) -> PathBuf {
        self.0.join("assignment.json")
    }

    pub(crate) fn process(&self) -> PathBuf {
        self.0.join("process")
    }

    pub(crate) fn stop(&self) -> PathBuf {
        self.0.join("stop")
    }

    pub(crate) fn progress(&self) -> PathBuf {
        self.0.join("progress")
    }

    pub(crate) fn outcome(&self) -> PathBuf {
        self.0.join("outcome.json")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    pub(crate) fn settled(&self) -> PathBuf {
        self.0.join("settled")
    }

    /// Makes it, and the folder of its run. False where it was there.
    pub(crate) fn make(&self) -> io::Result<bool> {
        let mut private = DirBuilder::new();
        private.mode(0o700);
        // Whoever sweeps may take the folder of the run, empty for a moment,
        // from under us.
        for _ in 0..8 {
            if let Some(run) = self.0.parent() {
                private.recursive(true).create(run)?;
            }
            match private.recursive(false).create(&self.0) {
                Ok(()) => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::NotFound.into())
    }

    /// Whether somebody made it and put an assignment there.
    pub(crate) fn is_there(&self) -> bool {
        self.assignment().exists()
    }

    /// Gives the order to stop.
    pub(crate) fn order_stop(&self) -> io::Result<()> {
        File::create(self.stop()).map(drop)
    }

    /// A folder that is gone says so too: there is no place for an outcome.
    pub(crate) fn is_told_to_stop(&self) -> bool {
        self.stop().exists() || matches!(self.assignment().try_exists(), Ok(false))
    }

    /// Opens the log to go on writing at its end, wherever that is by then.
    pub(crate) fn open_log(&self) -> io::Result<File> {
        OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.log())
    }

    /// Cuts a log of more than so many bytes down to the later half of them.
    /// What is printed in the same instant may be lost.
    pub(crate) fn cut_log(&self, most: u64) -> io::Result<()> {
        let size = fs::metadata(self.log())?.len();
        if size <= most {
            return Ok(());
        }
        let tail = tail(&self.log(), most / 2)?;
        let start = tail
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let kept = &tail[start..];
        let mut log = self.open_log()?;
        log.set_len(0)?;
        log.write_all(
            format!(
                "[{} bytes before this were cut]\n",
                size - kept.len() as u64
            )
            .as_bytes(),
        )?;
        log.write_all(kept)
    }

    /// What the log says last: the last error of the program, or else the last
    /// line that is not about how to see more.
    pub(crate) fn last_words(&self) -> Option<String> {
        let tail = tail(&self.log(), LAST_WORDS).ok()?;
        let text = String::from_utf8_lossy(&tail);
        let mut lines = text
            .lines()
            .rev()
            .map(str::trim)
            .filter(|line| !line.is_empty());
        let error = lines.clone().find_map(|line| line.strip_prefix("error: "));
        error
            .or_else(|| lines.find(|line| !line.starts_with("note: ")))
            .map(|line| line.chars().take(400).collect())
    }

    /// When something last came or went in it.
    pub(crate) fn touched(&self) -> io::Result<SystemTime> {
        fs::metadata(&self.0)?.modified()
    }

    /// Removes it, and the folder of its run when that is empty then.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if let Some(run) = self.0.parent() {
            match fs::remove_dir(run) {
                Err(error)
                    if !matches!(
                        error.kind(),
                        io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty
                    ) =>
                {
                    return Err(error);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Reads a document, or nothing where there is none.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(DOCUMENT).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Writes a document beside its place and moves it there.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_added_extension("new");
    File::create(&beside)?.write_all(bytes)?;
    fs::rename(&beside, path)
}

/// The same, and it is on the disk when this returns.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_added_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// The last bytes of a file.
fn tail(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(most)))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
