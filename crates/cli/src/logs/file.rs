//! A file of lines that does not grow for ever.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Bytes after which a new file is begun.
const LARGE: u64 = 8 << 20;

/// Older files that are kept.
const KEPT: u32 = 4;

/// The newest lines are in the file, older ones in `.1` to `.4` beside it.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
    large: u64,
}

impl LogFile {
    /// Goes on with a file, in a folder that is made.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::with(path, LARGE)
    }

    fn with(path: &Path, large: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = append(path)?;
        Ok(Self {
            size: file.metadata()?.len(),
            path: path.to_owned(),
            file,
            large,
        })
    }

    /// The file is the newest of the older ones now.
    fn turn(&mut self) -> io::Result<()> {
        for no in (1..KEPT).rev() {
            move_on(&older(&self.path, no), &older(&self.path, no + 1))?;
        }
        move_on(&self.path, &older(&self.path, 1))?;
        self.file = append(&self.path)?;
        self.size = 0;
        Ok(())
    }
}

impl Write for LogFile {
    /// A line is in one file, whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.write_all(line)?;
        Ok(line.len())
    }

    fn write_all(&mut self, line: &[u8]) -> io::Result<()> {
        if self.size > 0 && self.size + line.len() as u64 > self.large {
            // Where no other can be begun, this one goes on.
            self.turn().or_else(|_| self.again())?;
        }
        self.file.write_all(line)?;
        self.size += line.len() as u64;
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl LogFile {
    /// The next try is after as many bytes again.
    fn again(&mut self) -> io::Result<()> {
        self.file = append(&self.path)?;
        self.size = 0;
        Ok(())
    }
}

/// The older file of a number.
fn older(path: &Path, no: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{no}"));
    name.into()
}

/// The files there are, the oldest lines first.
pub(crate) fn all(path: &Path) -> Vec<PathBuf> {
    let names = (1..=KEPT).rev().map(|no| older(path, no));
    names
        .chain([path.to_owned()])
        .filter(|path| path.is_file())
        .collect()
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

fn move_on(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        moved => moved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_files_hold_the_newest_lines_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs/x.log");
        let line = |no: usize| format!("line {no:02}\n");
        {
            let mut log = LogFile::with(&path, 20).unwrap();
            for no in 0..30 {
                log.write_all(line(no).as_bytes()).unwrap();
            }
        }
        // It goes on where it stood: two lines fit into a file.
        let mut log = LogFile::with(&path, 20).unwrap();
        log.write_all(line(30).as_bytes()).unwrap();
        let files = all(&path);
        assert_eq!(files.len(), KEPT as usize + 1);
        let texts = files
            .iter()
            .map(|file| std::fs::read_to_string(file).unwrap());
        let kept: String = texts.collect();
        let newest: String = (22..=30).map(line).collect();
        assert_eq!(kept, newest);
        let folder = std::fs::read_dir(folder.path().join("logs")).unwrap();
        assert_eq!(folder.count(), KEPT as usize + 1);
    }
}
