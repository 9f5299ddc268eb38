//! Attempts as child processes, which live on when this one ends.
//!
//! A child is `<program> task run <folder>`. All that passes between it and its
//! parents lies in the folder, `<home>/tasks/<run>/<no>-<fence>/`, so that any
//! later process of this machine can take it over:
//!
//! | file | written by | holds |
//! | --- | --- | --- |
//! | `assignment.json` | parent | what to do, and the limits |
//! | `process` | child | its own reference, first of all it does |
//! | `stop` | parent | nothing: that it is there is the order to stop |
//! | `progress` | child | how far it is, as the body says it |
//! | `outcome.json` | child | how it ended; whole or not there |
//! | `log` | both | what the child printed, at most so much of it |
//! | `settled` | parent | nothing: the store knows how it ended |
//!
//! A child leads a process group of its own: signals go to the group, and when
//! it ends what is left of the group is killed, so that nothing it started
//! outlives it. (What a child started that died while nobody watched does.)
//!
//! One thread watches all children, ours by waiting for them and adopted ones
//! by looking, through file descriptors of processes where the kernel has
//! them.

mod documents;
mod folder;
mod keep;
mod verdict;
mod watcher;

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use fondaco_app::ports::exec::{Assignment, AttemptId, Executor, Found, News, Outcome, StartError};
use fondaco_domain::task::{Fence, Rung};
use fondaco_domain::{ErrorKind, Hint};
use rustix::process::Signal;
use thiserror::Error;

pub(crate) use documents::{DocumentError, End, Order};
pub(crate) use folder::{Folder, read, write, write_durably};
pub use keep::Keep;
use watcher::Watcher;

use crate::process::{Life, Process};
use crate::{Limits, Refusal, Ring};

/// Variables that children get from the environment of this process, where
/// they are set. They get no others but [`Settings::environment`].
pub const INHERITED: [&str; 7] = [
    "HOME",
    "LANG",
    "LC_ALL",
    "PATH",
    "TMPDIR",
    "TZ",
    "XDG_DATA_HOME",
];

/// So many attempts back is looked for what runs on.
const EARLIER: u64 = 32;

/// How children are run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The program, by its whole path.
    pub program: PathBuf,
    /// Words before `task run <folder>`. Paths in them must be whole: the
    /// child works in the folder of its attempt.
    pub words: Vec<OsString>,
    /// The data folder; attempts lie in `tasks` below it.
    pub home: PathBuf,
    /// Variables beside [`INHERITED`].
    pub environment: Vec<(OsString, OsString)>,
    /// What each child may use.
    pub limits: Limits,
    /// Bytes of a child's log; a longer one loses its beginning.
    pub log: u64,
    /// What stays of attempts that ended.
    pub keep: Keep,
}

impl Settings {
    /// A program and a data folder; no limits but on the log: 4 MiB.
    pub fn new(program: impl Into<PathBuf>, home: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            words: Vec::new(),
            home: home.into(),
            environment: Vec::new(),
            limits: Limits::default(),
            log: 4 << 20,
            keep: Keep::default(),
        }
    }
}

/// Children could not be had at all.
#[derive(Debug, Error)]
pub enum LocalError {
    /// The folder for them.
    #[error("cannot use {path} for tasks")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The thread that watches them.
    #[error("cannot start the thread that watches tasks")]
    Thread(#[source] io::Error),
}

impl Hint for LocalError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Folder { .. } => ErrorKind::Storage,
            Self::Thread(_) => ErrorKind::Unavailable,
        }
    }
}

/// Attempts as child processes. Dropping it leaves them running.
pub struct Local {
    settings: Settings,
    tasks: PathBuf,
    watcher: Arc<Watcher>,
    thread: Option<JoinHandle<()>>,
}

impl Local {
    /// Makes the folder where there is none, and begins to watch. Nothing is
    /// adopted unasked.
    pub fn open(mut settings: Settings, ring: Ring) -> Result<Self, LocalError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source| LocalError::Folder { path, source }
        };
        settings.home = std::path::absolute(&settings.home).map_err(failed(&settings.home))?;
        let tasks = settings.home.join("tasks");
        std::fs::create_dir_all(&tasks).map_err(failed(&tasks))?;
        let (watcher, woken) = Watcher::new(tasks.clone(), settings.log, settings.keep, ring)
            .map_err(LocalError::Thread)?;
        let watcher = Arc::new(watcher);
        let thread = thread::Builder::new()
            .name("children".into())
            .spawn({
                let watcher = Arc::clone(&watcher);
                move || watcher.watch(&woken)
            })
            .map_err(LocalError::Thread)?;
        Ok(Self {
            settings,
            tasks,
            watcher,
            thread: Some(thread),
        })
    }

    /// Removes what is not worth keeping of attempts that ended, of this and
    /// of earlier processes. It happens by itself once an hour.
    pub fn sweep(&self) -> io::Result<usize> {
        keep::sweep(
            &self.tasks,
            self.settings.keep,
            std::time::SystemTime::now(),
        )
    }

    /// The folder of an attempt: its log is the file `log` there.
    pub fn folder(&self, attempt: AttemptId) -> PathBuf {
        Folder::of(&self.tasks, attempt).path().to_owned()
    }

    /// Ends earlier attempts of the same task that run on. Each later fence
    /// says that what they do counts no more, and whoever could stop them
    /// died before it could tell of them.
    fn end_earlier(&self, id: AttemptId) {
        let fences = id.fence.0.saturating_sub(EARLIER)..id.fence.0;
        for fence in fences.map(Fence) {
            let folder = Folder::of(&self.tasks, AttemptId { fence, ..id });
            if let Some(process) = named(&folder, "")
                && process.life() == Life::Alive
            {
                // Where the one cannot be done the other may.
                let _ = folder.order_stop();
                let _ = process.signal(Signal::KILL);
            }
        }
    }

    fn prepare(&self, folder: &Folder, assignment: &Assignment) -> Result<File, Refusal> {
        let failed = |path: PathBuf| |source| Refusal::Folder { path, source };
        let order = Order::new(assignment.clone(), self.settings.limits);
        let path = folder.assignment();
        serde_json::to_vec(&order)
            .map_err(io::Error::from)
            .and_then(|text| write(&path, &text))
            .map_err(failed(path))?;
        folder.open_log().map_err(failed(folder.log()))
    }

    fn spawn(&self, folder: &Folder, log: File) -> Result<Child, Refusal> {
        let settings = &self.settings;
        let inherited = INHERITED
            .into_iter()
            .filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
        log.try_clone()
            .and_then(|errors| {
                Command::new(&settings.program)
                    .args(&settings.words)
                    .args(["task", "run"])
                    .arg(folder.path())
                    .env_clear()
                    .envs(inherited)
                    .envs(settings.environment.iter().cloned())
                    // Relative paths mean nothing to a task: it may run anywhere.
                    .current_dir(folder.path())
                    .stdin(Stdio::null())
                    .stdout(log)
                    .stderr(errors)
                    .process_group(0)
                    .spawn()
            })
            .map_err(|source| Refusal::Spawn {
                program: settings.program.clone(),
                source,
            })
    }
}

impl Executor for Local {
    fn name(&self) -> &'static str {
        "local"
    }

    fn start(&self, assignment: Assignment) -> Result<Option<String>, StartError> {
        self.end_earlier(assignment.id);
        let folder = Folder::of(&self.tasks, assignment.id);
        let made = folder.make().map_err(|source| {
            let path = folder.path().to_owned();
            Refusal::Folder { path, source }.of(&assignment)
        })?;
        if !made {
            return Err(Refusal::Again.of(&assignment));
        }
        let child = self
            .prepare(&folder, &assignment)
            .and_then(|log| self.spawn(&folder, log))
            .map_err(|refusal| {
                // Nothing runs there; what cannot be removed is swept later.
                let _ = folder.remove();
                refusal.of(&assignment)
            })?;
        Ok(Some(self.watcher.begin(assignment.id, folder, child)))
    }

    fn news(&self) -> Vec<News> {
        self.watcher.news()
    }

    fn stop(&self, attempt: AttemptId, rung: Rung) {
        self.watcher.stop(attempt, rung);
    }

    /// Also for an attempt whose reference was lost, with none: what its child
    /// wrote down is believed then, and where that is not there yet, it is
    /// told not to begin.
    fn find(&self, attempt: AttemptId, reference: &str) -> Found {
        let folder = Folder::of(&self.tasks, attempt);
        if self.watcher.holds(attempt) {
            return Found::Running;
        }
        if let Some(outcome) = outcome(&folder) {
            return Found::Ended(outcome);
        }
        let Some(process) = named(&folder, reference) else {
            if !reference.is_empty() {
                return Found::Unknown;
            }
            return match folder.order_stop() {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Found::Unknown,
                _ => Found::Gone,
            };
        };
        match process.life() {
            Life::Alive if folder.is_there() => Found::Running,
            // Of another data folder, or whatever has the number.
            Life::Alive | Life::Unsure => Found::Unknown,
            // It may have written its outcome since.
            Life::Dead => outcome(&folder).map_or(Found::Gone, Found::Ended),
        }
    }

    fn adopt(&self, attempt: AttemptId, reference: &str) -> bool {
        let folder = Folder::of(&self.tasks, attempt);
        match named(&folder, reference) {
            Some(process) if folder.is_there() => self.watcher.adopt(attempt, folder, process),
            _ => self.watcher.holds(attempt),
        }
    }

    fn settled(&self, attempt: AttemptId) {
        self.watcher.settled(attempt);
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.watcher.close();
        if let Some(thread) = self.thread.take() {
            // A panic of it has been printed; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// The process a reference names, or where there is none the child itself.
fn named(folder: &Folder, reference: &str) -> Option<Process> {
    if !reference.is_empty() {
        return reference.parse().ok();
    }
    let text = read(&folder.process()).ok()??;
    String::from_utf8(text).ok()?.parse().ok()
}

/// How an attempt says it ended, if it does.
fn outcome(folder: &Folder) -> Option<Outcome> {
    match read(&folder.outcome()) {
        Ok(None) => None,
        Ok(Some(text)) => Some(
            End::read(&text).map_or_else(|error| verdict::unreadable(&error), |end| end.outcome),
        ),
        Err(error) => Some(verdict::unreadable(&error)),
    }
}
