//! The log of differences: a line each, two files, the older one goes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fondaco_app::migration::legacy::LegacyProblem;
use fondaco_app::migration::parity::{AGAIN, Difference};

use super::LegacyError;
use super::files::read;

/// Lines of one file at most; there are two.
const LINES: usize = 1_000;

/// The log below a folder. Several processes may write it.
#[derive(Debug)]
pub(super) struct Log {
    newer: PathBuf,
    older: PathBuf,
    /// What is locked while lines are added.
    lock: PathBuf,
    /// Threads of this process one after the other.
    turn: Mutex<()>,
}

impl Log {
    pub(super) fn below(root: &Path) -> Self {
        Self {
            newer: root.join("parity_diff.jsonl"),
            older: root.join("parity_diff.1.jsonl"),
            lock: root.join(".parity_diff.lock"),
            turn: Mutex::default(),
        }
    }

    /// Adds what was not noted in the last hour: on the disk when it returns.
    pub(super) fn note(&self, differences: &[Difference]) -> Result<(), LegacyError> {
        if differences.is_empty() {
            return Ok(());
        }
        let _turn = self.turn();
        let failed = |source| LegacyError::Write {
            path: self.newer.clone(),
            source,
        };
        let _held = self.locked().map_err(failed)?;
        let known = self.all_unlocked()?;
        let is_new = |one: &&Difference| {
            let before = known.iter().rev().find(|known| known.is_as(one));
            before.is_none_or(|before| one.at.0 - before.at.0 >= AGAIN)
        };
        let mut lines = Vec::new();
        for one in differences.iter().filter(is_new) {
            // Texts, numbers and values always serialise.
            let _ = serde_json::to_writer(&mut lines, one);
            lines.push(b'\n');
        }
        if lines.is_empty() {
            return Ok(());
        }
        self.turn_over().map_err(failed)?;
        self.append(&lines).map_err(failed)
    }

    /// All of both files, the oldest first.
    pub(super) fn all(&self) -> Result<Vec<Difference>, LegacyError> {
        let _turn = self.turn();
        let there = self.newer.exists() || self.older.exists();
        let held = there.then(|| self.locked()).transpose();
        // Where nothing may be written, nobody writes.
        let _held = held.unwrap_or(None);
        self.all_unlocked()
    }

    fn all_unlocked(&self) -> Result<Vec<Difference>, LegacyError> {
        let mut all = lines(&self.older)?;
        all.extend(lines(&self.newer)?);
        Ok(all)
    }

    /// Another file, where this one is full.
    fn turn_over(&self) -> io::Result<()> {
        let lines = |text: String| text.lines().count();
        let count = fs::read_to_string(&self.newer).map_or(0, lines);
        if count >= LINES {
            fs::rename(&self.newer, &self.older)?;
        }
        Ok(())
    }

    /// After a line that was cut off by a crash a new one begins.
    fn append(&self, lines: &[u8]) -> io::Result<()> {
        let cut_off =
            fs::read(&self.newer).is_ok_and(|text| text.last().is_some_and(|byte| *byte != b'\n'));
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(&self.newer)?;
        if cut_off {
            file.write_all(b"\n")?;
        }
        file.write_all(lines)?;
        file.sync_data()
    }

    fn locked(&self) -> io::Result<File> {
        if let Some(folder) = self.lock.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.lock)?;
        file.lock()?;
        Ok(file)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lines of a file. One that a crash cut off was never acknowledged; any
/// other that cannot be understood is damage.
fn lines(path: &Path) -> Result<Vec<Difference>, LegacyError> {
    let text = read(path)?.unwrap_or_default();
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        match serde_json::from_str(line) {
            Ok(difference) => found.push(difference),
            Err(error) if error.is_eof() => {}
            Err(error) => {
                return Err(LegacyError::Broken {
                    path: path.to_owned(),
                    source: LegacyProblem::Json(error.to_string()),
                });
            }
        }
    }
    Ok(found)
}
