//! The process in the background, and the one that starts it.
//!
//! The first line of the child's standard output says whether it is ready or
//! why not; its standard error is a file beside the log, for what nobody
//! expects.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use fondaco_app::backtests::told::Told;
use fondaco_domain::{ErrorKind, Hint};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::context::Context;
use crate::errors::Failure;
use crate::output;
use crate::process::state::{Known, UpLock};

/// Standard error of the child, in the home.
const ERRORS: &str = "logs/up.err";

/// Bytes of it that are shown.
const SHOWN: usize = 2_000;

/// What the child says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    /// It does everything.
    Ready(Known),
    /// It cannot.
    Failed(Told),
}

/// The child could not be started, or ended without a word.
#[derive(Debug, Error)]
enum DetachError {
    /// The file for its errors.
    #[error("cannot write {}", path.display())]
    Errors {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// The process.
    #[error("cannot start a process in the background")]
    Start(#[source] std::io::Error),
    /// It said nothing.
    #[error(
        "the process in the background ended before it was ready ({status}){}",
        quoted(said)
    )]
    Died { status: ExitStatus, said: String },
    /// It cannot leave the terminal.
    #[error("the process in the background cannot have a session of its own")]
    Session(#[source] std::io::Error),
}

fn quoted(said: &str) -> String {
    match said.trim() {
        "" => String::new(),
        said => format!(", and said:\n{said}"),
    }
}

impl Hint for DetachError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Errors { .. } => ErrorKind::Storage,
            Self::Start(_) => ErrorKind::Unavailable,
            Self::Died { .. } | Self::Session(_) => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Errors { .. } => {
                Some("check the folder, its permissions and the free space".into())
            }
            Self::Died { .. } => Some("see `fondaco logs`, or start it with `fondaco up`".into()),
            Self::Start(_) | Self::Session(_) => None,
        }
    }
}

/// Starts the process in the background, and waits until it is ready.
pub(super) fn start(context: &Context) -> Result<Known, Failure> {
    // Refused here already where somebody is up; the child takes it for good.
    drop(UpLock::take(context.home())?);
    let path = context.home().join(Path::new(ERRORS));
    let errors = errors_file(&path)?;
    let program = std::env::current_exe().map_err(DetachError::Start)?;
    let mut child = Command::new(program)
        .args(std::env::args_os().skip(1))
        .arg("--background")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors)
        .spawn()
        .map_err(DetachError::Start)?;
    match first_word(&mut child) {
        Some(Word::Ready(known)) => Ok(known),
        Some(Word::Failed(told)) => {
            // It ends now; nobody else waits for it.
            let _ = child.wait();
            Err(told.into())
        }
        None => {
            let status = child.wait().map_err(DetachError::Start)?;
            Err(DetachError::Died {
                status,
                said: end_of(&path),
            }
            .into())
        }
    }
}

fn errors_file(path: &Path) -> Result<File, DetachError> {
    let failed = |source| DetachError::Errors {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    File::create(path).map_err(failed)
}

/// What the child says first, unless it ends without a word.
fn first_word(child: &mut Child) -> Option<Word> {
    let mut line = String::new();
    BufReader::new(child.stdout.take()?)
        .read_line(&mut line)
        .ok()?;
    serde_json::from_str(&line).ok()
}

fn end_of(path: &Path) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    let from = text.len().saturating_sub(SHOWN);
    String::from_utf8_lossy(&text[from..]).into_owned()
}

/// Is told of the process when it is ready.
type Ready<'a> = &'a mut dyn FnMut(&Known) -> Result<(), Failure>;

/// The process in the background: serves, and says once how that began.
pub(super) fn child(serve: impl FnOnce(Ready<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
    let session = rustix::process::setsid();
    session.map_err(|error| DetachError::Session(error.into()))?;
    let mut said = false;
    let served = serve(&mut |known| {
        said = true;
        // Who waited for it may have gone.
        let _ = say(&Word::Ready(known.clone()));
        Ok(())
    });
    if let (Err(failure), false) = (&served, said) {
        let _ = say(&Word::Failed(failure.told()));
    }
    served
}

fn say(word: &Word) -> Result<(), output::OutputError> {
    output::write_raw(output::json_line(word).as_bytes())
}
