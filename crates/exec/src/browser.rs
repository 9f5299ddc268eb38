//! Pages on paper: Chromium, started for one page and stopped with it.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use fondaco_domain::{ErrorKind, Hint};
use rustix::process::{Pid, Signal, kill_process_group};
use thiserror::Error;

/// Names under which it is found, the first first.
const NAMES: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
];

/// How long it may take where nobody says: a page takes one or two seconds.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// A Chromium of this machine.
#[derive(Debug, Clone)]
pub struct Browser {
    program: PathBuf,
    /// A folder in which it may write, in one of its own that goes with it.
    scratch: PathBuf,
    deadline: Duration,
}

/// Why there is no paper.
#[derive(Debug, Error)]
pub enum BrowserError {
    /// There is none on this machine.
    #[error("there is no Chromium on this machine: looked for {}", NAMES.join(", "))]
    None,
    /// There is none where one was named.
    #[error("there is no program {}", .0.display())]
    NotThere(PathBuf),
    /// It was refused.
    #[error("cannot start {}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It did not come to an end.
    #[error("{} made no PDF within {} s", program.display(), deadline.as_secs_f64())]
    Deadline {
        /// The program.
        program: PathBuf,
        /// The time it had.
        deadline: Duration,
    },
    /// It ended without.
    #[error("{} made no PDF ({status}): {said}", program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// The last it said.
        said: String,
    },
    /// A file of it could not be written or read.
    #[error("cannot use {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Hint for BrowserError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotThere(_) => ErrorKind::NotFound,
            Self::None | Self::Start { .. } | Self::Deadline { .. } | Self::Failed { .. } => {
                ErrorKind::Unavailable
            }
            Self::File { .. } => ErrorKind::Storage,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::None | Self::NotThere(_) | Self::Start { .. } => {
                "install Chromium, or name it with FONDACO_CHROMIUM; the HTML page is the same and \
                 needs none"
                    .to_owned()
            }
            Self::Deadline { .. } | Self::Failed { .. } => {
                "ask for the HTML page, and print it in a browser".to_owned()
            }
            Self::File { .. } => "check permissions and free space of the home".to_owned(),
        })
    }
}

impl Browser {
    /// The one that is named, or the first that is found in the folders of
    /// programs (as in `PATH`).
    pub fn find(
        named: Option<&Path>,
        folders: Option<&OsStr>,
        scratch: PathBuf,
    ) -> Result<Self, BrowserError> {
        let program = match named {
            Some(named) if named.is_file() => named.to_owned(),
            Some(named) => return Err(BrowserError::NotThere(named.to_owned())),
            None => {
                let folders: Vec<PathBuf> = folders
                    .map(|folders| std::env::split_paths(folders).collect())
                    .unwrap_or_default();
                let places = NAMES
                    .iter()
                    .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
                let found = places.into_iter().find(|place| place.is_file());
                found.ok_or(BrowserError::None)?
            }
        };
        Ok(Self {
            program,
            scratch,
            deadline: DEADLINE,
        })
    }

    /// With another deadline.
    #[must_use]
    pub fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// A page as PDF. Waits for it, up to the deadline; then all processes of
    /// it are killed. The page is its only input: it may ask no network.
    pub fn pdf(&self, html: &str) -> Result<Vec<u8>, BrowserError> {
        let folder = Folder::new(&self.scratch)?;
        let (page, pdf) = (folder.0.join("page.html"), folder.0.join("page.pdf"));
        let log = folder.0.join("log");
        fs::write(&page, html).map_err(file(&page))?;
        let said = fs::File::create(&log).map_err(file(&log))?;
        let child = self.start(&folder.0, &page, &pdf, said)?;
        let status = self.wait(child)?;
        match fs::read(&pdf) {
            Ok(bytes) if status.success() && is_whole(&bytes) => Ok(bytes),
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(file(&pdf)(source)),
            _ => Err(BrowserError::Failed {
                program: self.program.clone(),
                status,
                said: last_of(&log),
            }),
        }
    }

    fn start(
        &self,
        folder: &Path,
        page: &Path,
        pdf: &Path,
        said: fs::File,
    ) -> Result<Child, BrowserError> {
        let option = |name: &str, path: &Path| {
            let mut option = std::ffi::OsString::from(name);
            option.push(path);
            option
        };
        let mut command = Command::new(&self.program);
        command
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-extensions",
                "--disable-background-networking",
                "--disable-dev-shm-usage",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                "--no-pdf-header-footer",
            ])
            .arg(option("--user-data-dir=", &folder.join("profile")))
            .arg(option("--print-to-pdf=", pdf))
            .arg(option("file://", page))
            .env("HOME", folder)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said)
            .process_group(0);
        command.spawn().map_err(|source| BrowserError::Start {
            program: self.program.clone(),
            source,
        })
    }

    fn wait(&self, mut child: Child) -> Result<ExitStatus, BrowserError> {
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let (tell, told) = mpsc::channel();
        let program = || self.program.clone();
        let failed = |source| BrowserError::Start {
            program: program(),
            source,
        };
        std::thread::Builder::new()
            .name("browser".to_owned())
            .spawn(move || {
                // Nobody listens any more only where this one is panicking.
                let _ = tell.send(child.wait());
            })
            .map_err(failed)?;
        if let Ok(ended) = told.recv_timeout(self.deadline) {
            return ended.map_err(failed);
        }
        // It has not been waited for: the number is still its own.
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = told.recv();
        Err(BrowserError::Deadline {
            program: program(),
            deadline: self.deadline,
        })
    }
}

/// A folder that goes when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(scratch: &Path) -> Result<Self, BrowserError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("page-{}-{number}", std::process::id());
        let folder = scratch.join(name);
        fs::create_dir_all(&folder).map_err(file(&folder))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is in nobody's way.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn file(path: &Path) -> impl FnOnce(io::Error) -> BrowserError {
    let path = path.to_owned();
    move |source| BrowserError::File { path, source }
}

/// Whether it is all of a PDF.
fn is_whole(bytes: &[u8]) -> bool {
    let end = &bytes[bytes.len().saturating_sub(32)..];
    bytes.starts_with(b"%PDF-") && end.windows(5).any(|word| word == b"%%EOF")
}

/// The last line of what it said, with words in it.
fn last_of(log: &Path) -> String {
    let said = fs::read(log).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    last.unwrap_or("it said nothing")
        .chars()
        .take(300)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A program of a shell in a folder of its own.
    fn program(script: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chromium");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        (folder, path)
    }

    fn pdf(script: &str, deadline: Duration) -> Result<Vec<u8>, BrowserError> {
        let (folder, path) = program(script);
        let scratch = folder.path().join("scratch");
        let browser = Browser::find(Some(&path), None, scratch.clone()).unwrap();
        let made = browser.within(deadline).pdf("<p>page</p>");
        assert_eq!(
            fs::read_dir(scratch).unwrap().count(),
            0,
            "something is left"
        );
        made
    }

    const OUT: &str = "for word in \"$@\"; do case $word in --print-to-pdf=*) out=${word#*=};; \
                       file://*) page=${word#file://};; esac; done";

    #[test]
    fn a_whole_document_is_given_back() {
        let script = format!("{OUT}\n(echo '%PDF-1.4'; cat \"$page\"; echo '%%EOF') > \"$out\"");
        let bytes = pdf(&script, DEADLINE).unwrap();
        assert_eq!(bytes, b"%PDF-1.4\n<p>page</p>%%EOF\n");
    }

    #[test]
    fn half_a_document_is_none() {
        let script = format!("{OUT}\necho '%PDF-1.4' > \"$out\"; echo 'disk full' >&2");
        let error = pdf(&script, DEADLINE).unwrap_err();
        assert!(matches!(&error, BrowserError::Failed { said, .. } if said == "disk full"));
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }

    #[test]
    fn one_that_hangs_is_killed_with_its_children() {
        let (folder, path) = program("sleep 600 & echo $! > \"$0.child\"; wait");
        let browser = Browser::find(Some(&path), None, folder.path().join("scratch")).unwrap();
        // Long enough for a shell to start on a busy machine.
        let error = browser.within(Duration::from_secs(3)).pdf("").unwrap_err();
        assert!(matches!(error, BrowserError::Deadline { .. }));
        let child = fs::read_to_string(folder.path().join("chromium.child")).unwrap();
        let child: u32 = child.trim().parse().unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while crate::process::lives(child, "") {
            assert!(std::time::Instant::now() < deadline, "the child lives on");
            std::thread::yield_now();
        }
    }

    #[test]
    fn none_is_said_with_what_to_do() {
        let empty = tempfile::tempdir().unwrap();
        let folders = Some(empty.path().as_os_str());
        let error = Browser::find(None, folders, empty.path().into()).unwrap_err();
        assert!(matches!(error, BrowserError::None));
        assert!(error.hint().unwrap().contains("FONDACO_CHROMIUM"));
        let named = empty.path().join("browser");
        let error = Browser::find(Some(&named), folders, empty.path().into()).unwrap_err();
        assert!(matches!(error, BrowserError::NotThere(_)));
    }
}
