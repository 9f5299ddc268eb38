//! The ports, each call a read, a small write, or a piece of work for the
//! flusher.

use fondaco_app::ports::halts::{HaltAck, HaltStore};
use fondaco_app::ports::runs::{
    Asked, Attempt, Commanded, Disagreement, Exchange, Exchanged, FeedRow, Held, Notice, Notices,
    OutboxRow, Position, RunQuery, RunStore, RunStoreError, Submission, Submitted, TaskQuery,
    Vitals,
};
use fondaco_app::ports::schedules::{Fired, Firing, Schedule, ScheduleStore};
use fondaco_app::ports::workers::{Worker, WorkerStore};
use fondaco_domain::halt::{Halt, HaltCommand};
use fondaco_domain::run::{Command, Recorded, Run, RunKind, RunState};
use fondaco_domain::task::{Task, TaskCommand, TaskNo};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};

use super::flusher::{About, begin};
use super::link::{Link, Trouble};
use super::place::Place;
use super::text::put;
use super::{PgRuns, reads, schema, write};
use crate::runs::unit::Unit;

impl RunStore for PgRuns {
    fn submit(&self, submission: Submission, by: Asked) -> Result<Submitted, RunStoreError> {
        let about = About {
            runs: vec![submission.id],
            weight: submission.tasks.len(),
            ..About::default()
        };
        self.flusher
            .ask(about, move |unit| unit.submit(submission.clone(), &by))
    }

    fn command(&self, run: RunId, command: Command, by: Asked) -> Result<Commanded, RunStoreError> {
        let about = about_command(run, &command);
        self.flusher
            .ask(about, move |unit| unit.command(run, command.clone(), &by))
    }

    fn exchange(&self, exchange: Exchange, by: Asked) -> Result<Exchanged, RunStoreError> {
        let about = about_exchange(&exchange, by.at);
        self.flusher
            .ask(about, move |unit| unit.exchange(&exchange, &by))
    }

    fn held(&self) -> Result<Vec<Held>, RunStoreError> {
        self.pool.read(reads::held)
    }

    fn spec(&self, hash: &ContentHash) -> Result<String, RunStoreError> {
        self.pool.read(|link| reads::spec(link, hash))
    }

    fn run(&self, id: RunId) -> Result<Run, RunStoreError> {
        self.pool.read(|link| reads::run(link, id))
    }

    fn runs(&self, query: &RunQuery) -> Result<Vec<Run>, RunStoreError> {
        self.pool.read(|link| reads::runs(link, query))
    }

    fn key_holder(&self, key: &str) -> Result<Option<RunId>, RunStoreError> {
        self.pool.read(|link| reads::key_holder(link, key))
    }

    fn tasks(&self, id: RunId, query: &TaskQuery) -> Result<Vec<Task>, RunStoreError> {
        self.pool.read(|link| reads::tasks(link, id, query))
    }

    fn attempts(&self, id: RunId, task: TaskNo) -> Result<Vec<Attempt>, RunStoreError> {
        self.pool.read(|link| reads::attempts(link, id, task))
    }

    fn events(&self, id: RunId, after: u64, limit: usize) -> Result<Vec<Recorded>, RunStoreError> {
        self.pool.read(|link| reads::events(link, id, after, limit))
    }

    fn remove(&self, id: RunId) -> Result<(), RunStoreError> {
        let about = About {
            runs: vec![id],
            alone: true,
            ..About::default()
        };
        self.flusher.ask(about, move |unit| unit.remove(id))
    }

    fn outbox(&self, consumer: &str, limit: usize) -> Result<Vec<OutboxRow>, RunStoreError> {
        self.pool.read(|link| reads::outbox(link, consumer, limit))
    }

    fn acknowledge(&self, consumer: &str, position: Position) -> Result<(), RunStoreError> {
        let sql = "insert into outbox_cursor as c(consumer, tx, tx_seq) values($1, $2, $3)
            on conflict(consumer) do update set tx = excluded.tx, tx_seq = excluded.tx_seq
            where (c.tx, c.tx_seq) < (excluded.tx, excluded.tx_seq)";
        self.pool.write(|link| {
            let position = (&position.transaction, &position.seq);
            link.execute(sql, &[&put(consumer), position.0, position.1])?;
            Ok(())
        })
    }

    fn feed(&self, after: u64, limit: usize) -> Result<Vec<FeedRow>, RunStoreError> {
        self.pool.read(|link| reads::feed(link, after, limit))
    }

    fn feed_end(&self) -> Result<u64, RunStoreError> {
        self.pool.read(reads::feed_end)
    }

    fn open_runs(&self) -> Result<Vec<(RunKind, RunState, u64)>, RunStoreError> {
        self.pool.read(reads::open_runs)
    }

    fn keep_body(&self, body: &[u8]) -> Result<ContentHash, RunStoreError> {
        let keep = |link: &mut Link| write::keep_bodies(link, [body].into_iter());
        self.pool.write(keep)?;
        Ok(ContentHash::of(body))
    }

    fn body(&self, hash: &ContentHash) -> Result<Vec<u8>, RunStoreError> {
        self.pool.read(|link| reads::body(link, hash))
    }

    fn subscribe(&self) -> Result<Box<dyn Notices>, RunStoreError> {
        Ok(self.bus.subscribe(&self.address))
    }

    fn vitals(&self) -> Result<Vitals, RunStoreError> {
        let read = |link: &mut Link| Ok((reads::vitals(link)?, schema::version(link)?));
        let ((version, bytes, last_event_at, fault), schema) = self.pool.read(read)?;
        Ok(Vitals {
            place: self.address.place.clone(),
            engine: format!("PostgreSQL {version}"),
            access: "client".to_owned(),
            schema,
            bytes: u64::try_from(bytes).ok(),
            last_event_at,
            fault,
        })
    }

    fn check_run(&self, id: RunId) -> Result<Vec<Disagreement>, RunStoreError> {
        self.pool.read(|link| reads::check_run(link, id))
    }
}

fn about_command(run: RunId, command: &Command) -> About {
    let mut about = About {
        runs: vec![run],
        weight: 1,
        ..About::default()
    };
    match command {
        Command::Plan { tasks, .. } => about.weight = tasks.len(),
        Command::Task(no, _) => {
            about.tasks.push((run, *no));
            about.ends.push((run, *no));
        }
        Command::Run(_) => {}
    }
    about
}

fn about_exchange(exchange: &Exchange, at: UnixMicros) -> About {
    let mut about = About {
        wants: exchange.want.clone().map(|want| (want, at)),
        weight: exchange.reports.len() + exchange.want.as_ref().map_or(0, |want| want.limit),
        ..About::default()
    };
    for report in &exchange.reports {
        let name = (report.run, report.task);
        about.runs.push(report.run);
        about.tasks.push(name);
        if matches!(
            report.command,
            TaskCommand::Complete { .. } | TaskCommand::Fail { .. }
        ) {
            about.ends.push(name);
        }
    }
    for beat in &exchange.beats {
        about.runs.push(beat.run);
        about.tasks.push((beat.run, beat.task));
    }
    about
}

impl HaltStore for PgRuns {
    /// On a connection of its own, before all that waits: the lock is given
    /// to it before any transaction that begins later.
    fn halt(&self, command: HaltCommand, by: Asked) -> Result<Halt, RunStoreError> {
        let latch = |link: &mut Link| {
            begin(link, true)?;
            in_unit(link, |unit| unit.halt(&command, &by))
        };
        let (halt, notices) = self.halting.write(|link| settled(link, latch))?;
        self.bus.publish(notices);
        Ok(halt)
    }

    fn obey(&self, limit: usize, by: Asked) -> Result<usize, RunStoreError> {
        let about = About {
            alone: true,
            ..About::default()
        };
        self.flusher.ask(about, move |unit| unit.obey(limit, &by))
    }

    fn halts(&self) -> Result<Vec<Halt>, RunStoreError> {
        self.pool.read(reads::halts)
    }

    fn acknowledge_halt(&self, ack: HaltAck) -> Result<(), RunStoreError> {
        let sql = "insert into halt_ack(scope, epoch, worker_id, at)
                   values($1, $2, $3::text::uuid, $4) on conflict do nothing";
        let scope = ack.scope.to_string();
        let (epoch, worker) = (ack.epoch.0 as i64, ack.worker.to_string());
        self.pool.write(|link| {
            link.execute(sql, &[&put(&scope), &epoch, &worker, &ack.at.0])?;
            Ok(())
        })
    }

    fn halt_acks(&self) -> Result<Vec<HaltAck>, RunStoreError> {
        self.pool.read(reads::acks)
    }
}

/// A small transaction of its own, which changes no run.
pub(super) fn alone<T>(
    link: &mut Link,
    work: impl Fn(&mut Unit<Place<'_>>) -> Result<T, RunStoreError>,
) -> Result<T, RunStoreError> {
    settled(link, |link| {
        link.say("begin with", "begin isolation level read committed")?;
        in_unit(link, &work).map(|(answer, _)| answer)
    })
}

/// To the end of a transaction that has begun.
fn in_unit<T>(
    link: &mut Link,
    work: impl Fn(&mut Unit<Place<'_>>) -> Result<T, RunStoreError>,
) -> Result<(T, Vec<Notice>), RunStoreError> {
    let mut unit = Unit::new(Place::new(link));
    let answer = work(&mut unit)?;
    let (place, notices) = unit.finish()?;
    place.link.say("commit to", "commit")?;
    Ok((answer, notices))
}

/// No transaction stays open where something failed or was refused in it.
fn settled<T>(
    link: &mut Link,
    work: impl Fn(&mut Link) -> Result<T, RunStoreError>,
) -> Result<T, RunStoreError> {
    let result = work(link);
    if result.is_err() && link.take_trouble() != Some(Trouble::Lost) {
        link.say("take back", "rollback")?;
    }
    result
}

impl WorkerStore for PgRuns {
    fn enlist(&self, worker: Worker) -> Result<(), RunStoreError> {
        let sql = "insert into worker(worker_id, host, pid, pid_start, build, queues, kinds, since,
                seen) values($1::text::uuid, $2, $3, $4, $5, $6, $7, $8, $9)
            on conflict(worker_id) do update set host = excluded.host, pid = excluded.pid,
                pid_start = excluded.pid_start, build = excluded.build, queues = excluded.queues,
                kinds = excluded.kinds, since = excluded.since, seen = excluded.seen";
        let queues: Vec<_> = worker.queues.iter().map(|queue| put(queue)).collect();
        let kinds: Vec<&str> = worker.kinds.iter().map(|kind| kind.as_str()).collect();
        self.pool.write(|link| {
            link.execute(
                sql,
                &[
                    &worker.id.to_string(),
                    &put(&worker.host),
                    &i64::from(worker.pid),
                    &put(&worker.pid_start),
                    &put(&worker.build),
                    &queues,
                    &kinds,
                    &worker.since.0,
                    &worker.seen.0,
                ],
            )?;
            Ok(())
        })
    }

    fn dismiss(&self, worker: WorkerId) -> Result<(), RunStoreError> {
        let sql = "delete from worker where worker_id = $1::text::uuid";
        self.pool.write(|link| {
            link.execute(sql, &[&worker.to_string()])?;
            Ok(())
        })
    }

    fn workers(&self) -> Result<Vec<Worker>, RunStoreError> {
        self.pool.read(reads::workers)
    }
}

impl ScheduleStore for PgRuns {
    fn add_schedule(&self, schedule: Schedule, by: Asked) -> Result<(), RunStoreError> {
        self.pool
            .write(|link| alone(link, |unit| unit.add_schedule(&schedule, &by)))
    }

    fn schedules(&self) -> Result<Vec<Schedule>, RunStoreError> {
        self.pool.read(reads::schedules)
    }

    fn pause_schedule(
        &self,
        name: &str,
        paused: bool,
        next: Option<UnixMicros>,
        by: Asked,
    ) -> Result<(), RunStoreError> {
        self.pool
            .write(|link| alone(link, |unit| unit.pause_schedule(name, paused, next, &by)))
    }

    fn remove_schedule(&self, name: &str, by: Asked) -> Result<(), RunStoreError> {
        self.pool
            .write(|link| alone(link, |unit| unit.remove_schedule(name, &by)))
    }

    fn fire(&self, firing: Firing, by: Asked) -> Result<bool, RunStoreError> {
        let submission = firing.submission.as_ref();
        let about = About {
            runs: submission.iter().map(|one| one.id).collect(),
            weight: submission.map_or(1, |one| one.tasks.len()),
            ..About::default()
        };
        self.flusher
            .ask(about, move |unit| unit.fire(firing.clone(), &by))
    }

    fn fired(&self, name: &str, limit: usize) -> Result<Vec<Fired>, RunStoreError> {
        self.pool.read(|link| reads::fired(link, name, limit))
    }
}
