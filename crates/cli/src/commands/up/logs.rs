//! `fondaco logs`.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fondaco_app::runner::Bell;
use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

use super::log_of;
use crate::context::Context;
use crate::errors::Failure;
use crate::logs;
use crate::output;

/// Which lines.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco logs\n  fondaco logs -f -n 10\n\nThe log of `fondaco up`, in the folder `logs` of \
                  the home. What `fondaco serve` says goes to its standard error."
)]
pub(crate) struct Args {
    /// Go on with new lines, until interrupted.
    #[arg(long, short)]
    follow: bool,
    /// How many of the newest lines.
    #[arg(long, short = 'n', value_name = "NUMBER", default_value_t = 50)]
    lines: usize,
}

/// The log cannot be shown.
#[derive(Debug, Error)]
enum ReadError {
    /// It is not there.
    #[error("there is no log at {}", path.display())]
    Missing {
        /// Where it would be.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("cannot read the log {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Hint for ReadError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing { .. } => ErrorKind::NotFound,
            Self::Read { .. } => ErrorKind::Storage,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some("`fondaco up` begins one".to_owned()),
            Self::Read { .. } => None,
        }
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let path = log_of(context);
    let (lines, end) = newest(&path, args.lines)?;
    output::write_raw(lines.as_bytes())?;
    if args.follow {
        follow(&path, end)?;
    }
    Ok(())
}

/// A place in the newest file.
struct End {
    file: File,
    identity: u64,
}

/// The newest lines, and the place after them.
fn newest(path: &Path, count: usize) -> Result<(String, End), ReadError> {
    let mut kept: VecDeque<String> = VecDeque::new();
    let mut end = None;
    for path in logs::files(path) {
        let failed = |source| ReadError::Read {
            path: path.clone(),
            source,
        };
        let file = File::open(&path).map_err(failed)?;
        let identity = file.metadata().map_err(failed)?.ino();
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).map_err(failed)? > 0 {
            if kept.len() == count {
                kept.pop_front();
            }
            if count > 0 {
                kept.push_back(String::from_utf8_lossy(&line).into_owned());
            }
            line.clear();
        }
        let file = reader.into_inner();
        end = Some(End { file, identity });
    }
    let end = end.ok_or_else(|| ReadError::Missing {
        path: path.to_owned(),
    })?;
    Ok((Vec::from(kept).concat(), end))
}

/// Between two looks for more.
const LOOK: Duration = Duration::from_millis(100);

/// Prints what is added, also after another file was begun.
fn follow(path: &Path, mut end: End) -> Result<(), Failure> {
    let failed = |source| ReadError::Read {
        path: path.to_owned(),
        source,
    };
    let bell = Bell::default();
    loop {
        // Looked at before the old one is read to its end: what was added to
        // that before the new one was begun is not missed.
        let begun = File::open(path).ok();
        let mut added = Vec::new();
        end.file.read_to_end(&mut added).map_err(failed)?;
        output::write_raw(&added)?;
        if let Some(file) = begun {
            let identity = file.metadata().map_err(failed)?.ino();
            if identity != end.identity {
                end = End { file, identity };
                continue;
            }
        }
        bell.wait(LOOK);
    }
}
