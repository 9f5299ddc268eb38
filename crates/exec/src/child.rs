//! The child's side: `fondaco task run <folder>`.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use fondaco_app::ports::exec::{Assignment, Outcome, Watch};
use fondaco_domain::{ErrorKind, Hint};
use signal_hook::consts::SIGTERM;
use thiserror::Error;

use crate::local::{self, DocumentError, End, Folder};
use crate::order::Order;
use crate::process::Process;
use crate::{Bodies, lock};

/// Between two looks at whether the order to stop is there.
const LOOK: Duration = Duration::from_millis(20);
/// Between two notes of how far it is.
const NOTE: Duration = Duration::from_millis(100);

/// An attempt that could not be run, or whose outcome could not be kept. How
/// the task itself ended is no error here: it is the outcome.
#[derive(Debug, Error)]
pub enum ChildError {
    /// There is no assignment.
    #[error("{0} is not there")]
    Missing(PathBuf),
    /// The assignment cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The assignment was written by a newer program.
    #[error("cannot do what {path} says: {problem}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Which part of it.
        problem: String,
    },
    /// The assignment is not whole, or not ours.
    #[error("{path} is damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// This program cannot do it.
    #[error("nothing here does {0} tasks")]
    NoBody(&'static str),
    /// It ended before.
    #[error("the attempt in {0} has ended")]
    Ended(PathBuf),
    /// A limit was refused.
    #[error("cannot limit its {what}")]
    Limit {
        /// Which.
        what: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It could not get ready to be stopped.
    #[error("cannot listen for orders to stop")]
    Listen(#[source] io::Error),
    /// A file of it could not be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Hint for ChildError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing(_) => ErrorKind::NotFound,
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Newer { .. } | Self::NoBody(_) => ErrorKind::Invalid,
            Self::Ended(_) => ErrorKind::Conflict,
            Self::Read { .. } | Self::Write { .. } => ErrorKind::Storage,
            Self::Limit { .. } | Self::Listen(_) => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Missing(_) => Some("workers make such folders; name one".into()),
            Self::Newer { .. } | Self::NoBody(_) => {
                Some("use the program that started the task".into())
            }
            _ => None,
        }
    }
}

/// Runs the attempt of a folder to its end and writes its outcome there. After
/// an error there is none, and the parent makes of the exit code what it can.
pub fn run(folder: &Path, bodies: &Bodies) -> Result<(), ChildError> {
    let folder = Folder::at(folder);
    let order = read_order(&folder)?;
    if folder.outcome().exists() {
        return Err(ChildError::Ended(folder.path().to_owned()));
    }
    if !bodies.has(order.assignment.kind) {
        return Err(ChildError::NoBody(order.assignment.kind.as_str()));
    }
    let path = folder.process();
    local::write(&path, Process::own().to_string().as_bytes())
        .map_err(|source| ChildError::Write { path, source })?;
    order
        .limits
        .apply()
        .map_err(|(what, source)| ChildError::Limit { what, source })?;
    let outcome = watched(&folder, &order.assignment, bodies).map_err(ChildError::Listen)?;
    let path = folder.outcome();
    serde_json::to_vec(&End::new(outcome))
        .map_err(io::Error::from)
        .and_then(|text| local::write_durably(&path, &text))
        .map_err(|source| ChildError::Write { path, source })
}

fn read_order(folder: &Folder) -> Result<local::Order, ChildError> {
    let path = folder.assignment();
    let text = match local::read(&path) {
        Ok(Some(text)) => text,
        Ok(None) => return Err(ChildError::Missing(path)),
        Err(source) => return Err(ChildError::Read { path, source }),
    };
    local::Order::read(&text).map_err(|error| match error {
        DocumentError::Damaged(source) => ChildError::Damaged { path, source },
        newer => ChildError::Newer {
            path,
            problem: newer.to_string(),
        },
    })
}

/// Runs the body beside a thread that hears orders to stop and notes how far
/// it is.
fn watched(folder: &Folder, assignment: &Assignment, bodies: &Bodies) -> io::Result<Outcome> {
    let (line, heard) = UnixStream::pair()?;
    heard.set_read_timeout(Some(LOOK))?;
    let terminated = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGTERM, Arc::clone(&terminated))?;
    signal_hook::low_level::pipe::register(SIGTERM, line.try_clone()?)?;
    let attendant = Arc::new(Attendant {
        folder: folder.clone(),
        order: Order::default(),
        terminated,
        over: AtomicBool::new(false),
        progress: Mutex::default(),
    });
    attendant.look();
    let thread = thread::Builder::new().name("orders".into()).spawn({
        let attendant = Arc::clone(&attendant);
        move || attendant.attend(&heard)
    })?;
    let outcome = if attendant.stopped() {
        Outcome::Stopped
    } else {
        bodies.run(assignment, &*attendant)
    };
    attendant.over.store(true, Ordering::Release);
    // Where it cannot be woken it wakes by itself.
    let _ = (&line).write(&[0]);
    // A panic of it has been printed; the outcome stands.
    let _ = thread.join();
    Ok(outcome)
}

struct Attendant {
    folder: Folder,
    order: Order,
    /// By a signal.
    terminated: Arc<AtomicBool>,
    /// The body has ended.
    over: AtomicBool,
    /// How far it is, until it is noted.
    progress: Mutex<Option<String>>,
}

impl Attendant {
    fn attend(&self, mut heard: &UnixStream) {
        let mut noted: Option<Instant> = None;
        loop {
            // Times out, or a signal or the end of the body cuts it short.
            let _ = heard.read(&mut [0; 16]);
            let over = self.over.load(Ordering::Acquire);
            self.look();
            if over || noted.is_none_or(|at| at.elapsed() >= NOTE) {
                noted = self.note().or(noted);
            }
            if over {
                return;
            }
        }
    }

    fn look(&self) {
        if !self.order.stopped()
            && (self.terminated.load(Ordering::Acquire) || self.folder.is_told_to_stop())
        {
            self.order.stop();
        }
    }

    /// Progress that cannot be written is not told: it is no result.
    fn note(&self) -> Option<Instant> {
        let text = lock(&self.progress).take()?;
        let _ = local::write(&self.folder.progress(), text.as_bytes());
        Some(Instant::now())
    }
}

impl Watch for Attendant {
    fn stopped(&self) -> bool {
        self.order.stopped()
    }

    fn wait(&self, time: Duration) {
        self.order.wait(time);
    }

    fn progress(&self, text: &str) {
        *lock(&self.progress) = Some(text.to_owned());
    }
}
