//! Opening a store by its address.
//!
//! `SQLite` has one owning process. Who opens a file that nobody owns becomes
//! its owner and serves it to the others; who comes later calls the owner.
//! When the owner goes away, the first client that notices takes over, the
//! others find it, and the calls under way are repeated.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::{Notice, Notices, RunStoreError};

use super::remote::wire::{Request, Response};
use super::remote::{
    Carried, Carrier, Line, LineError, RemoteNotices, Served, SocketPlace, dispatch, outcome,
};
use super::{PgOptions, PgRuns, SqliteOptions, SqliteRuns, Synchronous};

/// Between two looks for an owner.
const PAUSE: Duration = Duration::from_millis(20);

/// How a store is opened.
#[derive(Debug, Clone, Copy)]
pub struct OpenOptions {
    /// For a file of `SQLite`.
    pub sqlite: SqliteOptions,
    /// For a database of `PostgreSQL`.
    pub postgres: PgOptions,
    /// How long a call looks for an owner, when the one it had is gone or
    /// does not serve yet.
    pub patience: Duration,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            sqlite: SqliteOptions::default(),
            postgres: PgOptions::default(),
            patience: Duration::from_secs(5),
        }
    }
}

/// A store that was opened.
pub struct Opened {
    /// Its ports.
    pub store: Arc<dyn Store>,
    shared: Option<Arc<Carried<Shared>>>,
}

/// How a process reaches a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It owns the file, and serves it to others.
    Owner,
    /// Through the process that owns the file.
    Client,
    /// Through a database server.
    Server,
}

impl Opened {
    /// How it is reached now: a client may become the owner.
    pub fn access(&self) -> Access {
        match &self.shared {
            None => Access::Server,
            Some(shared) => match shared.0.way() {
                Way::Owner(_) => Access::Owner,
                Way::Client(_) => Access::Client,
            },
        }
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Opened").field(&self.access()).finish()
    }
}

/// What an address names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `sqlite:PATH`, or a path; `sqlite:PATH?profile=research` does not wait
    /// for the disk with every commit.
    Sqlite(PathBuf, Synchronous),
    /// `postgres://…`, as it is.
    Postgres(String),
}

impl Address {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, RunStoreError> {
        let refused = || RunStoreError::Address(text.to_owned());
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let mut synchronous = Synchronous::Full;
        let path = match text.strip_prefix("sqlite:") {
            Some(named) => {
                let path = match named.split_once('?') {
                    Some((path, RESEARCH)) => {
                        synchronous = Synchronous::Normal;
                        path
                    }
                    Some(_) => return Err(refused()),
                    None => named,
                };
                path.strip_prefix("//").unwrap_or(path)
            }
            None if has_scheme(text) => return Err(refused()),
            None => text,
        };
        if path.is_empty() || path == ":memory:" {
            return Err(refused());
        }
        Ok(Self::Sqlite(path.into(), synchronous))
    }
}

/// For work that can be done again: a power cut may take the last commits, and
/// leaves a whole store.
const RESEARCH: &str = "profile=research";

/// Whether it begins like `mysql:`; a drive's single letter is none.
fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// Opens `sqlite:PATH`, a bare path, or `postgres://…`.
pub fn open(address: &str, options: OpenOptions) -> Result<Opened, RunStoreError> {
    match Address::parse(address)? {
        Address::Sqlite(path, synchronous) => {
            let mut options = options;
            if synchronous != Synchronous::Full {
                options.sqlite.synchronous = synchronous;
            }
            open_sqlite(&path, options)
        }
        Address::Postgres(address) => Ok(Opened {
            store: Arc::new(PgRuns::open(&address, options.postgres)?),
            shared: None,
        }),
    }
}

fn open_sqlite(path: &Path, options: OpenOptions) -> Result<Opened, RunStoreError> {
    let shared = Arc::new(Carried(Shared::open(path, options)?));
    shared.0.remember(&shared);
    Ok(Opened {
        store: Arc::clone(&shared) as Arc<dyn Store>,
        shared: Some(shared),
    })
}

/// The one path of a file that several names may lead to: lock and socket lie
/// beside it.
fn real_path(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match (folder.canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// A file of `SQLite`, by whichever way is open now.
struct Shared {
    path: PathBuf,
    place: SocketPlace,
    options: OpenOptions,
    way: RwLock<Way>,
    turning: Mutex<()>,
    itself: Mutex<Weak<Carried<Shared>>>,
}

#[derive(Clone)]
enum Way {
    Owner(Arc<Owner>),
    Client(Arc<Line>),
}

/// The socket closes before the file does: nobody is served by a store that
/// another process owns already.
struct Owner {
    _served: Served,
    store: Arc<SqliteRuns>,
}

/// Why there is no way yet: whether it is worth another look.
struct Closed {
    error: RunStoreError,
    again: bool,
}

impl Shared {
    fn open(path: &Path, options: OpenOptions) -> Result<Self, RunStoreError> {
        let path = real_path(path);
        let place = SocketPlace::of(&path);
        let deadline = Instant::now() + options.patience;
        let way = find_way(&path, &place, options.sqlite, deadline)?;
        Ok(Self {
            path,
            place,
            options,
            way: RwLock::new(way),
            turning: Mutex::new(()),
            itself: Mutex::new(Weak::new()),
        })
    }

    fn remember(&self, itself: &Arc<Carried<Shared>>) {
        *self.itself.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(itself);
    }

    fn way(&self) -> Way {
        let way = self.way.read().unwrap_or_else(PoisonError::into_inner);
        way.clone()
    }

    /// Another way in place of a line that leads nowhere any more. One thread
    /// looks; those that come meanwhile take what it found.
    fn turn_from(&self, lost: &Arc<Line>, deadline: Instant) -> Result<(), RunStoreError> {
        let _turn = self.turning.lock().unwrap_or_else(PoisonError::into_inner);
        match self.way() {
            Way::Client(now) if Arc::ptr_eq(&now, lost) => {}
            _ => return Ok(()),
        }
        let found = find_way(&self.path, &self.place, self.options.sqlite, deadline)?;
        *self.way.write().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(())
    }

    fn listen(&self, deadline: Instant) -> Result<Source, RunStoreError> {
        loop {
            let line = match self.way() {
                Way::Owner(owner) => {
                    use fondaco_app::ports::runs::RunStore as _;
                    return owner.store.subscribe().map(Source::Here);
                }
                Way::Client(line) => line,
            };
            match line.news() {
                Ok(notices) => return Ok(Source::There(notices, line)),
                Err(error) => self.recover(error, &line, deadline)?,
            }
        }
    }

    fn recover(
        &self,
        error: LineError,
        line: &Arc<Line>,
        deadline: Instant,
    ) -> Result<(), RunStoreError> {
        if !error.is_gone() || Instant::now() >= deadline {
            return Err(error.of(&self.path));
        }
        self.turn_from(line, deadline)
    }
}

impl Carrier for Shared {
    fn carry(&self, request: Request) -> Result<Response, RunStoreError> {
        let deadline = Instant::now() + self.options.patience;
        let mut repeated = false;
        loop {
            let schedules = || self.carry(Request::Schedules);
            let line = match self.way() {
                Way::Owner(owner) if repeated => {
                    let answer = dispatch(owner.store.as_ref(), request.clone());
                    return outcome(&request, answer, repeated, schedules);
                }
                Way::Owner(owner) => return plain(dispatch(owner.store.as_ref(), request)),
                Way::Client(line) => line,
            };
            match line.ask(&request) {
                Ok(answer) => return outcome(&request, answer, repeated, schedules),
                Err(error) => {
                    repeated |= matches!(error, LineError::Lost(_));
                    self.recover(error, &line, deadline)?;
                }
            }
        }
    }

    fn subscribe(&self) -> Result<Box<dyn Notices>, RunStoreError> {
        let source = self.listen(Instant::now() + self.options.patience)?;
        let itself = self.itself.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Box::new(SharedNotices {
            store: itself.clone(),
            source,
        }))
    }
}

fn plain(answer: Response) -> Result<Response, RunStoreError> {
    match answer {
        Response::Failed(fault) => Err(fault.into()),
        answer => Ok(answer),
    }
}

/// Until there is an owner, be it this process.
fn find_way(
    path: &Path,
    place: &SocketPlace,
    options: SqliteOptions,
    deadline: Instant,
) -> Result<Way, RunStoreError> {
    loop {
        match look_for_way(path, place, options) {
            Ok(way) => return Ok(way),
            Err(closed) if !closed.again || Instant::now() >= deadline => return Err(closed.error),
            Err(_) => std::thread::park_timeout(PAUSE),
        }
    }
}

fn look_for_way(path: &Path, place: &SocketPlace, options: SqliteOptions) -> Result<Way, Closed> {
    let for_good = |error| Closed {
        error,
        again: false,
    };
    let owned = match SqliteRuns::open(path, options) {
        Ok(store) => {
            let store = Arc::new(store);
            let served = Served::start(Arc::clone(&store) as Arc<dyn Store>, place.clone());
            return Ok(Way::Owner(Arc::new(Owner {
                _served: served.map_err(for_good)?,
                store,
            })));
        }
        Err(error @ RunStoreError::Owned(_)) => error,
        Err(error) => return Err(for_good(error)),
    };
    let line = Line::to(place);
    match line.greet() {
        Ok(()) => Ok(Way::Client(Arc::new(line))),
        // It has just begun, is about to end, or serves nobody.
        Err(error) if error.is_gone() => Err(Closed {
            error: owned,
            again: true,
        }),
        Err(error) => Err(for_good(error.of(path))),
    }
}

/// News that goes on when the owner changes.
struct SharedNotices {
    store: Weak<Carried<Shared>>,
    source: Source,
}

enum Source {
    Here(Box<dyn Notices>),
    There(RemoteNotices, Arc<Line>),
}

impl Notices for SharedNotices {
    /// After a change of the owner it says [`Notice::Wake`]: something may
    /// have been missed.
    fn wait(&mut self, timeout: Duration) -> Option<Notice> {
        let deadline = after(timeout);
        let heard = match &mut self.source {
            Source::Here(notices) => return notices.wait(timeout),
            Source::There(notices, line) => {
                if !notices.is_over() {
                    let heard = notices.wait_while_there(timeout);
                    if heard.is_some() || !notices.is_over() {
                        return heard;
                    }
                }
                Arc::clone(line)
            }
        };
        let found = self.store.upgrade().and_then(|store| {
            store.0.turn_from(&heard, deadline).ok()?;
            store.0.listen(deadline).ok()
        });
        if let Some(source) = found {
            self.source = source;
            return Some(Notice::Wake);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        std::thread::park_timeout(left);
        None
    }
}

/// A time so far from now, or as good as never.
fn after(timeout: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(timeout)
        .unwrap_or_else(|| now + Duration::from_secs(1 << 30))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let sqlite = |path: &str| Some(Address::Sqlite(path.into(), Synchronous::Full));
        let research = Some(Address::Sqlite("runs.db".into(), Synchronous::Normal));
        let postgres = |text: &str| Some(Address::Postgres(text.to_owned()));
        let table = [
            ("sqlite:runs.db", sqlite("runs.db")),
            ("sqlite:/a/runs.db", sqlite("/a/runs.db")),
            ("sqlite:///a/runs.db", sqlite("/a/runs.db")),
            ("sqlite:runs.db?profile=research", research),
            ("sqlite:runs.db?profile=off", None),
            ("runs.db", sqlite("runs.db")),
            ("./odd:name.db", sqlite("./odd:name.db")),
            ("C:\\runs.db", sqlite("C:\\runs.db")),
            ("postgres://u@h/d", postgres("postgres://u@h/d")),
            ("postgresql://u@h/d", postgres("postgresql://u@h/d")),
            ("", None),
            ("sqlite:", None),
            ("sqlite::memory:", None),
            ("mysql://h/d", None),
            ("postgres:d", None),
        ];
        for (text, meant) in table {
            assert_eq!(Address::parse(text).ok(), meant, "{text}");
        }
    }

    #[test]
    fn names_of_one_file_are_one_path() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap().join("runs.db");
        let linked = folder.path().join("linked");
        std::os::unix::fs::symlink(folder.path(), &linked).unwrap();
        assert_eq!(real_path(&linked.join("runs.db")), real);
        std::fs::write(&real, "").unwrap();
        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert_eq!(real_path(&link), real);
    }
}
