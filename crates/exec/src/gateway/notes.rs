//! What is written down about a run of the runtime.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::GatewayError;

/// The files below one data folder.
#[derive(Debug, Clone)]
pub(super) struct Notes {
    runs: PathBuf,
}

/// Bytes read from the end of a log at most.
const TAIL: u64 = 1 << 20;

impl Notes {
    pub(super) fn below(home: &Path) -> Self {
        Self {
            runs: home.join("runs"),
        }
    }

    /// The log of a run, to be written at its end; it need not exist yet.
    pub(super) fn open(&self, run: &str) -> Result<File, GatewayError> {
        let path = self.path(run);
        let folder = path.parent().unwrap_or(&self.runs);
        fs::create_dir_all(folder)
            .and_then(|()| OpenOptions::new().create(true).append(true).open(&path))
            .map_err(|source| GatewayError::File { path, source })
    }

    /// Writes a line, in one piece: a gateway may write at the same time.
    pub(super) fn write(&self, run: &str, line: &str) -> Result<(), GatewayError> {
        self.open(run)?
            .write_all(format!("{line}\n").as_bytes())
            .map_err(|source| GatewayError::File {
                path: self.path(run),
                source,
            })
    }

    /// The last lines, so many at most.
    pub(super) fn tail(&self, run: &str, lines: usize) -> Result<Option<String>, GatewayError> {
        let path = self.path(run);
        match end_of(&path) {
            Ok(text) => Ok(Some(last(&text, lines))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(GatewayError::File { path, source }),
        }
    }

    fn path(&self, run: &str) -> PathBuf {
        self.runs.join(run).join("logs").join("gateway.log")
    }
}

fn end_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // A part of a line says nothing.
    Ok(match text.split_once('\n') {
        Some((_, whole)) if length > TAIL => whole.to_owned(),
        _ => text,
    })
}

fn last(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    let from = all.len().saturating_sub(lines);
    let mut last = all[from..].join("\n");
    if !last.is_empty() {
        last.push('\n');
    }
    last
}
