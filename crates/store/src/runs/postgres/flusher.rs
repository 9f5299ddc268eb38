//! One thread that writes, and commits together what is waiting.
//!
//! Callers queue their work and sleep. The flusher takes all that is there,
//! locks and reads in a few statements what it is about, runs each piece,
//! writes each row once, commits once, and only then answers. What others
//! were in the way of is done again from the beginning; what a lost
//! connection may or may not have kept is answered so.

use std::collections::VecDeque;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use fondaco_app::ports::runs::{Notice, RunStoreError, Want};
use fondaco_domain::task::TaskNo;
use fondaco_domain::{RunId, UnixMicros};

use super::address::Address;
use super::bus::Bus;
use super::link::{Link, Purpose, Trouble};
use super::place::{Place, texts};
use super::rows::{all, run_id};
use crate::runs::unit::Unit;

/// A unit over the database.
pub(super) type PgUnit<'a> = Unit<Place<'a>>;

/// How often a batch is tried that others are in the way of.
const TRIES: usize = 20;

/// Tasks and reports that one transaction takes in at most, about.
const WEIGHT: usize = 4_096;

/// Between two attempts to reach the server again.
const SHORTEST_BACK_OFF: Duration = Duration::from_millis(10);
const LONGEST_BACK_OFF: Duration = Duration::from_millis(500);

/// What a piece of work is about: locked and read for the whole batch at once.
#[derive(Debug, Default)]
pub(super) struct About {
    pub(super) runs: Vec<RunId>,
    pub(super) tasks: Vec<(RunId, TaskNo)>,
    /// Of those, tasks that may end: who needs them is asked for, too.
    pub(super) ends: Vec<(RunId, TaskNo)>,
    pub(super) wants: Option<(Want, UnixMicros)>,
    /// It locks runs that it finds itself, so it goes alone.
    pub(super) alone: bool,
    /// Rows that it may write, about.
    pub(super) weight: usize,
}

/// A piece of work; may be run more than once, and is answered once.
trait Job: Send {
    fn about(&self) -> &About;
    /// Fails where the transaction cannot go on; what the rules refuse is an
    /// answer like others.
    fn run(&mut self, unit: &mut PgUnit<'_>) -> Result<(), RunStoreError>;
    /// With what it came to, or with an error instead.
    fn answer(self: Box<Self>, instead: Option<RunStoreError>);
}

struct Piece<T, F> {
    about: About,
    work: F,
    result: Result<T, RunStoreError>,
    sender: SyncSender<Result<T, RunStoreError>>,
}

impl<T, F> Job for Piece<T, F>
where
    T: Send,
    F: Fn(&mut PgUnit<'_>) -> Result<T, RunStoreError> + Send,
{
    fn about(&self) -> &About {
        &self.about
    }

    fn run(&mut self, unit: &mut PgUnit<'_>) -> Result<(), RunStoreError> {
        match (self.work)(unit) {
            Err(error) if is_failure(&error) => Err(error),
            result => {
                self.result = result;
                Ok(())
            }
        }
    }

    fn answer(self: Box<Self>, instead: Option<RunStoreError>) {
        // Nobody listens when the caller is gone; then nobody minds.
        let _ = self.sender.send(instead.map_or(self.result, Err));
    }
}

/// Whether the place failed, and not the rules.
fn is_failure(error: &RunStoreError) -> bool {
    matches!(
        error,
        RunStoreError::Storage { .. }
            | RunStoreError::Unreachable { .. }
            | RunStoreError::Damaged(_)
            | RunStoreError::Stopped
    )
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Box<dyn Job>>,
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

    /// What waits, up to `batch` jobs and not too much; none when closed.
    fn take(&self, batch: usize) -> Vec<Box<dyn Job>> {
        let mut waiting = self.lock();
        while waiting.jobs.is_empty() && !waiting.closed {
            waiting = self
                .changed
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let mut jobs: Vec<Box<dyn Job>> = Vec::new();
        let mut weight = 0;
        while let Some(next) = waiting.jobs.front() {
            let about = next.about();
            let full = jobs.len() == batch || weight + about.weight > WEIGHT;
            let alone = about.alone || jobs.first().is_some_and(|job| job.about().alone);
            if !jobs.is_empty() && (full || alone) {
                break;
            }
            weight += about.weight;
            jobs.extend(waiting.jobs.pop_front());
        }
        jobs
    }

    /// Waits so long, unless it is closed.
    fn rest(&self, time: Duration) {
        let open = |waiting: &mut Waiting| !waiting.closed;
        let rested = self.changed.wait_timeout_while(self.lock(), time, open);
        drop(rested.unwrap_or_else(PoisonError::into_inner));
    }
}

/// The queue's end where the flusher ended, however it did: callers that wait
/// hear of it, since their jobs are dropped with their channels.
struct Closing(Arc<Queue>);

impl Drop for Closing {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.closed = true;
        waiting.jobs.clear();
    }
}

/// The thread and its queue.
pub(super) struct Flusher {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    pub(super) fn start(link: Link, address: Address, bus: Arc<Bus>, batch: usize) -> Self {
        let queue = Arc::new(Queue::default());
        let closing = Closing(Arc::clone(&queue));
        let thread = std::thread::spawn(move || {
            let mut server = Server::new(link, address, Arc::clone(&closing.0));
            loop {
                let jobs = closing.0.take(batch);
                if jobs.is_empty() {
                    return;
                }
                flush(&mut server, &bus, jobs);
            }
        });
        Self {
            queue,
            thread: Some(thread),
        }
    }

    /// Runs some work in the next commit and waits for it.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        about: About,
        work: impl Fn(&mut PgUnit<'_>) -> Result<T, RunStoreError> + Send + 'static,
    ) -> Result<T, RunStoreError> {
        let (sender, receiver) = sync_channel(1);
        let job = Piece {
            about,
            work,
            result: Err(RunStoreError::Stopped),
            sender,
        };
        {
            let mut waiting = self.queue.lock();
            if waiting.closed {
                return Err(RunStoreError::Stopped);
            }
            waiting.jobs.push_back(Box::new(job));
        }
        self.queue.changed.notify_one();
        receiver.recv().unwrap_or(Err(RunStoreError::Stopped))
    }
}

impl Drop for Flusher {
    /// What is queued is still written.
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The connection that writes, made again when it is lost.
struct Server {
    link: Option<Link>,
    address: Address,
    queue: Arc<Queue>,
    back_off: Duration,
}

impl Server {
    fn new(link: Link, address: Address, queue: Arc<Queue>) -> Self {
        Self {
            link: Some(link),
            address,
            queue,
            back_off: Duration::ZERO,
        }
    }

    fn reach(&mut self) -> Result<&mut Link, RunStoreError> {
        let link = match self.link.take() {
            Some(link) => link,
            None => self.reconnect()?,
        };
        Ok(self.link.insert(link))
    }

    /// What waits meanwhile waits for this attempt, and no longer.
    fn reconnect(&mut self) -> Result<Link, RunStoreError> {
        self.queue.rest(self.back_off);
        let connected = Link::connect(&self.address, Purpose::Write);
        self.back_off = match &connected {
            Ok(_) => Duration::ZERO,
            Err(_) => (self.back_off * 2).clamp(SHORTEST_BACK_OFF, LONGEST_BACK_OFF),
        };
        connected
    }

    fn away(&self, source: fondaco_app::ports::Cause) -> RunStoreError {
        RunStoreError::Unreachable {
            place: self.address.place.clone(),
            source,
        }
    }
}

/// How a batch ended.
enum End {
    Committed(Vec<Notice>),
    /// Nothing of it was kept.
    Failed(RunStoreError),
    /// What was kept is not known.
    Lost(RunStoreError),
}

fn flush(server: &mut Server, bus: &Bus, mut jobs: Vec<Box<dyn Job>>) {
    let end = attempt(server, &mut jobs);
    match end {
        End::Committed(notices) => {
            bus.publish(notices);
            for job in jobs {
                job.answer(None);
            }
        }
        // One of them may be the reason: each by itself, so that it fails no
        // other.
        End::Failed(_) if jobs.len() > 1 => {
            for job in jobs {
                flush(server, bus, vec![job]);
            }
        }
        End::Failed(error) => {
            let mut error = Some(error);
            for job in jobs {
                job.answer(error.take());
            }
        }
        End::Lost(error) => {
            server.link = None;
            let reason = reason(&error);
            for job in jobs {
                job.answer(Some(server.away(reason.clone().into())));
            }
        }
    }
}

/// What is at the bottom of an error, in words.
fn reason(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Tries a batch until nobody is in its way.
fn attempt(server: &mut Server, jobs: &mut [Box<dyn Job>]) -> End {
    let (mut others, mut losses) = (0, 0);
    loop {
        let link = match server.reach() {
            Ok(link) => link,
            Err(error) => return End::Lost(error),
        };
        let decided = decide(link, jobs);
        let committing = decided.is_ok();
        let ended = decided.and_then(|notices| {
            link.say("commit to", "commit")?;
            Ok(notices)
        });
        let failed = match ended {
            Ok(notices) => return End::Committed(notices),
            Err(error) => error,
        };
        let trouble = link.take_trouble();
        if committing && trouble == Some(Trouble::Lost) {
            // Whether the commit came to pass is not known.
            return End::Lost(failed);
        }
        let gone = trouble == Some(Trouble::Lost) || link.say("take back", "rollback").is_err();
        if gone {
            // Nothing was committed, so nothing is lost but the connection.
            server.link = None;
            losses += 1;
        } else if trouble == Some(Trouble::Again) {
            others += 1;
        } else {
            return End::Failed(failed);
        }
        if losses == 2 {
            return End::Lost(failed);
        }
        if others == TRIES {
            return End::Failed(failed);
        }
    }
}

/// All of a transaction but its end.
///
/// Runs that are named are waited for, all at the beginning and in one order,
/// so that nobody waits in a circle; tasks are claimed of runs that are free.
/// Where none is and nothing is named, the best are waited for, too.
fn decide(link: &mut Link, jobs: &mut [Box<dyn Job>]) -> Result<Vec<Notice>, RunStoreError> {
    link.take_trouble();
    begin(link, false)?;
    let about = || jobs.iter().map(|job| job.about());
    let mut runs: Vec<RunId> = about().flat_map(|one| &one.runs).copied().collect();
    let tasks: Vec<_> = about().flat_map(|one| &one.tasks).copied().collect();
    let ends: Vec<_> = about().flat_map(|one| &one.ends).copied().collect();
    if runs.is_empty() {
        runs = all_taken(link, jobs)?;
    }
    let mut unit = Unit::new(Place::new(link));
    unit.prefetch(&runs, &tasks, &ends)?;
    for job in jobs.iter_mut() {
        job.run(&mut unit)?;
    }
    let (mut place, notices) = unit.finish()?;
    place.end()?;
    Ok(notices)
}

/// Begins a transaction that a halt excludes, or one that sets a halt: every
/// transition that began before the halt was committed is committed itself by
/// then, and every later one sees it.
pub(super) fn begin(link: &mut Link, halts: bool) -> Result<(), RunStoreError> {
    let kind = if halts { "" } else { "_shared" };
    let sql = format!(
        "begin isolation level read committed; select pg_advisory_xact_lock{kind}({});",
        super::HALT_LOCK
    );
    link.say("begin with", &sql)
}

/// The runs that have what is wanted, where other transactions hold all of
/// them; else none.
fn all_taken(link: &mut Link, jobs: &[Box<dyn Job>]) -> Result<Vec<RunId>, RunStoreError> {
    let (mut queues, mut limits, mut latest) = (Vec::new(), Vec::new(), i64::MIN);
    for (want, now) in jobs.iter().filter_map(|job| job.about().wants.as_ref()) {
        latest = latest.max(now.0);
        for queue in &want.queues {
            queues.push(super::text::put(queue));
            limits.push(want.limit as i64);
        }
    }
    if queues.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "select distinct c.run_id::text
        from (select queue, sum(wanted)::bigint as wanted
              from unnest($1::text[], $2::bigint[]) as u(queue, wanted) group by queue) w
        cross join lateral (select q.run_id from ready_task q
            where q.queue = w.queue and q.ready_at <= $3
            order by q.priority desc, q.ready_at, q.run_id, q.no limit w.wanted) c";
    let best = all(&link.query(sql, &[&queues, &limits, &latest])?, run_id)?;
    if best.is_empty() {
        return Ok(best);
    }
    let sql = "select from run where run_id = any($1::text[]::uuid[]) for update skip locked";
    let free = link.query(sql, &[&texts(&best)])?;
    Ok(if free.is_empty() { best } else { Vec::new() })
}
