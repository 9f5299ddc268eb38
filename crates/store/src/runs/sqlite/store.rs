//! The ports, each call a read or a piece of work for the writer.

use std::path::Path;

use fondaco_app::ports::halts::{HaltAck, HaltStore};
use fondaco_app::ports::runs::{
    Asked, Attempt, Commanded, Disagreement, Exchange, Exchanged, FeedRow, Held, INLINE, Notices,
    OutboxRow, Position, RunQuery, RunStore, RunStoreError, Submission, Submitted, TaskQuery,
    Vitals,
};
use fondaco_app::ports::schedules::{Fired, Firing, Schedule, ScheduleStore};
use fondaco_app::ports::workers::{Worker, WorkerStore};
use fondaco_domain::halt::{Halt, HaltCommand};
use fondaco_domain::run::{Command, Recorded, Run, RunKind, RunState};
use fondaco_domain::task::{Task, TaskNo};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};
use rusqlite::params;

use super::statement::{json, run_sql};
use super::{SqliteRuns, beside, listing, place, reads, schema};

impl RunStore for SqliteRuns {
    fn submit(&self, submission: Submission, by: Asked) -> Result<Submitted, RunStoreError> {
        self.transact(move |unit| unit.submit(submission, &by))
    }

    fn command(&self, run: RunId, command: Command, by: Asked) -> Result<Commanded, RunStoreError> {
        self.transact(move |unit| unit.command(run, command, &by))
    }

    fn exchange(&self, exchange: Exchange, by: Asked) -> Result<Exchanged, RunStoreError> {
        self.transact(move |unit| unit.exchange(&exchange, &by))
    }

    fn held(&self) -> Result<Vec<Held>, RunStoreError> {
        self.readers.read(reads::held)
    }

    fn spec(&self, hash: &ContentHash) -> Result<String, RunStoreError> {
        self.readers
            .read(|connection| reads::spec(connection, &self.bodies, hash))
    }

    fn run(&self, id: RunId) -> Result<Run, RunStoreError> {
        self.readers.read(|connection| reads::run(connection, id))
    }

    fn runs(&self, query: &RunQuery) -> Result<Vec<Run>, RunStoreError> {
        self.readers
            .read(|connection| listing::runs(connection, query))
    }

    fn key_holder(&self, key: &str) -> Result<Option<RunId>, RunStoreError> {
        self.readers
            .read(|connection| place::key_holder(connection, key))
    }

    fn tasks(&self, id: RunId, query: &TaskQuery) -> Result<Vec<Task>, RunStoreError> {
        self.readers
            .read(|connection| reads::tasks(connection, id, query))
    }

    fn attempts(&self, id: RunId, task: TaskNo) -> Result<Vec<Attempt>, RunStoreError> {
        self.readers
            .read(|connection| reads::attempts(connection, id, task))
    }

    fn events(&self, id: RunId, after: u64, limit: usize) -> Result<Vec<Recorded>, RunStoreError> {
        self.readers
            .read(|connection| reads::events(connection, &self.bodies, id, after, limit))
    }

    fn remove(&self, id: RunId) -> Result<(), RunStoreError> {
        self.transact(move |unit| unit.remove(id))
    }

    fn outbox(&self, consumer: &str, limit: usize) -> Result<Vec<OutboxRow>, RunStoreError> {
        self.readers
            .read(|connection| reads::outbox(connection, &self.bodies, consumer, limit))
    }

    fn acknowledge(&self, consumer: &str, position: Position) -> Result<(), RunStoreError> {
        let consumer = consumer.to_owned();
        self.writer.ask(move |place| {
            let sql = "insert into outbox_cursor(consumer, seq) values(?1, ?2)
                       on conflict(consumer) do update set seq = max(seq, excluded.seq)";
            run_sql(place.connection, sql, params![consumer, position.seq])?;
            Ok(((), Vec::new()))
        })
    }

    fn feed(&self, after: u64, limit: usize) -> Result<Vec<FeedRow>, RunStoreError> {
        self.readers
            .read(|connection| reads::feed(connection, &self.bodies, after, limit))
    }

    fn feed_end(&self) -> Result<u64, RunStoreError> {
        self.readers.read(reads::feed_end)
    }

    fn open_runs(&self) -> Result<Vec<(RunKind, RunState, u64)>, RunStoreError> {
        self.readers.read(reads::open_runs)
    }

    /// A large one is written by the caller's thread: no row names it here.
    fn keep_body(&self, body: &[u8]) -> Result<ContentHash, RunStoreError> {
        let hash = ContentHash::of(body);
        if body.len() > INLINE {
            self.bodies.keep(&hash, body)?;
            return Ok(hash);
        }
        let (kept, body) = (hash.clone(), body.to_vec());
        self.writer.ask(move |place| {
            let sql = "insert or ignore into body(body_hash, body) values(?1, ?2)";
            run_sql(place.connection, sql, params![kept.as_str(), body])?;
            Ok(((), Vec::new()))
        })?;
        Ok(hash)
    }

    fn body(&self, hash: &ContentHash) -> Result<Vec<u8>, RunStoreError> {
        let small = self
            .readers
            .read(|connection| reads::small_body(connection, hash))?;
        match small {
            Some(body) => Ok(body),
            None => self.bodies.read(hash),
        }
    }

    fn subscribe(&self) -> Result<Box<dyn Notices>, RunStoreError> {
        Ok(self.news.subscribe())
    }

    fn vitals(&self) -> Result<Vitals, RunStoreError> {
        let read = |connection: &rusqlite::Connection| {
            Ok((
                schema::quick_check(connection)?,
                reads::last_event_at(connection)?,
            ))
        };
        let (fault, last_event_at) = self.readers.read(read)?;
        let bytes = |path: &Path| path.metadata().map(|data| data.len()).ok();
        let log = bytes(&beside(&self.path, "-wal")).unwrap_or(0);
        Ok(Vitals {
            place: self.path.display().to_string(),
            engine: format!(
                "SQLite {}, synchronous={}",
                rusqlite::version(),
                self.synchronous.as_str()
            ),
            access: "owner".to_owned(),
            schema: schema::known(),
            bytes: bytes(&self.path).map(|size| size + log),
            last_event_at,
            fault,
        })
    }

    fn check_run(&self, id: RunId) -> Result<Vec<Disagreement>, RunStoreError> {
        self.readers
            .read(|connection| reads::check_run(connection, &self.bodies, id))
    }
}

impl HaltStore for SqliteRuns {
    fn halt(&self, command: HaltCommand, by: Asked) -> Result<Halt, RunStoreError> {
        self.transact_first(move |unit| unit.halt(&command, &by))
    }

    fn obey(&self, limit: usize, by: Asked) -> Result<usize, RunStoreError> {
        self.transact_first(move |unit| unit.obey(limit, &by))
    }

    fn halts(&self) -> Result<Vec<Halt>, RunStoreError> {
        self.readers.read(place::halts)
    }

    fn acknowledge_halt(&self, ack: HaltAck) -> Result<(), RunStoreError> {
        self.writer.ask(move |place| {
            run_sql(
                place.connection,
                "insert or ignore into halt_ack(scope, epoch, worker_id, at)
                 values(?1, ?2, ?3, ?4)",
                params![
                    ack.scope.to_string(),
                    ack.epoch.0.cast_signed(),
                    ack.worker.to_string(),
                    ack.at.0
                ],
            )?;
            Ok(((), Vec::new()))
        })
    }

    fn halt_acks(&self) -> Result<Vec<HaltAck>, RunStoreError> {
        self.readers.read(reads::acks)
    }
}

impl WorkerStore for SqliteRuns {
    fn enlist(&self, worker: Worker) -> Result<(), RunStoreError> {
        self.writer.ask(move |place| {
            run_sql(
                place.connection,
                "insert or replace into worker(worker_id, host, pid, pid_start, build, queues,
                 kinds, since, seen) values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    worker.id.to_string(),
                    worker.host,
                    worker.pid,
                    worker.pid_start,
                    worker.build,
                    json(&worker.queues)?,
                    json(&worker.kinds)?,
                    worker.since.0,
                    worker.seen.0
                ],
            )?;
            Ok(((), Vec::new()))
        })
    }

    fn dismiss(&self, worker: WorkerId) -> Result<(), RunStoreError> {
        self.writer.ask(move |place| {
            let sql = "delete from worker where worker_id = ?1";
            run_sql(place.connection, sql, [worker.to_string()])?;
            Ok(((), Vec::new()))
        })
    }

    fn workers(&self) -> Result<Vec<Worker>, RunStoreError> {
        self.readers.read(reads::workers)
    }
}

impl ScheduleStore for SqliteRuns {
    fn add_schedule(&self, schedule: Schedule, by: Asked) -> Result<(), RunStoreError> {
        self.transact(move |unit| unit.add_schedule(&schedule, &by))
    }

    fn schedules(&self) -> Result<Vec<Schedule>, RunStoreError> {
        self.readers
            .read(|connection| reads::schedules(connection, &self.bodies))
    }

    fn pause_schedule(
        &self,
        name: &str,
        paused: bool,
        next: Option<UnixMicros>,
        by: Asked,
    ) -> Result<(), RunStoreError> {
        let name = name.to_owned();
        self.transact(move |unit| unit.pause_schedule(&name, paused, next, &by))
    }

    fn remove_schedule(&self, name: &str, by: Asked) -> Result<(), RunStoreError> {
        let name = name.to_owned();
        self.transact(move |unit| unit.remove_schedule(&name, &by))
    }

    fn fire(&self, firing: Firing, by: Asked) -> Result<bool, RunStoreError> {
        self.transact(move |unit| unit.fire(firing, &by))
    }

    fn fired(&self, name: &str, limit: usize) -> Result<Vec<Fired>, RunStoreError> {
        self.readers
            .read(|connection| reads::fired(connection, name, limit))
    }
}
