//! What stays of attempts that ended.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fondaco_app::ports::exec::Outcome;

use super::{End, Folder, read};
use crate::process::{Life, Process};

/// How many folders of attempts stay, and how long.
///
/// Those that failed stay, with their logs, for whoever wants to know why. The
/// others go as soon as the store knows how they ended. An attempt of which
/// nobody ever heard stays as long as a failed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Failed ones, the latest.
    pub failed: usize,
    /// Any, after something last happened in it.
    pub age: Duration,
    /// After its end was handed over, where the store's having it is never
    /// said.
    pub handed: Duration,
}

impl Default for Keep {
    /// A hundred failed ones, a week, ten minutes.
    fn default() -> Self {
        Self {
            failed: 100,
            age: Duration::from_hours(7 * 24),
            handed: Duration::from_mins(10),
        }
    }
}

/// The store knows how it ended: removes it, or marks it when it failed.
pub(super) fn settle(folder: &Folder) -> io::Result<()> {
    let end = read(&folder.outcome())?.and_then(|text| End::read(&text).ok());
    match end.map(|end| end.outcome) {
        Some(Outcome::Completed { .. } | Outcome::Skipped { .. } | Outcome::Stopped) => {
            folder.remove()
        }
        Some(Outcome::Failed { .. }) | None => match File::create(folder.settled()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
    }
}

/// Removes what is too old or too many, and says how many that were. It goes
/// on past what cannot be removed and gives the first such error at the end.
pub(super) fn sweep(tasks: &Path, keep: Keep, now: SystemTime) -> io::Result<usize> {
    let mut failed = Vec::new();
    let mut going = Vec::new();
    for folder in folders(tasks)? {
        // Another process may sweep too.
        let Ok(touched) = folder.touched() else {
            continue;
        };
        if may_run(&folder) {
            continue;
        }
        if now.duration_since(touched).is_ok_and(|age| age > keep.age) {
            going.push(folder);
        } else if folder.settled().exists() {
            failed.push((touched, folder));
        }
    }
    failed.sort_by_key(|(touched, _)| std::cmp::Reverse(*touched));
    going.extend(
        failed
            .into_iter()
            .skip(keep.failed)
            .map(|(_, folder)| folder),
    );
    let mut removed = 0;
    let mut trouble = Ok(());
    for folder in going {
        match folder.remove() {
            Ok(()) => removed += 1,
            Err(error) => trouble = trouble.and(Err(error)),
        }
    }
    trouble.map(|()| removed)
}

/// Whether its child may be at work still.
fn may_run(folder: &Folder) -> bool {
    if folder.outcome().exists() {
        return false;
    }
    let text = read(&folder.process()).ok().flatten();
    let process = text.and_then(|text| String::from_utf8(text).ok()?.parse::<Process>().ok());
    process.is_some_and(|process| process.life() != Life::Dead)
}

/// The folders of all attempts.
fn folders(tasks: &Path) -> io::Result<Vec<Folder>> {
    let mut found = Vec::new();
    for run in entries(tasks)? {
        found.extend(entries(&run)?.into_iter().map(Folder::at));
    }
    Ok(found)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}
