//! One thread that writes, and commits together what is waiting.
//!
//! A commit costs one wait for the disk, whatever is in it. Callers queue
//! their work and sleep; the writer takes all that is there, gives each piece
//! a savepoint of its own, so that one that fails takes back nothing but
//! itself, commits once, and only then answers.

use std::collections::VecDeque;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use fondaco_app::ports::runs::RunStoreError;
use rusqlite::Connection;

/// A piece of work: says whether to keep what it wrote, and how to answer once
/// it is known whether the commit went well.
type Job = Box<dyn FnOnce(&Connection) -> Turn + Send>;

struct Turn {
    keep: bool,
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
    changed: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to `batch` jobs, those that go first first; none when closed.
    fn take(&self, batch: usize) -> Vec<Job> {
        let mut waiting = self.lock();
        while waiting.first.is_empty() && waiting.others.is_empty() && !waiting.closed {
            waiting = self
                .changed
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
        jobs
    }
}

/// The queue's end where the writer ended, however it did: callers that wait
/// hear of it, since their jobs are dropped with their channels.
struct Closing(Arc<Queue>);

impl Drop for Closing {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.closed = true;
        waiting.first.clear();
        waiting.others.clear();
    }
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
    pub(super) fn start(connection: Connection, batch: usize) -> Self {
        let queue = Arc::new(Queue::default());
        let closing = Closing(Arc::clone(&queue));
        let thread = std::thread::spawn(move || {
            write(&connection, &closing.0, batch);
        });
        Self {
            queue,
            thread: Some(thread),
        }
    }

    /// Runs some work in the next commit and waits for it.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, RunStoreError> + Send + 'static,
    ) -> Result<T, RunStoreError> {
        self.queue_up(false, work)
    }

    /// The same, before all that waits.
    pub(super) fn ask_first<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, RunStoreError> + Send + 'static,
    ) -> Result<T, RunStoreError> {
        self.queue_up(true, work)
    }

    fn queue_up<T: Send + 'static>(
        &self,
        first: bool,
        work: impl FnOnce(&Connection) -> Result<T, RunStoreError> + Send + 'static,
    ) -> Result<T, RunStoreError> {
        let (sender, receiver) = sync_channel(1);
        let job: Job = Box::new(move |connection| {
            let result = work(connection);
            let keep = result.is_ok();
            let answer = move |committed: bool| {
                // Nobody listens when the caller is gone; then nobody minds.
                let _ = sender.send(if committed {
                    result
                } else {
                    Err(RunStoreError::Stopped)
                });
            };
            Turn {
                keep,
                answer: Box::new(answer),
            }
        });
        {
            let mut waiting = self.queue.lock();
            if waiting.closed {
                return Err(RunStoreError::Stopped);
            }
            if first {
                waiting.first.push_back(job);
            } else {
                waiting.others.push_back(job);
            }
        }
        self.queue.changed.notify_one();
        receiver.recv().unwrap_or(Err(RunStoreError::Stopped))
    }
}

impl Drop for Writer {
    /// What is queued is still written.
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Until the queue is closed and empty, or a commit fails: after that what is
/// on the disk is not known, and going on would build on it.
fn write(connection: &Connection, queue: &Queue, batch: usize) {
    loop {
        let jobs = queue.take(batch);
        if jobs.is_empty() {
            return;
        }
        let (answers, committed) = commit(connection, jobs);
        if !committed {
            // No new work may queue between the failure and the end.
            queue.lock().closed = true;
        }
        for answer in answers {
            answer(committed);
        }
        if !committed {
            return;
        }
    }
}

type Answers = Vec<Box<dyn FnOnce(bool) + Send>>;

fn commit(connection: &Connection, jobs: Vec<Job>) -> (Answers, bool) {
    let say = |sql| {
        connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .is_ok()
    };
    if !say("begin immediate") {
        // The jobs are dropped unanswered, which their callers hear.
        return (Vec::new(), false);
    }
    let mut answers: Answers = Vec::with_capacity(jobs.len());
    let mut whole = true;
    for job in jobs {
        whole = whole && say("savepoint job");
        if !whole {
            break;
        }
        let turn = job(connection);
        whole = (turn.keep || say("rollback to job")) && say("release job");
        answers.push(turn.answer);
    }
    // A failed write may have rolled the transaction back by itself; then
    // there is nothing to commit and the savepoints above have failed.
    let committed = whole && say("commit");
    (answers, committed)
}

#[cfg(test)]
mod tests {
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
        Writer::start(connection, 8)
    }

    fn insert(writer: &Writer, sql: &'static str) -> Result<(), RunStoreError> {
        writer.ask(move |connection| {
            connection.execute(sql, []).unwrap();
            Ok(())
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
    fn in_one_commit_halts_go_first_and_a_failure_takes_back_itself_only() {
        let writer = writer();
        let (release, held) = channel::<()>();
        let (started, begun) = channel::<()>();
        std::thread::scope(|scope| {
            let blocking = move |_: &Connection| {
                started.send(()).unwrap();
                held.recv().unwrap();
                Ok(())
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
                let answer = writer.ask(|connection| {
                    // The halt, queued after this, has been here before it.
                    assert_eq!(count(connection), 1);
                    connection.execute("insert into one values(1)", []).unwrap();
                    Err::<(), _>(RunStoreError::Damaged("no".to_owned()))
                });
                assert!(matches!(answer, Err(RunStoreError::Damaged(_))));
            });
            waiting(1);
            scope.spawn(move || {
                let seen = writer.ask_first(|connection| {
                    connection.execute("insert into one values(2)", []).unwrap();
                    Ok(count(connection))
                });
                assert_eq!(seen.unwrap(), 1);
            });
            waiting(2);
            release.send(()).unwrap();
        });
        assert_eq!(writer.ask(|connection| Ok(count(connection))).unwrap(), 1);
    }

    fn count(connection: &Connection) -> i64 {
        connection
            .query_row("select count(*) from one", [], |row| row.get(0))
            .unwrap()
    }
}
