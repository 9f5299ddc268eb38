//! One thread that writes, and commits together what is waiting.
//!
//! A commit costs one wait for the disk, whatever is in it. Callers queue
//! their work and sleep; the writer takes all that is there, gives each piece
//! a savepoint of its own, so that one that fails takes back nothing but
//! itself, commits once, and only then answers.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use fondaco_app::ports::runs::{Notice, RunStoreError};
use rusqlite::{Connection, ErrorCode};

use super::bodies::Bodies;
use super::place::Place;
use crate::runs::notices::Broadcast;

/// Jobs that wait at most: who comes then waits for room. Halts do not.
const ROOM: usize = 1024;

/// What a piece of work comes to: an answer, and what to tell once it is
/// committed.
pub(super) type Answer<T> = Result<(T, Vec<Notice>), RunStoreError>;

/// A piece of work: done at the place, or refused without having been tried.
type Job = Box<dyn FnOnce(Result<Place<'_>, RunStoreError>) -> Option<Turn> + Send>;

/// What a piece of work came to, before the commit.
struct Turn {
    keep: bool,
    /// The file could not be written: nothing may be built on it.
    fatal: bool,
    notices: Vec<Notice>,
    /// Told whether the commit went well.
    answer: Box<dyn FnOnce(bool) + Send>,
}

#[derive(Default)]
struct Waiting {
    first: VecDeque<Job>,
    others: VecDeque<Job>,
    closed: bool,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    came: Condvar,
    left: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, job: Job, first: bool) -> Result<(), RunStoreError> {
        let mut waiting = self.lock();
        while !first && waiting.others.len() >= ROOM && !waiting.closed {
            waiting = self
                .left
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if waiting.closed {
            return Err(RunStoreError::Stopped);
        }
        if first {
            waiting.first.push_back(job);
        } else {
            waiting.others.push_back(job);
        }
        self.came.notify_one();
        Ok(())
    }

    /// Up to `batch` jobs, those that go first first; none when closed.
    fn take(&self, batch: usize) -> Vec<Job> {
        let mut waiting = self.lock();
        while waiting.first.is_empty() && waiting.others.is_empty() && !waiting.closed {
            waiting = self
                .came
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let mut jobs: Vec<Job> = Vec::new();
        while jobs.len() < batch {
            let next = waiting.first.pop_front();
            match next.or_else(|| waiting.others.pop_front()) {
                Some(job) => jobs.push(job),
                None => break,
            }
        }
        self.left.notify_all();
        jobs
    }

    fn close(&self) {
        self.lock().closed = true;
        self.came.notify_all();
        self.left.notify_all();
    }
}

/// The queue's end where the writer ended, however it did: callers that wait
/// hear of it, since their jobs are dropped with their channels.
struct Closing(Arc<Queue>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
        let mut waiting = self.0.lock();
        waiting.first.clear();
        waiting.others.clear();
    }
}

/// What the thread works with.
pub(super) struct Desk {
    pub(super) connection: Connection,
    pub(super) bodies: Arc<Bodies>,
    pub(super) news: Arc<Broadcast>,
    pub(super) path: PathBuf,
    /// Jobs per commit at most.
    pub(super) batch: usize,
}

/// The thread and its queue.
pub(super) struct Writer {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    pub(super) fn start(desk: Desk) -> Self {
        let queue = Arc::new(Queue::default());
        let closing = Closing(Arc::clone(&queue));
        let thread = std::thread::spawn(move || desk.write(&closing.0));
        Self {
            queue,
            thread: Some(thread),
        }
    }

    /// Runs some work in the next commit and waits for it.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(Place<'_>) -> Answer<T> + Send + 'static,
    ) -> Result<T, RunStoreError> {
        self.queue_up(false, work)
    }

    /// The same, before all that waits.
    pub(super) fn ask_first<T: Send + 'static>(
        &self,
        work: impl FnOnce(Place<'_>) -> Answer<T> + Send + 'static,
    ) -> Result<T, RunStoreError> {
        self.queue_up(true, work)
    }

    fn queue_up<T: Send + 'static>(
        &self,
        first: bool,
        work: impl FnOnce(Place<'_>) -> Answer<T> + Send + 'static,
    ) -> Result<T, RunStoreError> {
        let (sender, receiver) = sync_channel(1);
        // Where nobody listens the caller is gone; then nobody minds.
        let job: Job = Box::new(move |place| {
            let place = match place {
                Ok(place) => place,
                Err(error) => {
                    let _ = sender.send(Err(error));
                    return None;
                }
            };
            let (result, notices) = match work(place) {
                Ok((value, notices)) => (Ok(value), notices),
                Err(error) => (Err(error), Vec::new()),
            };
            let fatal = result.as_ref().is_err_and(is_fatal);
            Some(Turn {
                keep: result.is_ok(),
                fatal,
                notices,
                answer: Box::new(move |committed| {
                    let _ = sender.send(if committed || fatal {
                        result
                    } else {
                        Err(RunStoreError::Stopped)
                    });
                }),
            })
        });
        self.queue.put(job, first)?;
        receiver.recv().unwrap_or(Err(RunStoreError::Stopped))
    }
}

impl Drop for Writer {
    /// What is queued is still written.
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the writer makes of a batch.
enum Outcome {
    Committed,
    /// Another process has the file locked: nothing was tried.
    Locked,
    /// What is on the disk is not known.
    Broken,
}

impl Desk {
    /// Until the queue is closed and empty, or a write fails: after that what
    /// is on the disk is not known, and going on would build on it.
    fn write(self, queue: &Queue) {
        loop {
            let jobs = queue.take(self.batch);
            if jobs.is_empty() {
                return;
            }
            let mut turns = Vec::with_capacity(jobs.len());
            match self.commit(jobs, &mut turns) {
                Outcome::Locked => {}
                Outcome::Committed => {
                    for turn in turns {
                        (turn.answer)(true);
                        self.news.publish(&turn.notices);
                    }
                }
                Outcome::Broken => {
                    // No new work may queue between the failure and the end.
                    queue.close();
                    for turn in turns {
                        (turn.answer)(false);
                    }
                    return;
                }
            }
        }
    }

    fn commit(&self, jobs: Vec<Job>, turns: &mut Vec<Turn>) -> Outcome {
        match self.begin() {
            Ok(true) => {}
            Ok(false) => {
                for job in jobs {
                    job(Err(RunStoreError::Locked(self.path.clone())));
                }
                return Outcome::Locked;
            }
            // The jobs are dropped unanswered, which their callers hear.
            Err(_) => return Outcome::Broken,
        }
        let place = Place {
            connection: &self.connection,
            bodies: &self.bodies,
        };
        for job in jobs {
            if !self.say("savepoint job") {
                return Outcome::Broken;
            }
            let Some(turn) = job(Ok(place)) else { continue };
            let fatal = turn.fatal;
            let keep = turn.keep;
            turns.push(turn);
            // A failed write may have rolled the transaction back by itself;
            // then the savepoint is gone, and saying this fails.
            let undone = keep || self.say("rollback to job");
            if fatal || !undone || !self.say("release job") {
                return Outcome::Broken;
            }
        }
        if self.say("commit") {
            Outcome::Committed
        } else {
            Outcome::Broken
        }
    }

    /// False where another process has the file locked for longer than we
    /// wait.
    fn begin(&self) -> rusqlite::Result<bool> {
        let begun = self
            .connection
            .prepare_cached("begin immediate")
            .and_then(|mut statement| statement.execute([]));
        match begun {
            Ok(_) => Ok(true),
            Err(error) if is_busy(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn say(&self, sql: &str) -> bool {
        let statement = self.connection.prepare_cached(sql);
        statement
            .and_then(|mut statement| statement.execute([]))
            .is_ok()
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// Whether the place itself failed: the disk, or the file on it.
fn is_fatal(error: &RunStoreError) -> bool {
    let RunStoreError::Storage { source, .. } = error else {
        return false;
    };
    if source.is::<std::io::Error>() {
        return true;
    }
    let code = source
        .downcast_ref::<rusqlite::Error>()
        .and_then(rusqlite::Error::sqlite_error_code);
    matches!(
        code,
        Some(
            ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ReadOnly
                | ErrorCode::OutOfMemory
                | ErrorCode::CannotOpen
        )
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::mpsc::channel;

    use super::*;

    fn writer() -> Writer {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "pragma foreign_keys = on;
                 create table one(n integer primary key);
                 create table needs(n integer references one deferrable initially deferred);",
            )
            .unwrap();
        writer_of(connection, PathBuf::from("nowhere"))
    }

    fn writer_of(connection: Connection, path: PathBuf) -> Writer {
        Writer::start(Desk {
            connection,
            bodies: Arc::new(Bodies::beside(&path, true)),
            news: Arc::default(),
            path,
            batch: 8,
        })
    }

    fn insert(writer: &Writer, sql: &'static str) -> Result<(), RunStoreError> {
        writer.ask(move |place| {
            place.connection.execute(sql, []).unwrap();
            Ok(((), Vec::new()))
        })
    }

    #[test]
    fn after_a_failed_commit_nothing_is_answered_well() {
        let writer = writer();
        insert(&writer, "insert into one values(1)").unwrap();
        // A reference to nothing is found by the commit only.
        for sql in ["insert into needs values(9)", "insert into one values(2)"] {
            let answer = insert(&writer, sql);
            assert!(matches!(answer, Err(RunStoreError::Stopped)));
        }
    }

    #[test]
    fn a_failed_write_says_why_and_is_the_last() {
        let writer = writer();
        let full = || RunStoreError::Storage {
            action: "write",
            source: std::io::Error::from(std::io::ErrorKind::StorageFull).into(),
        };
        let answer = writer.ask::<()>(move |_| Err(full()));
        assert!(matches!(answer, Err(RunStoreError::Storage { .. })));
        let answer = insert(&writer, "insert into one values(1)");
        assert!(matches!(answer, Err(RunStoreError::Stopped)));
    }

    #[test]
    fn a_file_locked_by_another_is_no_reason_to_stop() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("locked.db");
        let connect = |path: &Path| Connection::open(path).unwrap();
        let (ours, other) = (connect(&path), connect(&path));
        ours.execute_batch("pragma journal_mode = wal; create table one(n integer primary key)")
            .unwrap();
        ours.busy_timeout(std::time::Duration::ZERO).unwrap();
        let writer = writer_of(ours, path.clone());
        other.execute_batch("begin immediate").unwrap();
        let answer = insert(&writer, "insert into one values(1)");
        assert!(matches!(answer, Err(RunStoreError::Locked(at)) if at == path));
        other.execute_batch("rollback").unwrap();
        insert(&writer, "insert into one values(1)").unwrap();
    }

    #[test]
    fn in_one_commit_halts_go_first_and_a_failure_takes_back_itself_only() {
        let writer = writer();
        let (release, held) = channel::<()>();
        let (started, begun) = channel::<()>();
        std::thread::scope(|scope| {
            let blocking = move |_: Place<'_>| {
                started.send(()).unwrap();
                held.recv().unwrap();
                Ok(((), Vec::new()))
            };
            scope.spawn(|| writer.ask(blocking).unwrap());
            begun.recv().unwrap();
            let waiting = |count| {
                while {
                    let waiting = writer.queue.lock();
                    waiting.first.len() + waiting.others.len() != count
                } {
                    std::thread::yield_now();
                }
            };
            let writer = &writer;
            scope.spawn(move || {
                let answer = writer.ask(|place| {
                    // The halt, queued after this, has been here before it.
                    assert_eq!(count(place), 1);
                    let insert = "insert into one values(1)";
                    place.connection.execute(insert, []).unwrap();
                    Err::<((), _), _>(RunStoreError::Damaged("no".to_owned()))
                });
                assert!(matches!(answer, Err(RunStoreError::Damaged(_))));
            });
            waiting(1);
            scope.spawn(move || {
                let seen = writer.ask_first(|place| {
                    let insert = "insert into one values(2)";
                    place.connection.execute(insert, []).unwrap();
                    Ok((count(place), Vec::new()))
                });
                assert_eq!(seen.unwrap(), 1);
            });
            waiting(2);
            release.send(()).unwrap();
        });
        let seen = writer.ask(|place| Ok((count(place), Vec::new())));
        assert_eq!(seen.unwrap(), 1);
    }

    fn count(place: Place<'_>) -> i64 {
        place
            .connection
            .query_row("select count(*) from one", [], |row| row.get(0))
            .unwrap()
    }
}
